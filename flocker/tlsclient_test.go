package flocker_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker"
)

// TestClientCertificateRefusedBeforeConnecting: the service's handshake failure
// would name neither file nor reason.
func TestClientCertificateRefusedBeforeConnecting(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, true, nil)
	old, oldKey := a.issue("old", &x509.Certificate{NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(-time.Hour)})
	broken := filepath.Join(t.TempDir(), "broken.crt")
	if err := os.WriteFile(broken, []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, ca, cert, key string
		want                error
		file                string
	}{
		{"a node's", recorded + "cluster.crt", recorded + "node.crt", recorded + "node.key", flocker.ErrNotUser, "node.crt"},
		{"expired", a.File, old, oldKey, flocker.ErrExpired, "old.crt"},
		{"another's key", recorded + "cluster.crt", recorded + "user.crt", recorded + "node.key", flocker.ErrKeyMismatch, "node.key"},
		{"no certificate", recorded + "cluster.crt", recorded + "absent.crt", recorded + "user.key", flocker.ErrUnreadable, "absent.crt"},
		{"no key", recorded + "cluster.crt", recorded + "user.crt", recorded + "absent.key", flocker.ErrUnreadable, "absent.key"},
		{"no authority", recorded + "absent.crt", recorded + "user.crt", recorded + "user.key", flocker.ErrUnreadable, "absent.crt"},
		{"key for certificate", recorded + "cluster.crt", recorded + "user.key", recorded + "user.key", flocker.ErrUnreadable, "user.key"},
		{"garbage", broken, recorded + "user.crt", recorded + "user.key", flocker.ErrUnreadable, "broken.crt"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := flocker.NewClient(flocker.Options{URL: "https://127.0.0.1:1", CAFile: test.ca, CertFile: test.cert, KeyFile: test.key})
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.file) {
				t.Errorf("%v; want %v naming %s", err, test.want, test.file)
			}
			if err != nil && (strings.Contains(err.Error(), "PRIVATE") || strings.Contains(err.Error(), "MII")) {
				t.Errorf("%v; shows a key", err)
			}
		})
	}
}

// TestClientCertificateOfAnotherCluster is refused by the server, with an alert
// that says little; under TLS 1.3 only after the request was sent.
func TestClientCertificateOfAnotherCluster(t *testing.T) {
	t.Parallel()
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		s := startTLS(t, recorded+"control-service.crt", recorded+"control-service.key", recorded+"cluster.crt", v)
		_, err := version(t, s.options(recorded+"cluster.crt", recorded+"other-user.crt", recorded+"other-user.key"))
		if !errors.Is(err, flocker.ErrClientRefused) || !strings.Contains(err.Error(), "other-user.crt") {
			t.Errorf("TLS %x: %v", v, err)
		}
		if n := s.connections.Load(); n != 1 {
			t.Errorf("TLS %x: tried %d times", v, n)
		}
		if flocker.MayBeApplied(err) {
			t.Errorf("TLS %x: %v counts as applied", v, err)
		}
	}
}

// TestClientCertificateExpiresLater: the check is made for every connection.
func TestClientCertificateExpiresLater(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, false, nil)
	cert, key := a.server(nil)
	s := startTLS(t, cert, key, a.File, 0)
	soon := time.Now().Add(2 * time.Second).Truncate(time.Second)
	userCert, userKey := a.user(func(c *x509.Certificate) { c.NotBefore, c.NotAfter = soon.Add(-time.Hour), soon })
	c, err := flocker.NewClient(s.options(a.File, userCert, userKey))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	<-time.After(time.Until(soon) + 10*time.Millisecond)
	if _, err := c.Version(t.Context()); !errors.Is(err, flocker.ErrExpired) || !strings.Contains(err.Error(), userCert) {
		t.Errorf("%v", err)
	}
}

func readCert(t *testing.T, file string) *x509.Certificate {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
