package flockertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// GenerateTLS makes a cluster in dir: cluster.crt and cluster.key, the
// certificate of a control service with the names of hosts (addresses or DNS
// names; control-service is always one), the certificates user.crt of user-user
// and plugin.crt of user-plugin, and an agent.yml that names the first host. The
// directory can serve as /etc/flocker. The certificates are well-formed, unlike
// those of flocker-ca.
func GenerateTLS(dir string, hosts ...string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	ca, err := newAuthority(dir)
	if err != nil {
		return err
	}
	service := leaf("control-service", x509.ExtKeyUsageServerAuth)
	service.DNSNames = []string{"control-service"}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			service.IPAddresses = append(service.IPAddresses, ip)
		} else {
			service.DNSNames = append(service.DNSNames, h)
		}
	}
	hostname := "control-service"
	if len(hosts) > 0 {
		hostname = hosts[0]
	}
	return errors.Join(
		ca.issue(dir, "control-service", service),
		ca.issue(dir, "user", leaf("user-user", x509.ExtKeyUsageClientAuth)),
		ca.issue(dir, "plugin", leaf("user-plugin", x509.ExtKeyUsageClientAuth)),
		writeAgentFile(dir, hostname),
	)
}

// GenerateUser makes one more user of the cluster in clusterDir: plugin.crt and
// plugin.key of user-<name> with cluster.crt and agent.yml in dir, so that dir
// can serve as a node's /etc/flocker and the service's log names the node.
func GenerateUser(clusterDir, dir, name string) error {
	ca, err := loadAuthority(clusterDir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, file := range []string{"cluster.crt", "agent.yml"} {
		data, err := os.ReadFile(filepath.Join(clusterDir, file))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, file), data, 0o600); err != nil {
			return err
		}
	}
	return ca.issue(dir, "plugin", leaf("user-"+name, x509.ExtKeyUsageClientAuth))
}

func writeAgentFile(dir, hostname string) error {
	text := fmt.Sprintf("version: 1\ncontrol-service:\n  hostname: %q\n  port: 4524\ndataset:\n  backend: loopback\n  root_path: /var/lib/flocker/loopback\n", hostname)
	return os.WriteFile(filepath.Join(dir, "agent.yml"), []byte(text), 0o600)
}

type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(dir string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := leaf("mycluster")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	a := &authority{template, key}
	if err := a.sign(dir, "cluster", template, key); err != nil {
		return nil, err
	}
	a.certificate, err = readCertificate(filepath.Join(dir, "cluster.crt"))
	return a, err
}

func loadAuthority(dir string) (*authority, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "cluster.crt"), filepath.Join(dir, "cluster.key"))
	if err != nil {
		return nil, fmt.Errorf("cluster authority: %w", err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("cluster authority: %s was not made by GenerateTLS", filepath.Join(dir, "cluster.key"))
	}
	return &authority{pair.Leaf, key}, nil
}

func leaf(name string, usage ...x509.ExtKeyUsage) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name, OrganizationalUnit: []string{"2437fbed-116d-40d4-948f-31a7def482c8"}},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(20, 0, 0),
		ExtKeyUsage:  usage,
	}
}

// issue makes a key pair named name in dir.
func (a *authority) issue(dir, name string, template *x509.Certificate) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	return a.sign(dir, name, template, key)
}

func (a *authority) sign(dir, name string, template *x509.Certificate, key *ecdsa.PrivateKey) error {
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return fmt.Errorf("certificate %s: %w", name, err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, name)
	return errors.Join(
		os.WriteFile(path+".crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(path+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600),
	)
}
