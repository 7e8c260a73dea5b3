package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// event is one line of "go test -json".
type event struct {
	Action  string
	Package string
	Test    string
	Elapsed float64
	Output  string
}

// outcome of all tests of one name, subtests included: several packages may
// have it, and a package may run more than once.
type outcome struct{ passed, failed bool }

type result struct {
	passed  int
	failed  []string
	skipped []string
	output  map[string]*strings.Builder
	tests   map[string]outcome // by the name of the test, without its package
}

func read(log io.Reader) (*result, error) {
	r := &result{output: map[string]*strings.Builder{}, tests: map[string]outcome{}}
	lines := bufio.NewScanner(log)
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
		r.pass(e)
	case "fail":
		r.failed = append(r.failed, name)
		r.tests[e.Test] = outcome{failed: true}
	case "skip":
		if e.Test != "" { // a package without tests is "skipped" too
			r.skipped = append(r.skipped, name)
			r.tests[e.Test] = outcome{failed: true}
		}
	}
}

func (r *result) pass(e event) {
	if e.Test == "" {
		fmt.Printf("ok    %-70s %6.1f s\n", e.Package, e.Elapsed)
		return
	}
	r.passed++
	o := r.tests[e.Test]
	o.passed = true
	r.tests[e.Test] = o
}

func (r *result) print() error {
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
	switch {
	case failures > 0:
		return fmt.Errorf("%d tests failed or were skipped", failures)
	case r.passed == 0:
		return errors.New("no test ran")
	}
	return nil
}
