package executor

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// HideToken removes the bearer token from this process' environment, also from
// the block of memory that the kernel shows as /proc/<pid>/environ: once a token
// is out, whoever has it can speak for this executor. The processes that lead to
// this one (the agent's helper, a shell) keep theirs; a task cannot see them, for
// it lives in a PID namespace of its own. Call it once, when the token is read.
func HideToken() error {
	if os.Getenv(VariableToken) == "" {
		return nil
	}
	if err := os.Unsetenv(VariableToken); err != nil {
		return err
	}
	if err := blankVariable(VariableToken); err != nil {
		return fmt.Errorf("overwrite %s: %w", VariableToken, err)
	}
	return nil
}

// blankVariable overwrites the value with spaces where the kernel put it when
// this process began. Go has copied the environment long before.
func blankVariable(name string) (err error) {
	start, end, err := environmentBlock()
	if err != nil {
		return err
	}
	memory, err := os.OpenFile("/proc/self/mem", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, memory.Close()) }()
	block := make([]byte, end-start)
	if _, err := memory.ReadAt(block, start); err != nil {
		return err
	}
	for _, entry := range bytes.Split(block, []byte{0}) {
		if value, ok := bytes.CutPrefix(entry, []byte(name+"=")); ok {
			copy(value, bytes.Repeat([]byte{' '}, len(value)))
		}
	}
	_, err = memory.WriteAt(block, start)
	return err
}

// environmentBlock is where /proc/self/stat says that the environment lies
// (proc_pid_stat(5): env_start and env_end, fields 50 and 51).
func environmentBlock() (start, end int64, err error) {
	text, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0, 0, err
	}
	// The second field, the name in parentheses, may itself hold any of them.
	rest := string(text[bytes.LastIndexByte(text, ')')+1:])
	fields := strings.Fields(rest)
	if len(fields) < 49 {
		return 0, 0, fmt.Errorf("/proc/self/stat has %d fields", len(fields)+2)
	}
	start, err1 := strconv.ParseInt(fields[47], 10, 64)
	end, err2 := strconv.ParseInt(fields[48], 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, err
	}
	if start <= 0 || end < start {
		return 0, 0, fmt.Errorf("/proc/self/stat says that the environment lies from %d to %d", start, end)
	}
	return start, end, nil
}
