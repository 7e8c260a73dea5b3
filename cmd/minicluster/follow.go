package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"
)

// follow sends each line that is appended to a file until ctx ends, then the
// rest, and closes lines.
func follow(ctx context.Context, path string, lines chan<- string) {
	defer close(lines)
	f, err := os.Open(path)
	if err != nil {
		lines <- "(" + err.Error() + ")"
		return
	}
	defer func() { _ = f.Close() }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	r, partial := bufio.NewReader(f), ""
	for {
		text, err := r.ReadString('\n')
		partial += text
		if err == nil {
			lines <- strings.TrimSuffix(partial, "\n")
			partial = ""
			continue
		}
		if !errors.Is(err, io.EOF) || ctx.Err() != nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}
