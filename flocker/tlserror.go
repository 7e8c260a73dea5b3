package flocker

import (
	"errors"
	"fmt"
	"net"
)

// What can be wrong with a certificate. Every *CertificateError is one of these.
var (
	ErrUnreadable    = errors.New("cannot be used")
	ErrWrongCA       = errors.New("not signed by the cluster's certificate authority")
	ErrWrongName     = errors.New("made out to another name")
	ErrExpired       = errors.New("outside its time of validity")
	ErrNotUser       = errors.New("not the certificate of an API user")
	ErrKeyMismatch   = errors.New("key and certificate do not belong together")
	ErrClientRefused = errors.New("the control service refused the client certificate")
)

// CertificateError is a certificate that failed one check. Kind is one of the
// errors above; File is the file to look at; Detail says what was found. Server
// is set when the certificate is the one that the control service showed, and
// File is then the cluster's certificate that it was checked with.
type CertificateError struct {
	File   string
	Kind   error
	Detail string
	Server string
}

// Error reads like: certificate /etc/flocker/plugin.crt: outside its time of validity: …
func (e *CertificateError) Error() string {
	if e.Server != "" {
		return fmt.Sprintf("certificate shown by %s, checked with %s: %v: %s", e.Server, e.File, e.Kind, e.Detail)
	}
	return fmt.Sprintf("certificate %s: %v: %s", e.File, e.Kind, e.Detail)
}

// Unwrap returns the kind.
func (e *CertificateError) Unwrap() error { return e.Kind }

// refusedByServer names the client's certificate in a TLS alert that the server
// sent: under TLS 1.3 the refusal arrives only with the first answer, and it
// names neither file nor reason.
func refusedByServer(certFile string, err error) error {
	var remote *net.OpError
	if certFile == "" || !errors.As(err, &remote) || remote.Op != "remote error" {
		return err
	}
	return fileError(certFile, ErrClientRefused, "%v", err)
}

func fileError(file string, kind error, format string, a ...any) *CertificateError {
	return &CertificateError{File: file, Kind: kind, Detail: fmt.Sprintf(format, a...)}
}
