package flocker

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"strings"
	"time"
)

// readClient reads the certificate that the executor shows, and refuses one that
// the control service would refuse: its handshake failure says neither which
// file it means nor why.
func readClient(certFile, keyFile string) (*tls.Certificate, error) {
	chain, err := readCertificates(certFile)
	if err != nil {
		return nil, err
	}
	if err := checkClient(certFile, chain[0], time.Now()); err != nil {
		return nil, err
	}
	certPEM, err := os.ReadFile(certFile)
	if err != nil {
		return nil, fileError(certFile, ErrUnreadable, "%v", err)
	}
	keyPEM, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, fileError(keyFile, ErrUnreadable, "%v", err)
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		// The text of these errors names no part of the key.
		return nil, fileError(keyFile, ErrKeyMismatch, "with %s: %v", certFile, err)
	}
	pair.Leaf = chain[0]
	return &pair, nil
}

// checkClient is asked when the file is read and again for every connection,
// since a task may outlive the certificate.
func checkClient(file string, c *x509.Certificate, now time.Time) error {
	if err := checkValidity(file, "client certificate", c, now); err != nil {
		return err
	}
	if !strings.HasPrefix(c.Subject.CommonName, "user-") {
		return fileError(file, ErrNotUser,
			"its common name is %q, and the REST API takes only names that begin with \"user-\" (flocker-ca create-api-certificate makes them)",
			c.Subject.CommonName)
	}
	return nil
}

// checkValidity returns nil or a *CertificateError about the file.
func checkValidity(file, what string, c *x509.Certificate, now time.Time) error {
	const day = "2006-01-02 15:04:05 MST"
	switch {
	case now.Before(c.NotBefore):
		return fileError(file, ErrExpired, "the %s is not valid before %s", what, c.NotBefore.UTC().Format(day))
	case now.After(c.NotAfter):
		return fileError(file, ErrExpired, "the %s expired on %s", what, c.NotAfter.UTC().Format(day))
	}
	return nil
}
