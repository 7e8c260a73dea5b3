package flocker_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker"
)

const recorded = "testdata/certs/"

// tlsService answers every request over TLS, after a look at the client's
// certificate as the real service takes it: signed by the cluster's authority.
type tlsService struct {
	*httptest.Server
	connections atomic.Int32
}

func startTLS(t *testing.T, certFile, keyFile, caFile string, maxVersion uint16) *tlsService {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	ca := readCert(t, caFile)
	s := &tlsService{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"flocker": "1.15.0"}`)
	}))
	s.Config.ErrorLog = quiet()
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}
	s.TLS = &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert, MaxVersion: maxVersion,
		VerifyConnection: func(c tls.ConnectionState) error { return c.PeerCertificates[0].CheckSignatureFrom(ca) },
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (s *tlsService) options(ca, cert, key string) flocker.Options {
	return flocker.Options{URL: s.URL, CAFile: ca, CertFile: cert, KeyFile: key}
}

// version asks for the version with these options; nothing in it may be retried
// for long.
func version(t *testing.T, o flocker.Options) (string, error) {
	t.Helper()
	c, err := flocker.NewClient(o)
	if err != nil {
		return "", err
	}
	defer c.Close()
	return c.Version(t.Context())
}

func TestRecordedCertificates(t *testing.T) {
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		s := startTLS(t, recorded+"control-service.crt", recorded+"control-service.key", recorded+"cluster.crt", v)
		byName := s.options(recorded+"cluster.crt", recorded+"user.crt", recorded+"user.key")
		byName.ServerName = "control-service"
		for _, o := range []flocker.Options{s.options(recorded+"cluster.crt", recorded+"user.crt", recorded+"user.key"), byName} {
			got, err := version(t, o)
			if err != nil || got != "1.15.0" {
				t.Errorf("TLS %x, server name %q: %q, %v", v, o.ServerName, got, err)
			}
		}
	}
}

func TestCertificatesWithoutNameAreTheControlServices(t *testing.T) {
	for _, cn := range []string{"control-service", "node-1"} {
		for _, v1 := range []bool{true, false} {
			a := newAuthority(t, v1, nil)
			cert, key := a.server(func(c *x509.Certificate) { c.Subject.CommonName, c.DNSNames, c.IPAddresses = cn, nil, nil })
			s := startTLS(t, cert, key, a.File, 0)
			userCert, userKey := a.user(nil)
			_, err := version(t, s.options(a.File, userCert, userKey))
			if (cn == "control-service") != (err == nil) || err != nil && !errors.Is(err, flocker.ErrWrongName) {
				t.Errorf("common name %s, version 1 %v: %v", cn, v1, err)
			}
		}
	}
}

func TestServerCertificateRefused(t *testing.T) {
	past := func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	}
	future := func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
	}
	tests := []struct {
		name      string
		authority func(*x509.Certificate)
		server    func(*x509.Certificate)
		as        string // server name
		want      error
		words     string
	}{
		{name: "expired", server: past, want: flocker.ErrExpired, words: "control service's certificate expired on"},
		{name: "not yet valid", server: future, want: flocker.ErrExpired, words: "is not valid before"},
		{name: "cluster's expired", authority: past, want: flocker.ErrExpired, words: "the cluster's certificate expired on"},
		{name: "other address", server: func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(10, 0, 0, 9)} }, want: flocker.ErrWrongName, words: "control-service, 10.0.0.9"},
		{name: "localhost", as: "localhost", want: flocker.ErrWrongName, words: "localhost"},
		{name: "for clients", server: func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }, want: flocker.ErrWrongName, words: "not for servers"},
		{name: "signed by no authority", authority: func(c *x509.Certificate) { c.IsCA, c.MaxPathLenZero = false, false }, want: flocker.ErrWrongCA, words: "not a certificate authority"},
	}
	for _, test := range tests {
		for _, v1 := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s version 1 %v", test.name, v1), func(t *testing.T) {
				a := newAuthority(t, v1, test.authority)
				cert, key := a.server(test.server)
				s := startTLS(t, cert, key, a.File, 0)
				userCert, userKey := a.user(nil)
				o := s.options(a.File, userCert, userKey)
				o.ServerName = test.as
				_, err := version(t, o)
				if !errors.Is(err, test.want) || !flocker.IsPermanent(err) || !strings.Contains(err.Error(), a.File) {
					t.Errorf("%v; want %v and the file", err, test.want)
				}
				if err != nil && (!v1 || test.authority == nil) && !strings.Contains(err.Error(), test.words) {
					t.Errorf("%v; want %q in it", err, test.words)
				}
			})
		}
	}
}

func TestServerOfAnotherCluster(t *testing.T) {
	s := startTLS(t, recorded+"control-service.crt", recorded+"control-service.key", recorded+"cluster.crt", 0)
	_, err := version(t, s.options(recorded+"other-cluster.crt", recorded+"user.crt", recorded+"user.key"))
	if !errors.Is(err, flocker.ErrWrongCA) || !strings.Contains(err.Error(), "other-cluster.crt") {
		t.Errorf("%v", err)
	}
}

// TestAuthorityOfTheSameName does not help: the signature decides.
func TestAuthorityOfTheSameName(t *testing.T) {
	twin := newAuthority(t, true, func(c *x509.Certificate) { c.RawSubject = readCert(t, recorded+"cluster.crt").RawSubject })
	s := startTLS(t, recorded+"control-service.crt", recorded+"control-service.key", recorded+"cluster.crt", 0)
	if _, err := version(t, s.options(twin.File, recorded+"user.crt", recorded+"user.key")); !errors.Is(err, flocker.ErrWrongCA) {
		t.Errorf("%v", err)
	}
	for _, v1 := range []bool{true, false} {
		real, twin := newAuthority(t, v1, nil), newAuthority(t, v1, nil)
		cert, key := twin.server(nil)
		userCert, userKey := real.user(nil)
		s := startTLS(t, cert, key, real.File, 0)
		if _, err := version(t, s.options(real.File, userCert, userKey)); !errors.Is(err, flocker.ErrWrongCA) {
			t.Errorf("version 1 %v: %v", v1, err)
		}
	}
}

// TestChangeOfAuthority: a file with the old and the new one trusts both.
func TestChangeOfAuthority(t *testing.T) {
	before, after := newAuthority(t, true, nil), newAuthority(t, true, nil)
	both := filepath.Join(t.TempDir(), "cluster.crt")
	var content []byte
	for _, a := range []*authority{before, after} {
		b, err := os.ReadFile(a.File)
		if err != nil {
			t.Fatal(err)
		}
		content = append(content, b...)
	}
	if err := os.WriteFile(both, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, a := range []*authority{before, after} {
		cert, key := a.server(nil)
		userCert, userKey := a.user(nil)
		s := startTLS(t, cert, key, a.File, 0)
		if _, err := version(t, s.options(both, userCert, userKey)); err != nil {
			t.Error(err)
		}
	}
}

func TestNodeCannotActAsControlService(t *testing.T) {
	s := startTLS(t, recorded+"node.crt", recorded+"node.key", recorded+"cluster.crt", 0)
	_, err := version(t, s.options(recorded+"cluster.crt", recorded+"user.crt", recorded+"user.key"))
	if !errors.Is(err, flocker.ErrWrongName) {
		t.Errorf("%v", err)
	}
}
