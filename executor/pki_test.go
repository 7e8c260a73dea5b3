package executor_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
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

// signer is a certificate with its key, and the certificates up to its authority.
type signer struct {
	t     *testing.T
	cert  *x509.Certificate
	key   crypto.Signer
	chain [][]byte // own first, authority left out
}

// authority makes one that signs itself.
func authority(t *testing.T, name string) *signer {
	s := &signer{t: t, key: ellipticKey(t)}
	template := &x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true}
	s.cert = s.sign(template, template, s.key)
	return s
}

// sign makes a certificate for key out of a template.
func (s *signer) sign(template, parent *x509.Certificate, key crypto.Signer) *x509.Certificate {
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), s.key)
	if err != nil {
		s.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		s.t.Fatal(err)
	}
	return cert
}

func (s *signer) issue(template *x509.Certificate, key crypto.Signer) *signer {
	cert := s.sign(template, s.cert, key)
	return &signer{t: s.t, cert: cert, key: key, chain: append([][]byte{cert.Raw}, s.chain...)}
}

// between makes an authority below this one.
func (s *signer) between(name string) *signer {
	return s.issue(&x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true}, ellipticKey(s.t))
}

// leaf makes a certificate of an agent or an executor.
func (s *signer) leaf(name string, dns []string, ips ...string) *signer {
	return s.issue(leafTemplate(name, dns, ips...), ellipticKey(s.t))
}

// rsaLeaf is one as libprocess' default ciphers need it.
func (s *signer) rsaLeaf(name string, dns []string, ips ...string) *signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.issue(leafTemplate(name, dns, ips...), key)
}

func leafTemplate(name string, dns []string, ips ...string) *x509.Certificate {
	template := &x509.Certificate{Subject: pkix.Name{CommonName: name}, DNSNames: dns}
	for _, ip := range ips {
		template.IPAddresses = append(template.IPAddresses, net.ParseIP(ip))
	}
	return template
}

func ellipticKey(t *testing.T) crypto.Signer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (s *signer) certificate() tls.Certificate {
	return tls.Certificate{Certificate: s.chain, PrivateKey: s.key}
}

// files writes certificate and key.
func (s *signer) files(dir, name string) (cert, key string) {
	s.t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		s.t.Fatal(err)
	}
	var text []byte
	for _, c := range append(s.chain, s.cert.Raw)[:max(1, len(s.chain))] {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c})...)
	}
	cert, key = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	write(s.t, cert, text)
	write(s.t, key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	return cert, key
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
