package flocker

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"time"
)

// tlsConfig is for one control service, which host names.
//
// flocker-ca makes X.509 certificates of version 1 that have extensions, which
// only version 3 may have. OpenSSL takes them; crypto/x509 ignores the
// extensions and then finds no name in them. InsecureSkipVerify turns off that
// verifier and nothing else: VerifyConnection, which crypto/tls calls for every
// connection, resumed ones included, makes the same checks itself.
func tlsConfig(o Options, host string) (*tls.Config, error) {
	authorities, err := readCertificates(o.CAFile)
	if err != nil {
		return nil, err
	}
	client, err := readClient(o.CertFile, o.KeyFile)
	if err != nil {
		return nil, err
	}
	v := verifier{file: o.CAFile, authorities: authorities, name: o.ServerName}
	if v.name == "" {
		v.name = host
	}
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         v.name,
		InsecureSkipVerify: true, //nolint:gosec // see above
		VerifyConnection:   func(s tls.ConnectionState) error { return v.verify(s.PeerCertificates, time.Now()) },
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return client, checkClient(o.CertFile, client.Leaf, time.Now())
		},
	}, nil
}

// readCertificates reads one or more certificates from a PEM file. Several
// allow for a change of the cluster's authority.
func readCertificates(file string) ([]*x509.Certificate, error) {
	rest, err := os.ReadFile(file)
	if err != nil {
		return nil, fileError(file, ErrUnreadable, "%v", err)
	}
	var found []*x509.Certificate
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fileError(file, ErrUnreadable, "%v", err)
		}
		found = append(found, c)
	}
	if len(found) == 0 {
		return nil, fileError(file, ErrUnreadable, "no PEM certificate in it")
	}
	return found, nil
}
