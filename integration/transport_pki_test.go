//go:build !mesos

package integration_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// pki is a folder with an authority's certificate, and a certificate and key for
// each name. The keys are RSA: agents at their defaults know nothing else.
type pki struct {
	t   *testing.T
	dir string
	ca  *x509.Certificate
	key *rsa.PrivateKey
}

// newPKI makes the authority: <name>.pem.
func newPKI(t *testing.T, dir, name string) *pki {
	p := &pki{t: t, dir: dir}
	p.ca = &x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true}
	p.key = p.issue(name, p.ca)
	return p
}

func (p *pki) path(file string) string { return filepath.Join(p.dir, file) }

// issue writes <name>.pem and <name>.key and returns the key.
func (p *pki) issue(name string, template *x509.Certificate) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		p.t.Fatal(err)
	}
	signer := p.key
	if signer == nil {
		signer = key
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, template, p.ca, key.Public(), signer)
	if err != nil {
		p.t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{
		name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)},
	} {
		if err := os.WriteFile(p.path(path), pem.EncodeToMemory(block), 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
	return key
}

// leaf is a certificate of somebody on this machine.
func leaf(name string) *x509.Certificate {
	return &x509.Certificate{Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}}
}
