package fetch_test

import (
	"archive/tar"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent/fetch"
)

func TestFetch(t *testing.T) {
	bundle := tarball(t,
		tar.Header{Typeflag: tar.TypeDir, Name: "bundle", Mode: 0o750},
		tar.Header{Typeflag: tar.TypeReg, Name: "bundle/run.sh", Mode: 0o755},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "bundle/link", Linkname: "run.sh"},
		tar.Header{Typeflag: tar.TypeReg, Name: "bundle/setuid", Mode: 0o4755},
		tar.Header{Typeflag: tar.TypeReg, Name: "bundle/world", Mode: 0o666},
	)
	s := serve(t, map[string][]byte{
		"/tool.sh": []byte("#!/bin/sh\n"), "/bundle.tar.gz": bundle, "/other.tgz": bundle, "/plain.txt": []byte("plain"),
		"/data.gz": gzipped(t, "plain text"), "/pack.zip": zipped(t, "zipped/a.txt", "a"), "/cached.tar.gz": bundle, "/cached.txt": []byte("cached"),
	})
	local := filepath.Join(t.TempDir(), "local.txt")
	if err := os.WriteFile(local, []byte("local"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(local, 0o604); err != nil {
		t.Fatal(err)
	}
	uris := []fetch.URI{
		{Value: s.URL + "/tool.sh", Executable: true, Extract: true},
		{Value: s.URL + "/bundle.tar.gz", Extract: true},
		{Value: s.URL + "/other.tgz", OutputFile: "sub/dir/renamed.tgz"},
		{Value: s.URL + "/plain.txt?version=1", Extract: true},
		{Value: s.URL + "/data.gz", Extract: true},
		{Value: s.URL + "/pack.zip", Extract: true},
		{Value: s.URL + "/cached.tar.gz", Extract: true, Cache: true},
		{Value: s.URL + "/cached.txt", Extract: true, Cache: true, OutputFile: "renamed.txt"},
		{Value: "file://" + local, Extract: true},
		{Value: " " + local, Extract: true, Executable: true, OutputFile: "local2.txt"},
	}
	f := newFetcher(t)
	want := map[string]string{
		"tool.sh": "-rwxr-xr-x", "bundle": "drwxr-x---", "bundle/run.sh": "-rwxr-xr-x", "bundle/link": "Lrwxrwxrwx",
		"bundle/setuid": "-rwxr-xr-x", "bundle/world": "-rw-r--r--", "bundle.tar.gz": "-rw-r--r--", "sub": "drwxr-xr-x",
		"sub/dir": "drwxr-xr-x", "sub/dir/renamed.tgz": "-rw-r--r--", "plain.txt?version=1": "-rw-r--r--", "data": "-rw-r--r--",
		"data.gz": "-rw-r--r--", "pack.zip": "-rw-r--r--", "zipped": "drwxr-xr-x", "zipped/a.txt": "-rw-r--r--",
		"renamed.txt": "-rw-r--r--", "local.txt": "-rw----r--", "local2.txt": "-rwxr-xr-x",
	}
	for run := range 2 {
		sandbox := t.TempDir()
		var log bytes.Buffer
		if err := f.Fetch(t.Context(), uris, "root", sandbox, &log); err != nil {
			t.Fatalf("%v\n%s", err, log.String())
		}
		compareTree(t, sandbox, want)
		asked := slices.DeleteFunc(slices.Clone(s.asked), func(line string) bool { return !strings.Contains(line, "cached") })
		wantAsked := []string{"HEAD /cached.tar.gz", "HEAD /cached.txt", "GET /cached.tar.gz", "GET /cached.txt"}
		if !slices.Equal(asked, wantAsked) {
			t.Errorf("run %d: asked for %q, want %q", run, asked, wantAsked)
		}
		for _, line := range []string{
			"fetcher.cpp:459] Fetching URI '" + s.URL + "/tool.sh'", "Copying instead of extracting resource from URI with 'extract' flag",
			"Fetching URI '" + s.URL + "/cached.txt' from cache", "Successfully fetched all URIs into '" + sandbox + "'",
		} {
			if !strings.Contains(log.String(), line) {
				t.Errorf("the log lacks %q:\n%s", line, log.String())
			}
		}
	}
}

func TestFailures(t *testing.T) {
	outside := tarball(t, tar.Header{Typeflag: tar.TypeReg, Name: "../outside", Mode: 0o644})
	through := tarball(t,
		tar.Header{Typeflag: tar.TypeSymlink, Name: "way", Linkname: "/tmp"},
		tar.Header{Typeflag: tar.TypeReg, Name: "way/fetch-test-outside", Mode: 0o644})
	s := serve(t, map[string][]byte{"/outside.tgz": outside, "/through.tgz": through, "/broken.tgz": []byte("no archive")})
	for _, row := range []struct{ name, uri, want string }{
		{"404", s.URL + "/not-there", "Error downloading resource, received HTTP return code 404"},
		{"no such file", "file:///no/such/file", "no such file"},
		{"relative file URI", "file://x/y", "File URI only supports absolute paths"},
		{"relative path", "x/y", "framework home was not specified"},
		{"scheme", "nope://host/x", "unsupported scheme"},
		{"refused", "http://127.0.0.1:1/x", "connection refused"},
		{"leaves the sandbox", s.URL + "/outside.tgz", "escapes"},
		{"leaves through a link", s.URL + "/through.tgz", "escapes"},
		{"no archive", s.URL + "/broken.tgz", "invalid header"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var log bytes.Buffer
			sandbox := t.TempDir()
			err := newFetcher(t).Fetch(t.Context(), []fetch.URI{{Value: row.uri, Extract: true}}, "root", sandbox, &log)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, want %q", err, row.want)
			}
			if !strings.Contains(log.String(), "EXIT with status 1: Failed to fetch '"+row.uri+"': ") {
				t.Errorf("log:\n%s", log.String())
			}
		})
	}
}

