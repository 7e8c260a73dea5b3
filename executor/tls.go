package executor

import (
	"crypto/tls"
	"errors"
	"strconv"
	"strings"
)

// TLS is what the LIBPROCESS_SSL_* variables ask for. They mean what they mean
// to libprocess (openssl.cpp, ssl.md), as far as a client is concerned:
//
//	ENABLED                      https; false or unset: none of the others is looked at
//	CERT_FILE, KEY_FILE          our certificate (with its chain) and key, PEM. libprocess demands
//	                             them; here both may be missing, one alone is refused
//	VERIFY_SERVER_CERT,          the agent's certificate must be signed by an authority and carry
//	  VERIFY_CERT (legacy)       the agent's name; otherwise anybody's is taken
//	REQUIRE_CLIENT_CERT,         implies VERIFY_SERVER_CERT, and an agent whose name cannot be
//	  REQUIRE_CERT (legacy)      looked up is refused
//	CA_FILE, CA_DIR              the authorities, PEM; of a directory every file, whatever its name.
//	                             Neither: the system's
//	VERIFICATION_DEPTH           how many certificates may stand between the agent's and the
//	                             authority's; 4
//	HOSTNAME_VALIDATION_SCHEME   legacy: a name that the resolver gives for the agent's address must
//	                             be a DNS name or the common name of the certificate, or, with
//	                             VERIFY_IPADD, the address must be in it. Nothing to compare with:
//	                             accepted, but for REQUIRE_CLIENT_CERT.
//	                             openssl: the address itself must be in the certificate; without
//	                             VERIFY_IPADD no agent could be reached, so that is refused
//	VERIFY_IPADD                 see there
//	ENABLE_TLS_V1_0 … V1_3       the versions spoken; TLS 1.2 alone when nothing is set
//	CIPHERS                      names as OpenSSL writes them: those that exist here are offered, and
//	                             if none does, the list is refused. A list with keywords or operators
//	                             ("HIGH:!aNULL") is left to the agent, which chooses
//	ENABLE_SSL_V3                ignored: never spoken
//	ECDH_CURVE, ECDH_CURVES      ignored: the agent chooses
//	SUPPORT_DOWNGRADE            ignored: a matter of the accepting side
//	SSL_* without LIBPROCESS_    ignored: deprecated, and other programs' names
type TLS struct {
	Enabled           bool
	CertFile, KeyFile string
	CAFile, CADir     string
	Verify            bool
	Strict            bool // REQUIRE_CLIENT_CERT
	VerifyAddress     bool // VERIFY_IPADD
	OpenSSL           bool // the scheme "openssl"
	Depth             int
	Versions          []uint16
	Ciphers           []uint16 // nil: every one that is offered here
}

const prefixTLS = "LIBPROCESS_SSL_"

const defaultDepth = 4

// tls reads the variables.
func (p *envParser) tls() TLS {
	if !p.boolean("ENABLED", "", false) {
		return TLS{}
	}
	s := TLS{
		Enabled:  true,
		CertFile: p.getenv(prefixTLS + "CERT_FILE"), KeyFile: p.getenv(prefixTLS + "KEY_FILE"),
		CAFile: p.getenv(prefixTLS + "CA_FILE"), CADir: p.getenv(prefixTLS + "CA_DIR"),
		Verify:        p.boolean("VERIFY_SERVER_CERT", "VERIFY_CERT", false),
		Strict:        p.boolean("REQUIRE_CLIENT_CERT", "REQUIRE_CERT", false),
		VerifyAddress: p.boolean("VERIFY_IPADD", "", false),
		Depth:         p.depth(),
		Versions:      p.versions(),
		Ciphers:       p.ciphers(),
	}
	s.Verify = s.Verify || s.Strict
	s.OpenSSL = p.scheme(s)
	if s.CertFile == "" && s.KeyFile != "" {
		p.fail(prefixTLS+"CERT_FILE", "", "must name the certificate of "+prefixTLS+"KEY_FILE")
	}
	if s.KeyFile == "" && s.CertFile != "" {
		p.fail(prefixTLS+"KEY_FILE", "", "must name the key of "+prefixTLS+"CERT_FILE")
	}
	return s
}

// boolean reads a switch, by its name or the one it had before Mesos 1.10.
func (p *envParser) boolean(name, legacy string, otherwise bool) bool {
	name = prefixTLS + name
	v := p.getenv(name)
	if v == "" && legacy != "" {
		name = prefixTLS + legacy
		v = p.getenv(name)
	}
	switch v {
	case "":
		return otherwise
	case "1", "true":
		return true
	case "0", "false":
		return false
	}
	p.fail(name, v, "must be true, 1, false or 0")
	return otherwise
}

func (p *envParser) depth() int {
	v := p.getenv(prefixTLS + "VERIFICATION_DEPTH")
	if v == "" {
		return defaultDepth
	}
	n, err := strconv.ParseUint(v, 10, 16)
	if err != nil {
		p.fail(prefixTLS+"VERIFICATION_DEPTH", v, "must be a number from 0 to 65535")
	}
	return int(n)
}

func (p *envParser) scheme(s TLS) (openssl bool) {
	const name = prefixTLS + "HOSTNAME_VALIDATION_SCHEME"
	switch v := p.getenv(name); v {
	case "", "legacy":
		return false
	case "openssl":
		if s.Verify && !s.VerifyAddress {
			p.fail(name, v, "needs "+prefixTLS+"VERIFY_IPADD as well: executors know their agent by its address")
		}
		return true
	default:
		p.fail(name, v, "must be legacy or openssl")
		return false
	}
}

func (p *envParser) versions() []uint16 {
	var enabled []uint16
	for _, v := range []struct {
		name   string
		number uint16
	}{
		{"ENABLE_TLS_V1_0", tls.VersionTLS10},
		{"ENABLE_TLS_V1_1", tls.VersionTLS11},
		{"ENABLE_TLS_V1_2", tls.VersionTLS12},
		{"ENABLE_TLS_V1_3", tls.VersionTLS13},
	} {
		if p.boolean(v.name, "", v.number == tls.VersionTLS12) {
			enabled = append(enabled, v.number)
		}
	}
	if len(enabled) == 0 {
		p.fail(prefixTLS+"ENABLE_TLS_V1_2", "false", "leaves no version of TLS to speak: enable one of V1_0 to V1_3")
	}
	return enabled
}

var errNoCipher = errors.New("holds no cipher that is known here: allowed are " + strings.Join(cipherNames(), ", "))

func (p *envParser) ciphers() []uint16 {
	const name = prefixTLS + "CIPHERS"
	v := p.getenv(name)
	listed, err := parseCiphers(v)
	if err != nil {
		p.fail(name, v, err.Error())
	}
	return listed
}
