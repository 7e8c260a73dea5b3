// Command report reads the output of "go test -json" and says what failed. It
// fails when a test failed or was skipped, or when none ran; with -parity also
// when a row of that file's tables names no test that ran and passed.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	parityPath := flag.String("parity", "", "table of behaviours whose tests must be among those that passed")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: report [-parity FILE] LOG")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *parityPath); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func run(logPath, parityPath string) error {
	log, err := os.Open(logPath)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	r, err := read(log)
	if err != nil {
		return fmt.Errorf("read %s: %w", logPath, err)
	}
	err = r.print()
	if parityPath != "" {
		err = errors.Join(err, compare(parityPath, r.tests))
	}
	return err
}

// compare holds the table against the tests that ran.
func compare(path string, ran map[string]outcome) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	p, err := readParity(f)
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	problems := p.check(ran)
	for _, text := range problems {
		fmt.Printf("--- %s: %s\n", path, text)
	}
	fmt.Printf("%s: %d rows, %d tests\n", path, p.rows, len(p.tests))
	if len(problems) > 0 {
		return fmt.Errorf("%s: %d problems", path, len(problems))
	}
	return nil
}
