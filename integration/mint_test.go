package integration_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// certificateCase is a certificate an executor is given, and what its refusal has
// to say.
type certificateCase struct {
	environment map[string]string
	says        []string
}

// userCertificate makes a client certificate of the cluster in tlsDir, whatever
// its name and age, and the case that it is refused by its file and for what.
func userCertificate(t *testing.T, tlsDir, file, name string, until time.Time, says ...string) certificateCase {
	t.Helper()
	ca, err := tls.LoadX509KeyPair(filepath.Join(tlsDir, "cluster.crt"), filepath.Join(tlsDir, "cluster.key"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: until.Add(-24 * time.Hour), NotAfter: until,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, ca.Leaf, &key.PublicKey, ca.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, file, "CERTIFICATE", cert)
	writePEM(t, file+".key", "EC PRIVATE KEY", der)
	return certificateCase{
		map[string]string{"FLOCKER_EXECUTOR_FLOCKER_CERT_FILE": file, "FLOCKER_EXECUTOR_FLOCKER_KEY_FILE": file + ".key"},
		append(says, file),
	}
}

func writePEM(t *testing.T, file, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}
