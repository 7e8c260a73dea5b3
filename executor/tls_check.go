package executor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// check is what libprocess checks of a server (openssl.cpp, verify and
// configure_socket), on the agent behind a connection.
func (d *tlsDialer) check(ctx context.Context, host string, s tls.ConnectionState) error {
	if !slices.Contains(d.settings.Versions, s.Version) {
		return fmt.Errorf("agent speaks %s, which %sENABLE_* does not allow", tls.VersionName(s.Version), prefixTLS)
	}
	if !d.settings.Verify {
		return nil
	}
	if err := d.checkChain(s.PeerCertificates); err != nil {
		return err
	}
	if err := d.checkIdentity(ctx, host, s.PeerCertificates[0]); err != nil {
		return fmt.Errorf("agent's certificate %q is not its own: %w", s.PeerCertificates[0].Subject, err)
	}
	return nil
}

func (d *tlsDialer) checkChain(sent []*x509.Certificate) error {
	between := x509.NewCertPool()
	for _, c := range sent[1:] {
		between.AddCert(c)
	}
	chains, err := sent[0].Verify(x509.VerifyOptions{Roots: d.roots, Intermediates: between})
	if err != nil {
		return fmt.Errorf("agent's certificate %q is not signed by %s: %w", sent[0].Subject, d.authorities(), err)
	}
	for _, c := range chains {
		if len(c)-2 <= d.settings.Depth {
			return nil
		}
	}
	return fmt.Errorf("agent's certificate %q is too far from its authority: more certificates in between than %sVERIFICATION_DEPTH %d",
		sent[0].Subject, prefixTLS, d.settings.Depth)
}

// authorities says where the trusted ones come from.
func (d *tlsDialer) authorities() string {
	var from []string
	if d.settings.CAFile != "" {
		from = append(from, fmt.Sprintf("%sCA_FILE %q", prefixTLS, d.settings.CAFile))
	}
	if d.settings.CADir != "" {
		from = append(from, fmt.Sprintf("%sCA_DIR %q", prefixTLS, d.settings.CADir))
	}
	if from == nil {
		return "an authority of the system's (neither " + prefixTLS + "CA_FILE nor CA_DIR is set)"
	}
	return strings.Join(from, " or ")
}

// checkIdentity compares the certificate with the agent's address, or with the
// name that the agent is reached by.
func (d *tlsDialer) checkIdentity(ctx context.Context, host string, c *x509.Certificate) error {
	address, err := netip.ParseAddr(host)
	if err != nil {
		return c.VerifyHostname(host)
	}
	if d.settings.VerifyAddress && names(c, address) {
		return nil
	}
	if d.settings.OpenSSL {
		return fmt.Errorf("address %s is not among its %v", address, c.IPAddresses)
	}
	looked, err := net.DefaultResolver.LookupAddr(ctx, host)
	if err != nil && !d.settings.Strict && !d.settings.VerifyAddress {
		return nil // nothing to compare with
	}
	if err != nil {
		return fmt.Errorf("no name of address %s to compare with: %w", address, err)
	}
	own := append(slices.Clone(c.DNSNames), c.Subject.CommonName)
	for _, name := range looked {
		if slices.Contains(own, strings.TrimSuffix(name, ".")) {
			return nil
		}
	}
	return fmt.Errorf("none of %q, names of address %s, is among its %q", looked, address, own)
}

func names(c *x509.Certificate, address netip.Addr) bool {
	return slices.ContainsFunc(c.IPAddresses, func(ip net.IP) bool { return ip.Equal(address.AsSlice()) })
}
