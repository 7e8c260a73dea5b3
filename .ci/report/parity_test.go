package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const log = `{"Action":"run","Package":"p","Test":"TestPasses"}
{"Action":"pass","Package":"p","Test":"TestPasses/a_part"}
{"Action":"pass","Package":"p","Test":"TestPasses"}
{"Action":"pass","Package":"p","Test":"FuzzSeeds"}
{"Action":"fail","Package":"p","Test":"TestFails"}
{"Action":"skip","Package":"p","Test":"TestSkipped"}
{"Action":"pass","Package":"p","Test":"TestTwice"}
{"Action":"fail","Package":"q","Test":"TestTwice"}
{"Action":"fail","Package":"q","Test":"TestTwiceToo"}
{"Action":"pass","Package":"p","Test":"TestTwiceToo"}
{"Action":"pass","Package":"p"}
`

const head = "# Parity\n\nText.\n\n## Tasks\n\n| behaviour | built-in executor | ours | test |\n|---|---|---|---|\n"

func TestParity(t *testing.T) {
	for name, c := range map[string]struct {
		table string
		want  []string
	}{
		"good":                {head + "| a | b | c | TestPasses |\n", nil},
		"several":             {head + "| a | b | c | TestPasses, `TestPasses/a_part` |\n", nil},
		"fuzz target":         {head + "| a | b | c | FuzzSeeds |\n", nil},
		"bar in a cell":       {head + `| a \| b | b | c | TestPasses |` + "\n", nil},
		"no name":             {head + "| a | b | c | by hand |\n", []string{`line 9: "by hand" is not the name of a test`}},
		"lower case":          {head + "| a | b | c | Testing |\n", []string{`line 9: "Testing" is not the name of a test`}},
		"one of two":          {head + "| a | b | c | TestPasses, see above |\n", []string{`line 9: "see above" is not the name of a test`}},
		"did not run":         {head + "| a | b | c | TestAbsent |\n", []string{"line 9: TestAbsent did not run"}},
		"subtest that is not": {head + "| a | b | c | TestPasses/other |\n", []string{"line 9: TestPasses/other did not run"}},
		"failed":              {head + "| a | b | c | TestFails |\n", []string{"line 9: TestFails did not pass"}},
		"skipped":             {head + "| a | b | c | TestSkipped |\n", []string{"line 9: TestSkipped did not pass"}},
		"failed elsewhere":    {head + "| a | b | c | TestTwice, TestTwiceToo |\n", []string{"line 9: TestTwice did not pass", "line 9: TestTwiceToo did not pass"}},
		"empty cell":          {head + "| a |  | c | TestPasses |\n", []string{`line 9: cell "built-in executor" is empty`}},
		"no test":             {head + "| a | b | c | |\n", []string{`line 9: "" is not the name of a test`, `line 9: cell "test" is empty`}},
		"cell too few":        {head + "| a | b | TestPasses |\n", []string{"line 9 has 3 cells, want 4 (behaviour, built-in executor, ours, test)"}},
		"bar too many":        {head + "| a | b | c | d | TestPasses |\n", []string{"line 9 has 5 cells, want 4 (behaviour, built-in executor, ours, test)"}},
		"empty section":       {head + "| a | b | c | TestPasses |\n\n## Checks\n", []string{`section "Checks" has no row`}},
		"nothing":             {"# Parity\n", []string{"there is no row"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := readParity(strings.NewReader(c.table))
			if err != nil {
				t.Fatal(err)
			}
			r, err := read(strings.NewReader(log))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, p.check(r.tests)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The report fails on a failure, on a skip, and when nothing ran.
func TestReport(t *testing.T) {
	for name, c := range map[string]struct {
		log  string
		want string
	}{
		"passed":  {`{"Action":"pass","Package":"p","Test":"TestA"}`, ""},
		"failed":  {`{"Action":"fail","Package":"p","Test":"TestA"}`, "1 tests failed or were skipped"},
		"build":   {`{"Action":"fail","Package":"p"}`, "1 tests failed or were skipped"},
		"skipped": {`{"Action":"skip","Package":"p","Test":"TestA"}`, "1 tests failed or were skipped"},
		"nothing": {`{"Action":"skip","Package":"p"}`, "no test ran"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := read(strings.NewReader(c.log))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if err := r.print(); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
