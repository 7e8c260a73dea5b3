package executor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
)

// tlsDialer makes TLS connections to the agent and checks who answers.
type tlsDialer struct {
	settings TLS
	config   *tls.Config
	roots    *x509.CertPool // nil: the system's
}

func newTLSDialer(s TLS) (*tlsDialer, error) {
	d := &tlsDialer{settings: s, config: &tls.Config{
		// What is checked, and against what, is libprocess' own: see check.
		InsecureSkipVerify: true,
		MinVersion:         slices.Min(s.Versions),
		MaxVersion:         slices.Max(s.Versions),
		CipherSuites:       s.Ciphers,
	}}
	if s.Ciphers == nil {
		for _, id := range ciphers() {
			d.config.CipherSuites = append(d.config.CipherSuites, id)
		}
	}
	if s.CertFile != "" {
		own, err := tls.LoadX509KeyPair(s.CertFile, s.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("environment variables %sCERT_FILE %q and %sKEY_FILE %q: %w", prefixTLS, s.CertFile, prefixTLS, s.KeyFile, err)
		}
		d.config.Certificates = []tls.Certificate{own}
	}
	return d, d.loadRoots()
}

func (d *tlsDialer) loadRoots() error {
	s := d.settings
	if !s.Verify || s.CAFile == "" && s.CADir == "" {
		return nil
	}
	d.roots = x509.NewCertPool()
	if s.CAFile != "" {
		if err := d.addRoots(s.CAFile); err != nil {
			return fmt.Errorf("environment variable %sCA_FILE %q: %w", prefixTLS, s.CAFile, err)
		}
	}
	if s.CADir != "" {
		if err := d.addRootsIn(s.CADir); err != nil {
			return fmt.Errorf("environment variable %sCA_DIR %q: %w", prefixTLS, s.CADir, err)
		}
	}
	return nil
}

var errNoCertificate = errors.New("no certificate (PEM) in it")

func (d *tlsDialer) addRoots(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !d.roots.AppendCertsFromPEM(text) {
		return errNoCertificate
	}
	return nil
}

// addRootsIn takes every certificate of a directory. Other files, and
// directories, may lie there too.
func (d *tlsDialer) addRootsIn(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	found := false
	for _, e := range entries {
		if !e.IsDir() && d.addRoots(filepath.Join(dir, e.Name())) == nil {
			found = true
		}
	}
	if !found {
		return errNoCertificate
	}
	return nil
}

// DialContext connects, shakes hands and checks the agent; nothing is sent to one
// that does not pass.
func (d *tlsDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	raw, err := dialer().DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, d.config)
	if err := d.greet(ctx, conn, address); err != nil {
		return nil, errors.Join(fmt.Errorf("TLS with agent %s: %w", address, err), raw.Close())
	}
	return conn, nil
}

func (d *tlsDialer) greet(ctx context.Context, conn *tls.Conn, address string) error {
	if err := conn.HandshakeContext(ctx); err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	return d.check(ctx, host, conn.ConnectionState())
}
