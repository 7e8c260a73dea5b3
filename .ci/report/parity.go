package main

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// columns of a table of docs/parity.md.
var columns = []string{"behaviour", "built-in executor", "ours", "test"}

var (
	testName  = regexp.MustCompile(`^(Test|Fuzz)[^a-z\s][^\s]*$`)
	separator = regexp.MustCompile(`^:?-+:?$`)
)

// parity is what docs/parity.md says.
type parity struct {
	rows     int
	sections map[string]int // rows of each
	tests    map[string]int // names, and the line that has them first
	problems []string
}

// readParity reads the tables. What is wrong with them by themselves is in
// problems.
func readParity(r io.Reader) (*parity, error) {
	p := &parity{sections: map[string]int{}, tests: map[string]int{}}
	section := ""
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if name, ok := strings.CutPrefix(line, "## "); ok {
			section = name
			p.sections[section] = 0
		}
		if !strings.HasPrefix(line, "|") {
			continue
		}
		cells := split(line)
		if slices.Equal(cells, columns) || isSeparator(cells) {
			continue
		}
		p.row(n, cells)
		p.rows++
		p.sections[section]++
	}
	for name, rows := range p.sections {
		if rows == 0 {
			p.problem("section %q has no row", name)
		}
	}
	if p.rows == 0 {
		p.problem("there is no row")
	}
	return p, lines.Err()
}

// split cuts a row at its bars; \| is a bar in a cell.
func split(line string) []string {
	const bar = "\x00"
	line = strings.ReplaceAll(line, `\|`, bar)
	line = strings.TrimSuffix(strings.TrimPrefix(line, "|"), "|")
	var cells []string
	for cell := range strings.SplitSeq(line, "|") {
		cells = append(cells, strings.TrimSpace(strings.ReplaceAll(cell, bar, "|")))
	}
	return cells
}

func isSeparator(cells []string) bool {
	return !slices.ContainsFunc(cells, func(c string) bool { return !separator.MatchString(c) })
}

func (p *parity) row(n int, cells []string) {
	if len(cells) != len(columns) {
		p.problem("line %d has %d cells, want %d (%s)", n, len(cells), len(columns), strings.Join(columns, ", "))
		return
	}
	for i, cell := range cells {
		if cell == "" {
			p.problem("line %d: cell %q is empty", n, columns[i])
		}
	}
	for name := range strings.SplitSeq(cells[3], ",") {
		name = strings.Trim(strings.TrimSpace(name), "`")
		if !testName.MatchString(name) {
			p.problem("line %d: %q is not the name of a test", n, name)
			continue
		}
		if p.tests[name] == 0 {
			p.tests[name] = n
		}
	}
}

func (p *parity) problem(format string, args ...any) {
	p.problems = append(p.problems, fmt.Sprintf(format, args...))
}

// check holds the named tests against those that ran, whatever their package.
func (p *parity) check(ran map[string]outcome) []string {
	problems := slices.Clone(p.problems)
	for name, line := range p.tests {
		switch o := ran[name]; {
		case o.failed:
			problems = append(problems, fmt.Sprintf("line %d: %s did not pass", line, name))
		case !o.passed:
			problems = append(problems, fmt.Sprintf("line %d: %s did not run", line, name))
		}
	}
	slices.Sort(problems)
	return problems
}
