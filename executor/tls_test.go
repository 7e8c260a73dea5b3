package executor_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/executor"
)

// tlsWorld is one agent's certificates and authorities, on disk.
type tlsWorld struct {
	dir                 string
	root, other         *signer
	ca, otherCA, noCert string
	own, ownKey         string // the executor's
}

func newTLSWorld(t *testing.T) *tlsWorld {
	w := &tlsWorld{dir: t.TempDir(), root: authority(t, "root"), other: authority(t, "other")}
	w.ca, _ = w.root.files(w.dir, "ca")
	w.otherCA, _ = w.other.files(w.dir, "other")
	w.own, w.ownKey = w.root.leaf("executor", nil).files(w.dir, "own")
	w.noCert = filepath.Join(w.dir, "empty.pem")
	write(t, w.noCert, []byte("nothing\n"))
	return w
}

// libprocess is how an agent serves TLS that sets no more than it must.
func libprocess(s *signer) *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{s.certificate()}, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12,
		CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA},
	}
}

// modern is an agent with ciphers and versions of today.
func modern(s *signer) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{s.certificate()}}
}

// agentOn serves TLS and answers every request that comes through.
func agentOn(t *testing.T, network string, c *tls.Config) (endpoint string) {
	l, err := tls.Listen(network, map[string]string{"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0"}[network], c)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), ErrorLog: log.New(io.Discard, "", 0)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return l.Addr().String()
}

