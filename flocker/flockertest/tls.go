package flockertest

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// prepareTLS reads the service's certificate, and makes one first if there is
// none.
func (s *Service) prepareTLS() error {
	if s.TLSDir == "" && !s.TLS {
		return nil
	}
	if s.TLSDir == "" {
		dir, err := os.MkdirTemp("", "flockertest-tls-")
		if err != nil {
			return err
		}
		s.TLSDir, s.tempTLS = dir, dir
	}
	if _, err := os.Stat(filepath.Join(s.TLSDir, "cluster.crt")); errors.Is(err, fs.ErrNotExist) {
		if err := GenerateTLS(s.TLSDir, "127.0.0.1"); err != nil {
			return err
		}
	}
	ca, err := readCertificate(filepath.Join(s.TLSDir, "cluster.crt"))
	if err != nil {
		return err
	}
	own, err := tls.LoadX509KeyPair(filepath.Join(s.TLSDir, "control-service.crt"), filepath.Join(s.TLSDir, "control-service.key"))
	if err != nil {
		return fmt.Errorf("certificate of the control service: %w", err)
	}
	s.tlsConfig = &tls.Config{
		Certificates: []tls.Certificate{own},
		ClientAuth:   tls.RequireAnyClientCert,
		MinVersion:   tls.VersionTLS12,
		// Under TLS 1.3 a refused client would learn it only when it reads; the
		// recorded handshakes fail as such.
		MaxVersion:       tls.VersionTLS12,
		VerifyConnection: func(c tls.ConnectionState) error { return checkClient(ca, c) },
	}
	return nil
}

// checkClient lets users of the cluster in and nobody else. It does not use the
// standard verifier, which cannot read certificates of version 1 with extensions.
func checkClient(ca *x509.Certificate, c tls.ConnectionState) error {
	leaf := c.PeerCertificates[0]
	if err := leaf.CheckSignatureFrom(ca); err != nil {
		return fmt.Errorf("client certificate is not of this cluster: %w", err)
	}
	if now := time.Now(); now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
		return fmt.Errorf("client certificate is valid from %s to %s", leaf.NotBefore, leaf.NotAfter)
	}
	if !strings.HasPrefix(leaf.Subject.CommonName, "user-") {
		return fmt.Errorf("client certificate of %s is not a user's", leaf.Subject.CommonName)
	}
	return nil
}

func readCertificate(path string) (*x509.Certificate, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s: no certificate in it", path)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return certificate, nil
}
