package flocker

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// serviceName is the common name that flocker-ca gives the control service.
const serviceName = "control-service"

// verifier decides whether a server is the cluster's control service.
type verifier struct {
	file        string // the cluster's certificate
	authorities []*x509.Certificate
	name        string // host name or address that the server must prove to have
}

// verify checks chain, validity, purpose and name, in this order. The control
// service's certificate is signed by the cluster's authority directly (its path
// length is 0), so certificates between the two are not looked for.
func (v verifier) verify(chain []*x509.Certificate, now time.Time) error {
	if len(chain) == 0 {
		return v.failed(ErrWrongCA, "there is none")
	}
	leaf := chain[0]
	authority, err := v.signer(leaf)
	if err != nil {
		return err
	}
	if err := checkValidity(v.file, "cluster's certificate", authority, now); err != nil {
		return err
	}
	var old *CertificateError
	if errors.As(checkValidity(v.file, "control service's certificate", leaf, now), &old) {
		return v.failed(ErrExpired, "%s", old.Detail)
	}
	ext, err := readExtensions(leaf)
	if err != nil {
		return v.failed(ErrUnreadable, "%v", err)
	}
	if !ext.serverUse {
		return v.failed(ErrWrongName, "%q is not for servers", leaf.Subject.CommonName)
	}
	return v.checkName(leaf, ext)
}

func (v verifier) failed(kind error, format string, a ...any) error {
	return &CertificateError{File: v.file, Server: v.name, Kind: kind, Detail: fmt.Sprintf(format, a...)}
}

// signer finds the authority that signed the certificate.
func (v verifier) signer(leaf *x509.Certificate) (*x509.Certificate, error) {
	reason := errors.New("none of its certificates is the issuer")
	for _, a := range v.authorities {
		if !bytes.Equal(a.RawSubject, leaf.RawIssuer) {
			continue
		}
		if err := mayCertify(a); err != nil {
			reason = err
		} else if err := leaf.CheckSignatureFrom(a); err != nil {
			reason = err
		} else {
			return a, nil
		}
	}
	return nil, v.failed(ErrWrongCA, "%q was issued by %q: %v", leaf.Subject.CommonName, leaf.Issuer.String(), reason)
}

// mayCertify reads what crypto/x509 overlooks in an authority of version 1.
func mayCertify(a *x509.Certificate) error {
	ext, err := readExtensions(a)
	if err != nil {
		return err
	}
	if !ext.authority {
		return fmt.Errorf("%q is not a certificate authority", a.Subject.CommonName)
	}
	return nil
}

// checkName compares with the names in the certificate; where it has none at
// all, its common name must be the control service's own.
func (v verifier) checkName(leaf *x509.Certificate, ext extensions) error {
	if !ext.names {
		if leaf.Subject.CommonName == serviceName {
			return nil
		}
		return v.failed(ErrWrongName, "it is for %q and names no host; the control service's is for %q", leaf.Subject.CommonName, serviceName)
	}
	if ip := net.ParseIP(v.name); ip != nil {
		if slices.ContainsFunc(ext.addresses, ip.Equal) {
			return nil
		}
	} else if slices.ContainsFunc(ext.hosts, func(h string) bool { return sameHost(h, v.name) }) {
		return nil
	}
	return v.failed(ErrWrongName, "it is for %s, not for %q; use one of these as host, or as --flocker-server-name", ext.list(), v.name)
}

func sameHost(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}
