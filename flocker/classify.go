package flocker

import (
	"crypto/tls"
	"errors"
	"net/http"
)

// What became of a request is decided here and nowhere else. A 404 or 405 counts
// only when the API itself said so: with an HTML page it says that the route does
// not exist, so that something else than a control service answers.

// IsNotFound reports that the dataset, lease or era does not exist.
func IsNotFound(err error) bool { return said(err, http.StatusNotFound) }

// IsDeleted reports that the dataset has existed and was deleted. Its id stays
// taken for ever.
func IsDeleted(err error) bool { return said(err, http.StatusMethodNotAllowed) }

// IsConflict reports that another node holds the lease, or that the dataset id
// is in use.
func IsConflict(err error) bool { return said(err, http.StatusConflict) }

// IsInvalid reports that the service did not accept what was asked.
func IsInvalid(err error) bool { return said(err, http.StatusBadRequest) }

// IsPermanent reports that the same request will fail again until somebody
// changes something: certificates, the address, the request, the dataset. A
// conflict is not permanent: leases end.
func IsPermanent(err error) bool {
	var certificate *CertificateError
	var notTLS tls.RecordHeaderError
	if errors.As(err, &certificate) || errors.As(err, &notTLS) || errors.Is(err, http.ErrSchemeMismatch) {
		return true
	}
	e := asError(err)
	if e == nil || e.Status < 300 || e.Status > 499 {
		return false
	}
	switch e.Status {
	case http.StatusConflict:
		return !e.FromAPI
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusPreconditionFailed:
		return false
	}
	return true
}

// MayBeApplied reports that a failed request may have been carried out all the
// same: it was sent, and what came back does not say that it was refused.
func MayBeApplied(err error) bool {
	e := asError(err)
	if e == nil || !e.Sent {
		return false
	}
	var certificate *CertificateError
	if errors.As(err, &certificate) {
		return false
	}
	return e.Status < 300 || e.Status > 499
}

func said(err error, status int) bool {
	e := asError(err)
	return e != nil && e.Status == status && e.FromAPI
}

func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}
