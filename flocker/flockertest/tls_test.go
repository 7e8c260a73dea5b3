package flockertest_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
)

// Exit codes of curl, as recorded.
const (
	exitOK        = "0"
	exitHandshake = "35" // the other side broke the handshake off
	exitReceive   = "56" // the connection was reset
	exitPeer      = "60" // the server's certificate is not acceptable
)

var (
	curlLine = regexp.MustCompile(`(?m)^## curl (.*)$`)
	exitCode = regexp.MustCompile(`\[exit (\d+)\]`)
)

// TestReplayTLS repeats the recorded calls of curl with the recorded certificates,
// which are of version 1 with extensions. Compared are curl's exit code and the
// body; which alert refuses a client is up to Go's TLS.
func TestReplayTLS(t *testing.T) {
	dir := recordedCertificates(t)
	s := &flockertest.Service{TLSDir: dir}
	start(t, s)
	text := string(unzip(t, "transcripts/17-tls-curl.txt"))
	calls := curlLine.FindAllStringSubmatchIndex(text, -1)
	if len(calls) < 8 {
		t.Fatalf("only %d calls", len(calls))
	}
	for i, at := range calls {
		end := len(text)
		if i+1 < len(calls) {
			end = calls[i+1][0]
		}
		line, output := text[at[2]:at[3]], text[at[1]+1:end]
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			exit, body := curl(t, s, dir, strings.Fields(line))
			if want := exitCode.FindStringSubmatch(output)[1]; exit != want {
				t.Errorf("curl %s: exit %s, recorded %s", line, exit, want)
			}
			if exit == exitOK && !strings.HasPrefix(output, body+" [exit") {
				t.Errorf("curl %s: %q, recorded %q", line, body, output)
			}
		})
	}
}

func recordedCertificates(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	files, err := filepath.Glob("testdata/certs/*.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("no certificates: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".gz")
		if err := os.WriteFile(filepath.Join(dir, name), unzip(t, "certs/"+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// curl does what curl would with these arguments and returns its exit code.
func curl(t *testing.T, s *flockertest.Service, dir string, args []string) (exit, body string) {
	t.Helper()
	files := map[string]string{}
	for i := 0; i+1 < len(args)-1; i += 2 {
		files[args[i]] = filepath.Join(dir, args[i+1])
	}
	target, err := url.Parse(args[len(args)-1])
	if err != nil {
		t.Fatal(err)
	}
	base, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: curlConfig(t, files, target.Hostname())}
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, base.Host)
	}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get(target.String())
	switch {
	case errors.Is(err, errCertificate):
		return exitPeer, ""
	case err != nil && target.Scheme == "http":
		return exitReceive, ""
	case err != nil:
		return exitHandshake, ""
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return exitOK, string(data)
}

var errCertificate = errors.New("the server's certificate is not acceptable")

// curlConfig is what curl makes of its arguments.
func curlConfig(t *testing.T, files map[string]string, host string) *tls.Config {
	t.Helper()
	config := &tls.Config{
		InsecureSkipVerify: true, // the check is below: Go cannot read these certificates
		VerifyConnection: func(c tls.ConnectionState) error {
			if !acceptable(t, c.PeerCertificates[0], files["--cacert"], host) {
				return errCertificate
			}
			return nil
		},
	}
	if files["--cert"] != "" {
		pair, err := tls.LoadX509KeyPair(files["--cert"], files["--key"])
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config
}

// acceptable checks a server's certificate as OpenSSL does. The names are looked
// for in the raw bytes, where they stand as an address or a name of a SAN.
func acceptable(t *testing.T, c *x509.Certificate, caFile, host string) bool {
	t.Helper()
	data, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	ca, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	san := append([]byte{0x82, byte(len(host))}, host...)
	if ip := net.ParseIP(host); ip != nil {
		san = append([]byte{0x87, 4}, ip.To4()...)
	}
	return c.CheckSignatureFrom(ca) == nil && bytes.Contains(c.Raw, san)
}

func TestGeneratedCertificatesPassTheStandardVerifier(t *testing.T) {
	dir := t.TempDir()
	s := &flockertest.Service{TLSDir: dir}
	start(t, s)
	node := filepath.Join(t.TempDir(), "etc", "flocker")
	if err := flockertest.GenerateUser(dir, node, "alpha"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(node, "agent.yml")); err != nil {
		t.Error(err)
	}
	c := secureClient(t, node)
	if status, body := call(t, c, "GET", s.URL()+"/v1/version", ""); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	if e := s.Entries()[0]; e.Node != "alpha" || e.Client != "user-alpha" {
		t.Errorf("logged as %+v", e)
	}
}

func secureClient(t *testing.T, dir string) *http.Client {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "plugin.crt"), filepath.Join(dir, "plugin.key"))
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, "cluster.crt"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
