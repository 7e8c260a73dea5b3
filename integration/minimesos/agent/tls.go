package agent

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
)

// TLS is what the agent's own LIBPROCESS_SSL_* variables would say. Executors
// learn nothing of it but by Config.Env, as from a real agent.
type TLS struct {
	CertFile string `json:"cert_file"` // "" for http
	KeyFile  string `json:"key_file"`
	// CAFile makes executors show a certificate that it has signed
	// (REQUIRE_CLIENT_CERT).
	CAFile string `json:"ca_file"`
}

// listen speaks TLS on a listener as libprocess does when no more is set than it
// must be: 1.2, with the ciphers of openssl.cpp that this runtime has. They need
// a certificate with an RSA key.
func (t TLS) listen(l net.Listener) (net.Listener, error) {
	if t.CertFile == "" {
		return l, nil
	}
	own, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{own},
		MinVersion:   tls.VersionTLS12, MaxVersion: tls.VersionTLS12,
		CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA},
	}
	if t.CAFile != "" {
		text, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("TLS: %w", err)
		}
		config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		if !config.ClientCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("TLS: no certificate in %s", t.CAFile)
		}
	}
	return tls.NewListener(l, config), nil
}
