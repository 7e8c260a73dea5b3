package flocker

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"net"
	"slices"
	"strings"
)

var (
	oidNames       = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidConstraints = asn1.ObjectIdentifier{2, 5, 29, 19}
	oidKeyUsage    = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidPurposes    = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidServerAuth  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 1}
	oidAnyPurpose  = asn1.ObjectIdentifier{2, 5, 29, 37, 0}
)

// extensions is what a certificate says in its extensions, whatever its version.
type extensions struct {
	names     bool // it has a subject alternative name at all
	hosts     []string
	addresses []net.IP
	authority bool // may sign other certificates
	serverUse bool // may be a server's; true where nothing is said
}

func (e extensions) list() string {
	names := slices.Clone(e.hosts)
	for _, a := range e.addresses {
		names = append(names, a.String())
	}
	return strings.Join(names, ", ")
}

// tbsCertificate is RFC 5280's, as far as the extensions.
type tbsCertificate struct {
	Version         int `asn1:"optional,explicit,default:0,tag:0"`
	Serial          *big.Int
	Algorithm       pkix.AlgorithmIdentifier
	Issuer          asn1.RawValue
	Validity        asn1.RawValue
	Subject         asn1.RawValue
	PublicKey       asn1.RawValue
	IssuerUnique    asn1.BitString   `asn1:"optional,tag:1"`
	SubjectUnique   asn1.BitString   `asn1:"optional,tag:2"`
	ExtensionFields []pkix.Extension `asn1:"omitempty,optional,explicit,tag:3"`
}

// readExtensions reads them from the certificate as it was signed. An authority
// without any extension is taken for one, as OpenSSL does for version 1.
func readExtensions(c *x509.Certificate) (extensions, error) {
	var t tbsCertificate
	if rest, err := asn1.Unmarshal(c.RawTBSCertificate, &t); err != nil {
		return extensions{}, fmt.Errorf("read extensions: %w", err)
	} else if len(rest) != 0 {
		return extensions{}, fmt.Errorf("read extensions: %d bytes too many", len(rest))
	}
	e := extensions{serverUse: true, authority: len(t.ExtensionFields) == 0}
	mayCertSign := true
	for _, x := range t.ExtensionFields {
		var err error
		switch {
		case x.Id.Equal(oidNames):
			err = e.readNames(x.Value)
		case x.Id.Equal(oidConstraints):
			err = e.readConstraints(x.Value)
		case x.Id.Equal(oidPurposes):
			err = e.readPurposes(x.Value)
		case x.Id.Equal(oidKeyUsage):
			mayCertSign, err = readCertSign(x.Value)
		case x.Critical:
			err = fmt.Errorf("critical extension %v is not understood", x.Id)
		}
		if err != nil {
			return extensions{}, fmt.Errorf("read extensions: %w", err)
		}
	}
	e.authority = e.authority && mayCertSign
	return e, nil
}

func (e *extensions) readNames(der []byte) error {
	var names []asn1.RawValue
	if _, err := asn1.Unmarshal(der, &names); err != nil {
		return fmt.Errorf("subject alternative name: %w", err)
	}
	e.names = true
	for _, n := range names {
		if n.Class != asn1.ClassContextSpecific {
			continue
		}
		switch n.Tag {
		case 2:
			e.hosts = append(e.hosts, string(n.Bytes))
		case 7:
			if len(n.Bytes) == net.IPv4len || len(n.Bytes) == net.IPv6len {
				e.addresses = append(e.addresses, net.IP(n.Bytes))
			}
		}
	}
	return nil
}

func (e *extensions) readConstraints(der []byte) error {
	var b struct {
		IsCA       bool `asn1:"optional"`
		MaxPathLen int  `asn1:"optional,default:-1"`
	}
	if _, err := asn1.Unmarshal(der, &b); err != nil {
		return fmt.Errorf("basic constraints: %w", err)
	}
	e.authority = b.IsCA
	return nil
}

func (e *extensions) readPurposes(der []byte) error {
	var purposes []asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(der, &purposes); err != nil {
		return fmt.Errorf("extended key usage: %w", err)
	}
	e.serverUse = slices.ContainsFunc(purposes, func(p asn1.ObjectIdentifier) bool {
		return p.Equal(oidServerAuth) || p.Equal(oidAnyPurpose)
	})
	return nil
}

// readCertSign reads bit 5 of the key usage.
func readCertSign(der []byte) (bool, error) {
	var bits asn1.BitString
	if _, err := asn1.Unmarshal(der, &bits); err != nil {
		return false, fmt.Errorf("key usage: %w", err)
	}
	return bits.At(5) == 1, nil
}
