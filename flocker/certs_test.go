package flocker_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// authority makes certificates as flocker-ca does, of version 1 with extensions,
// or well-formed ones of version 3.
type authority struct {
	t    *testing.T
	dir  string
	v1   bool
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	File string
}

func newAuthority(t *testing.T, v1 bool, change func(*x509.Certificate)) *authority {
	a := &authority{t: t, dir: t.TempDir(), v1: v1}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "mycluster"}, IsCA: true, BasicConstraintsValid: true,
		MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
	}
	if change != nil {
		change(template)
	}
	a.key = newKey(t)
	a.cert = a.sign(template, template, a.key, a.key)
	a.File = a.write("cluster.crt", "CERTIFICATE", a.cert.Raw)
	return a
}

// issue returns the files of a certificate and its key.
func (a *authority) issue(name string, c *x509.Certificate) (certFile, keyFile string) {
	key := newKey(a.t)
	cert := a.sign(c, a.cert, key, a.key)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.write(name+".crt", "CERTIFICATE", cert.Raw), a.write(name+".key", "PRIVATE KEY", der)
}

func (a *authority) server(change func(*x509.Certificate)) (certFile, keyFile string) {
	c := &x509.Certificate{
		Subject: pkix.Name{CommonName: "control-service"}, DNSNames: []string{"control-service"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	if change != nil {
		change(c)
	}
	return a.issue("control-service", c)
}

func (a *authority) user(change func(*x509.Certificate)) (certFile, keyFile string) {
	c := &x509.Certificate{Subject: pkix.Name{CommonName: "user-alice"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	if change != nil {
		change(c)
	}
	return a.issue("user", c)
}

func (a *authority) sign(c, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) *x509.Certificate {
	if c.NotAfter.IsZero() {
		c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
	if err != nil {
		a.t.Fatal(err)
	}
	if a.v1 {
		der = asVersion1(a.t, der, signer)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert
}

// asVersion1 leaves the version out and signs what remains, extensions and all.
func asVersion1(t *testing.T, der []byte, signer *ecdsa.PrivateKey) []byte {
	type tbs struct {
		Version    int `asn1:"optional,explicit,default:0,tag:0"`
		Serial     *big.Int
		Algorithm  pkix.AlgorithmIdentifier
		Issuer     asn1.RawValue
		Validity   asn1.RawValue
		Subject    asn1.RawValue
		PublicKey  asn1.RawValue
		Extensions []pkix.Extension `asn1:"omitempty,optional,explicit,tag:3"`
	}
	var whole struct {
		TBS       tbs
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &whole); err != nil {
		t.Fatal(err)
	}
	whole.TBS.Version = 0
	raw, err := asn1.Marshal(whole.TBS)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(raw)
	signature, err := signer.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	whole.Signature = asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}
	if der, err = asn1.Marshal(whole); err != nil {
		t.Fatal(err)
	}
	return der
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) write(name, kind string, der []byte) string {
	file := filepath.Join(a.dir, name)
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return file
}