func TestErrorPageStays(t *testing.T) {
	s := serve(t, nil)
	sandbox := t.TempDir()
	if err := newFetcher(t).Fetch(t.Context(), []fetch.URI{{Value: s.URL + "/not-there"}}, "root", sandbox, io.Discard); err == nil {
		t.Fatal("no error")
	}
	if text, err := os.ReadFile(filepath.Join(sandbox, "not-there")); err != nil || string(text) != "404 page not found\n" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestValidate(t *testing.T) {
	for _, row := range []struct {
		uri  fetch.URI
		want string
	}{
		{fetch.URI{Value: "http://host/x"}, ""},
		{fetch.URI{Value: "/a/b", OutputFile: "c/d"}, ""},
		{fetch.URI{Value: "http://host/x", OutputFile: "/x"}, "URI output file must be within the sandbox directory"},
		{fetch.URI{Value: "http://host"}, "Malformed URI (missing path): http://host"},
		{fetch.URI{Value: "http://host/"}, "Malformed URI (missing path): http://host/"},
		{fetch.URI{Value: `/a\b`}, "contains illegal characters"},
		{fetch.URI{Value: `/a'b`}, "contains illegal characters"},
	} {
		err := fetch.Validate([]fetch.URI{row.uri})
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%+v: %v, want %q", row.uri, err, row.want)
		}
	}
}

func TestStalledDownload(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, err := io.WriteString(w, "beginning"); err != nil {
			t.Error(err)
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		<-release
	}))
	defer s.Close()
	defer close(release)
	f, err := fetch.New(t.TempDir(), 50*time.Millisecond, "")
	if err != nil {
		t.Fatal(err)
	}
	err = f.Fetch(t.Context(), []fetch.URI{{Value: s.URL + "/x"}}, "root", t.TempDir(), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "stalled") {
		t.Errorf("error %v", err)
	}
}
