package agent_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
)

// The port speaks TLS as libprocess does by default, on IPv6 too, and the
// executor is told an address without brackets.
func TestTLSAndIPv6(t *testing.T) {
	cert, key := borrowed(t)
	r := newRig(t, func(c *agent.Config) {
		c.IP, c.TLS = "::1", agent.TLS{CertFile: cert, KeyFile: key}
	})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		InsecureSkipVerify: true, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA},
	}}}
	defer client.CloseIdleConnections()
	res, err := client.Get("https://" + r.address + "/api/v1/executor")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusMethodNotAllowed || res.TLS.Version != tls.VersionTLS12 {
		t.Errorf("%s over %s", res.Status, tls.VersionName(res.TLS.Version))
	}
	res, err = http.Get("https://" + r.address)
	if err == nil {
		_ = res.Body.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "handshake failure") {
		t.Errorf("today's ciphers: %v", err)
	}
	r.launch(frameworkInfo(true), executorInfo(waiting), true, "t1")
	text, err := os.ReadFile(filepath.Join(r.sandbox("e1"), "environment"))
	port := r.address[strings.LastIndexByte(r.address, ':'):]
	if err != nil || !strings.Contains(string(text), "MESOS_AGENT_ENDPOINT=::1"+port+"\n") || !strings.Contains(string(text), "MESOS_SLAVE_PID=slave(1)@::1"+port+"\n") {
		t.Errorf("environment (%v):\n%s", err, text)
	}
}

// borrowed are the certificate and key, RSA, of net/http's own test server.
func borrowed(t *testing.T) (cert, key string) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	own := server.TLS.Certificates[0]
	der, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: own.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}
