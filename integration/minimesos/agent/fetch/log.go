package fetch

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// logger writes in the form of Google's logging library, as mesos-fetcher does.
type logger struct{ out io.Writer }

func (l logger) info(line int, format string, args ...any)    { l.line('I', line, format, args...) }
func (l logger) warning(line int, format string, args ...any) { l.line('W', line, format, args...) }
func (l logger) failure(format string, args ...any)           { l.line('E', 615, format, args...) }

func (l logger) line(severity byte, line int, format string, args ...any) {
	// A sandbox that is full or gone shows in the fetching itself.
	_, _ = fmt.Fprintf(l.out, "%c%s %5d fetcher.cpp:%d] %s\n", severity,
		time.Now().UTC().Format("0102 15:04:05.000000"), os.Getpid(), line, fmt.Sprintf(format, args...))
}

// describe writes what is going to be fetched.
func (j *job) describe(items []item) {
	text, err := json.Marshal(struct {
		CacheDirectory   string `json:"cache_directory"`
		Items            []item `json:"items"`
		SandboxDirectory string `json:"sandbox_directory"`
		StallTimeout     struct {
			Nanoseconds int64 `json:"nanoseconds"`
		} `json:"stall_timeout"`
		User string `json:"user"`
	}{
		CacheDirectory: j.cache.dir + "/" + j.user, Items: items, SandboxDirectory: j.sandbox, User: j.user,
		StallTimeout: struct {
			Nanoseconds int64 `json:"nanoseconds"`
		}{j.stall.Nanoseconds()},
	})
	if err != nil {
		j.log.warning(562, "Fetcher Info cannot be shown: %v", err)
		return
	}
	j.log.info(562, "Fetcher Info: %s", text)
}
