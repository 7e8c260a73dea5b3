// Command report reads the output of "go test -json" and says what failed. It
// fails when a test failed or was skipped, or when none ran.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

type event struct {
	Action  string
	Package string
	Test    string
	Elapsed float64
	Output  string
}

type result struct {
	passed  int
	failed  []string
	skipped []string
	output  map[string]*strings.Builder
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: report LOG")
		os.Exit(2)
	}
	r, err := read(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
	if !r.print() {
		os.Exit(1)
	}
}

func read(path string) (*result, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	r := &result{output: map[string]*strings.Builder{}}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.Action == "" {
			fmt.Println(lines.Text()) // make, the compiler
			continue
		}
		r.add(e)
	}
	return r, lines.Err()
}

func (r *result) add(e event) {
	name := e.Package
	if e.Test != "" {
		name += " " + e.Test
	}
	switch e.Action {
	case "output":
		if r.output[name] == nil {
			r.output[name] = &strings.Builder{}
		}
		r.output[name].WriteString(e.Output)
	case "pass":
		if e.Test != "" {
			r.passed++
		} else {
			fmt.Printf("ok    %-70s %6.1f s\n", e.Package, e.Elapsed)
		}
	case "fail":
		r.failed = append(r.failed, name)
	case "skip":
		if e.Test != "" { // a package without tests is "skipped" too
			r.skipped = append(r.skipped, name)
		}
	}
}

func (r *result) print() bool {
	for _, name := range r.failed {
		fmt.Printf("--- FAIL %s\n", name)
		if out := r.output[name]; out != nil {
			fmt.Print(out.String())
		}
	}
	for _, name := range r.skipped {
		fmt.Printf("--- SKIPPED, which is not allowed here: %s\n", name)
	}
	failures := len(r.failed) + len(r.skipped)
	fmt.Printf("%d passed, %d failed\n", r.passed, failures)
	return failures == 0 && r.passed > 0
}