// reach makes a call to an agent as an executor with these variables does.
func reach(t *testing.T, endpoint string, vars map[string]string) error {
	t.Helper()
	all := map[string]string{
		"MESOS_FRAMEWORK_ID": "f", "MESOS_EXECUTOR_ID": "e", "MESOS_AGENT_ENDPOINT": endpoint, "MESOS_DIRECTORY": "/d",
		"LIBPROCESS_SSL_ENABLED": "true",
	}
	maps.Copy(all, vars)
	e, err := executor.ParseEnvironment(getenv(all))
	if err != nil {
		return err
	}
	transport, err := executor.NewTransport(e)
	if err != nil {
		return err
	}
	defer transport.HTTP.(*http.Transport).CloseIdleConnections()
	if want := "https://" + endpoint + "/api/v1/executor"; transport.URL != want {
		t.Errorf("URL %s, wanted %s", transport.URL, want)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, transport.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := transport.HTTP.RoundTrip(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return err
}

// vars are LIBPROCESS_SSL_* variables, in pairs.
func vars(pairs ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m["LIBPROCESS_SSL_"+pairs[i]] = pairs[i+1]
	}
	return m
}

// wantError holds an error to a text, and to being none when the text is "".
func wantError(t *testing.T, err error, text string) {
	t.Helper()
	if text == "" && err != nil {
		t.Error(err)
	}
	if text != "" && (err == nil || !strings.Contains(err.Error(), text)) {
		t.Errorf("error %v, wanted %q", err, text)
	}
}

func TestTLSVerification(t *testing.T) {
	t.Parallel()
	w := newTLSWorld(t)
	good := w.root.leaf("agent", []string{"localhost"}, "127.0.0.1", "::1")
	nameless := w.root.leaf("agent", []string{"elsewhere"})
	byAddress := w.root.leaf("agent", nil, "127.0.0.1")
	deep := w.root.between("1").between("2").leaf("localhost", nil)
	verify := func(more ...string) map[string]string {
		return vars(append([]string{"VERIFY_SERVER_CERT", "true", "CA_FILE", w.ca}, more...)...)
	}
	for name, c := range map[string]struct {
		agent *signer
		vars  map[string]string
		want  string
	}{
		"anybody's":                    {w.other.leaf("x", nil), vars(), ""},
		"verified":                     {good, verify(), ""},
		"legacy variable":              {good, vars("VERIFY_CERT", "1", "CA_FILE", w.ca), ""},
		"common name":                  {w.root.leaf("localhost", nil), verify(), ""},
		"directory of authorities":     {good, vars("VERIFY_SERVER_CERT", "true", "CA_DIR", w.dir), ""},
		"other authority":              {w.other.leaf("localhost", nil), verify(), "is not signed by LIBPROCESS_SSL_CA_FILE"},
		"other authority, legacy":      {good, vars("VERIFY_CERT", "true", "CA_FILE", w.otherCA), "is not signed by LIBPROCESS_SSL_CA_FILE"},
		"implied by REQUIRE":           {good, vars("REQUIRE_CLIENT_CERT", "true", "CA_FILE", w.otherCA), "is not signed by"},
		"implied by REQUIRE, legacy":   {good, vars("REQUIRE_CERT", "true", "CA_FILE", w.otherCA), "is not signed by"},
		"no authority of ours":         {good, vars("VERIFY_SERVER_CERT", "true"), "an authority of the system's"},
		"other name":                   {nameless, verify(), `is among its ["elsewhere" "agent"]`},
		"address not looked at":        {byAddress, verify(), "names of address 127.0.0.1"},
		"address":                      {byAddress, verify("VERIFY_IPADD", "true"), ""},
		"neither address nor name":     {nameless, verify("VERIFY_IPADD", "true"), "names of address 127.0.0.1"},
		"openssl, address":             {byAddress, verify("VERIFY_IPADD", "true", "HOSTNAME_VALIDATION_SCHEME", "openssl"), ""},
		"openssl, name only":           {w.root.leaf("localhost", []string{"localhost"}), verify("VERIFY_IPADD", "true", "HOSTNAME_VALIDATION_SCHEME", "openssl"), "address 127.0.0.1 is not among its"},
		"openssl needs the address":    {good, verify("HOSTNAME_VALIDATION_SCHEME", "openssl"), "needs LIBPROCESS_SSL_VERIFY_IPADD"},
		"two in between":               {deep, verify(), ""},
		"two in between, one allowed":  {deep, verify("VERIFICATION_DEPTH", "1"), "LIBPROCESS_SSL_VERIFICATION_DEPTH 1"},
		"two in between, two allowed":  {deep, verify("VERIFICATION_DEPTH", "2"), ""},
		"switched off":                 {w.other.leaf("x", nil), vars("VERIFY_SERVER_CERT", "0", "CA_FILE", "/nonexistent"), ""},
		"the new name before the old":  {w.other.leaf("x", nil), vars("VERIFY_SERVER_CERT", "0", "VERIFY_CERT", "1", "CA_FILE", w.ca), ""},
		"support of downgrade ignored": {good, verify("SUPPORT_DOWNGRADE", "true", "ECDH_CURVES", "P-256", "ENABLE_SSL_V3", "true"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantError(t, reach(t, agentOn(t, "tcp4", modern(c.agent)), c.vars), c.want)
		})
	}
}

func TestTLSOverIPv6(t *testing.T) {
	w := newTLSWorld(t)
	agent := modern(w.root.leaf("agent", nil, "::1"))
	wantError(t, reach(t, agentOn(t, "tcp6", agent), vars("VERIFY_SERVER_CERT", "1", "CA_FILE", w.ca, "VERIFY_IPADD", "1")), "")
}

// An agent that is left at its defaults takes nothing but TLS 1.2 with an
// exchange of keys that Go does not offer by itself.
func TestTLSWithAnAgentAtItsDefaults(t *testing.T) {
	w := newTLSWorld(t)
	endpoint := agentOn(t, "tcp4", libprocess(w.root.rsaLeaf("localhost", nil)))
	for _, c := range []struct {
		vars map[string]string
		want string
	}{
		{vars(), ""},
		{vars("CIPHERS", "RC4-SHA:AES256-SHA"), ""},
		{vars("CIPHERS", "HIGH:!aNULL"), ""},
		{vars("CIPHERS", "ECDHE-RSA-AES128-GCM-SHA256"), "handshake failure"},
		{vars("CIPHERS", "DHE-RSA-AES128-SHA:RC4-SHA"), `LIBPROCESS_SSL_CIPHERS is "DHE-RSA-AES128-SHA:RC4-SHA": holds no cipher that is known here`},
		{vars("ENABLE_TLS_V1_2", "false", "ENABLE_TLS_V1_3", "true"), "protocol version"},
		{vars("ENABLE_TLS_V1_2", "false"), "LIBPROCESS_SSL_ENABLE_TLS_V1_2"},
		{vars("ENABLE_TLS_V1_2", "no"), `LIBPROCESS_SSL_ENABLE_TLS_V1_2 is "no"`},
		{vars("ENABLE_TLS_V1_3", "true"), ""},
		{vars("ENABLE_TLS_V1_1", "true", "ENABLE_TLS_V1_3", "true", "ENABLE_TLS_V1_2", "0"), "agent speaks TLS 1.2, which LIBPROCESS_SSL_ENABLE_* does not allow"},
	} {
		wantError(t, reach(t, endpoint, c.vars), c.want)
	}
}

func TestTLSClientCertificate(t *testing.T) {
	w := newTLSWorld(t)
	config := modern(w.root.leaf("localhost", nil))
	config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
	config.ClientCAs.AddCert(w.root.cert)
	endpoint := agentOn(t, "tcp4", config)
	stranger, strangerKey := w.other.leaf("x", nil).files(w.dir, "stranger")
	for _, c := range []struct {
		cert, key, want string
	}{
		{w.own, w.ownKey, ""},
		{"", "", "handshake failure"},
		{stranger, strangerKey, "handshake failure"},
		{w.own, "", "LIBPROCESS_SSL_KEY_FILE"},
		{"", w.ownKey, "LIBPROCESS_SSL_CERT_FILE"},
		{w.own, strangerKey, "private key does not match"},
		{w.dir + "/none", w.ownKey, "/none"},
	} {
		wantError(t, reach(t, endpoint, vars("CERT_FILE", c.cert, "KEY_FILE", c.key, "ENABLE_TLS_V1_3", "0")), c.want)
	}
}

func TestTLSFilesThatCannotBeUsed(t *testing.T) {
	w := newTLSWorld(t)
	for _, c := range []struct {
		vars map[string]string
		want string
	}{
		{vars("CA_FILE", "/none"), `LIBPROCESS_SSL_CA_FILE "/none": open /none: no such file`},
		{vars("CA_FILE", w.noCert), "no certificate (PEM) in it"},
		{vars("CA_DIR", "/none"), `LIBPROCESS_SSL_CA_DIR "/none"`},
		{vars("CA_DIR", t.TempDir()), "no certificate (PEM) in it"},
		{vars("VERIFICATION_DEPTH", "-1"), `LIBPROCESS_SSL_VERIFICATION_DEPTH is "-1"`},
		{vars("HOSTNAME_VALIDATION_SCHEME", "dns"), `LIBPROCESS_SSL_HOSTNAME_VALIDATION_SCHEME is "dns"`},
		{vars("ENABLED", "yes"), `LIBPROCESS_SSL_ENABLED is "yes"`},
	} {
		if c.vars["LIBPROCESS_SSL_ENABLED"] == "" {
			c.vars["LIBPROCESS_SSL_VERIFY_SERVER_CERT"] = "true"
		}
		wantError(t, reach(t, "127.0.0.1:1", c.vars), c.want)
	}
}

// An agent that accepts the connection and never shakes hands.
func TestTLSSilentAgent(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	wantError(t, reach(t, l.Addr().String(), vars()), "deadline exceeded")
}
