package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	helpFlag = regexp.MustCompile(`(?m)^  --([a-z-]+).*\n {8}(.*)$`)
	byItself = regexp.MustCompile(`\(default (.*)\)$`)
	docFlag  = regexp.MustCompile("(?m)^\\| `--([a-z-]+)` \\| (?:`([^`]*)`)? ?\\| ?(.*) ?\\|$")
)

// docs/executor.md has the flags of --help, all of them, in its order, with its
// defaults.
func TestDocumentedFlags(t *testing.T) {
	var text bytes.Buffer
	help(&text)
	var want [][2]string
	for _, m := range helpFlag.FindAllStringSubmatch(text.String(), -1) {
		flag := [2]string{m[1]}
		if d := byItself.FindStringSubmatch(m[2]); d != nil {
			flag[1] = d[1]
		}
		want = append(want, flag)
	}
	if len(want) < 10 {
		t.Fatalf("--help lists %d flags: %s", len(want), text.String())
	}
	doc, err := os.ReadFile("../../docs/executor.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(doc), "\n## Flags\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var got [][2]string
	for _, m := range docFlag.FindAllStringSubmatch(section, -1) {
		got = append(got, [2]string{m[1], m[2]})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/executor.md (+) and --help (-) differ:\n%s", diff)
	}
}
