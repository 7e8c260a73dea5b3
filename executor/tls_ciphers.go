package executor

import (
	"crypto/tls"
	"maps"
	"slices"
	"strings"
)

// cipher is one that is offered, under OpenSSL's name. Those without (EC)DHE are
// there because an agent that leaves LIBPROCESS_SSL_CIPHERS alone takes no other
// (openssl.cpp: AES128-SHA, AES256-SHA).
func ciphers() map[string]uint16 {
	return map[string]uint16{
		"ECDHE-ECDSA-AES128-GCM-SHA256": tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		"ECDHE-ECDSA-AES256-GCM-SHA384": tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		"ECDHE-ECDSA-CHACHA20-POLY1305": tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		"ECDHE-ECDSA-AES128-SHA256":     tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
		"ECDHE-ECDSA-AES128-SHA":        tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
		"ECDHE-ECDSA-AES256-SHA":        tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
		"ECDHE-RSA-AES128-GCM-SHA256":   tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		"ECDHE-RSA-AES256-GCM-SHA384":   tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		"ECDHE-RSA-CHACHA20-POLY1305":   tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		"ECDHE-RSA-AES128-SHA256":       tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
		"ECDHE-RSA-AES128-SHA":          tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
		"ECDHE-RSA-AES256-SHA":          tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
		"AES128-GCM-SHA256":             tls.TLS_RSA_WITH_AES_128_GCM_SHA256,
		"AES256-GCM-SHA384":             tls.TLS_RSA_WITH_AES_256_GCM_SHA384,
		"AES128-SHA256":                 tls.TLS_RSA_WITH_AES_128_CBC_SHA256,
		"AES128-SHA":                    tls.TLS_RSA_WITH_AES_128_CBC_SHA,
		"AES256-SHA":                    tls.TLS_RSA_WITH_AES_256_CBC_SHA,
	}
}

func cipherNames() []string { return slices.Sorted(maps.Keys(ciphers())) }

// parseCiphers reads a list as OpenSSL does, if it is no more than a list. nil
// is every cipher that is offered here.
func parseCiphers(list string) ([]uint16, error) {
	names := strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(":, ", r) })
	known := ciphers()
	var listed []uint16
	for _, name := range names {
		if isCipherRule(name) {
			return nil, nil
		}
		if id, ok := known[name]; ok {
			listed = append(listed, id)
		}
	}
	if len(names) > 0 && listed == nil {
		return nil, errNoCipher
	}
	return listed, nil
}

// isCipherRule says that a word is OpenSSL's way to name many ciphers, or to
// exclude some: "HIGH", "ECDHE+AESGCM", "!aNULL", "@STRENGTH". A single one has
// a name of several parts.
func isCipherRule(word string) bool {
	return strings.ContainsAny(word, "!+@") || strings.HasPrefix(word, "-") || !strings.Contains(word, "-")
}
