package main_test

import (
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
)

// The test service alone, for somebody who is not root.
func TestFlockerUnprivileged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const nobody = 65534
	for d := dir; strings.HasPrefix(d, os.TempDir()+"/"); d = d[:strings.LastIndex(d, "/")] {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	const node = "33333333-3333-4333-8333-333333333333"
	p := launchAs(t, &syscall.Credential{Uid: nobody, Gid: nobody}, "flocker", "--listen=127.0.0.1:0", "--insecure",
		"--backend=directory", "--state-dir", dir, "--node", node+"@10.0.0.1,era=44444444-4444-4444-8444-444444444444")
	url := strings.TrimPrefix(p.until(t, "ready "), "ready ")
	id := "55555555-5555-4555-8555-555555555555"
	answers(t, http.MethodPost, url+"/v1/configuration/datasets", `{"primary": "`+node+`", "dataset_id": "`+id+`"}`, id)
	answers(t, http.MethodGet, url+"/v1/state/nodes/by_era/44444444-4444-4444-8444-444444444444", "", node)
	p.interrupt(t)
	if code := p.exit(t); code != 0 {
		t.Errorf("exit status %d: %s", code, p.stderr)
	}
}

func answers(t *testing.T, method, url, body, want string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode > 299 || !strings.Contains(string(text), want) {
		t.Errorf("%s %s: %s %q (%v), want %q in it", method, url, res.Status, text, err, want)
	}
}

// Without any setting it has two nodes, the first of which is this machine, and
// keeps everything in a temporary folder. SIGTERM ends it.
func TestFlockerDefaults(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	p := launch(t, "flocker", "--listen=127.0.0.1:0", "--insecure")
	url := strings.TrimPrefix(p.until(t, "ready "), "ready ")
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		t.Fatal(err)
	}
	answers(t, http.MethodGet, url+"/v1/state/nodes/by_era/"+strings.TrimSpace(string(boot)), "", "uuid")
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.exit(t); code != 0 {
		t.Errorf("exit status %d: %s", code, p.stderr)
	}
	clean(t, dir)
}

// With TLS and a folder for the certificates it is usable by others.
func TestFlockerTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := launch(t, "flocker", "--listen=127.0.0.1:0", "--backend=directory", "--tls-dir", dir+"/tls", "--state-dir", dir+"/state")
	if line := p.until(t, "ready "); !strings.HasPrefix(line, "ready https://127.0.0.1:") {
		t.Errorf("it says %q", line)
	}
	for _, file := range []string{"cluster.crt", "user.crt", "user.key"} {
		if _, err := os.Stat(dir + "/tls/" + file); err != nil {
			t.Error(err)
		}
	}
	p.interrupt(t)
	if code := p.exit(t); code != 0 {
		t.Errorf("exit status %d: %s", code, p.stderr)
	}
}
