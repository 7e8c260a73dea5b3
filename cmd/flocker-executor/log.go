package main

import (
	"fmt"
	"os"
	"slices"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/sys/unix"
)

// level takes the four words of the help only; zap knows more.
func (s *settings) level() (zapcore.Level, error) {
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, s.logLevel) {
		return zapcore.InfoLevel, fmt.Errorf("--log-level %q: must be debug, info, warn or error", s.logLevel)
	}
	return zapcore.ParseLevel(s.logLevel)
}

// log writes to stderr, which is a file of the sandbox.
func (s *settings) log() *zap.Logger { return s.logTo(os.Stderr) }

// logTo writes to a place of the caller's. Settings that cannot be read must not
// silence it. It begins with the settings that are none.
func (s *settings) logTo(to zapcore.WriteSyncer) *zap.Logger {
	level, err := s.level()
	if err != nil {
		level = zapcore.InfoLevel
	}
	config := zap.NewProductionEncoderConfig()
	config.EncodeTime = zapcore.ISO8601TimeEncoder
	config.EncodeDuration = zapcore.StringDurationEncoder
	config.EncodeLevel = zapcore.CapitalLevelEncoder
	encoder := zapcore.NewConsoleEncoder(config)
	if s.logFormat == "json" {
		encoder = zapcore.NewJSONEncoder(config)
	}
	log := zap.New(zapcore.NewCore(encoder, zapcore.Lock(to), level))
	for _, stranger := range strangers(os.Environ()) {
		log.Warn(stranger)
	}
	return log
}

// lossy is a descriptor that takes what it can and loses the rest: a process that
// must not fail does not depend on who reads its words.
type lossy int

// lossyStderr is stderr. A pipe to a container logger is opened anew, so that
// writing waits for nobody; what it is opened from stays as it is for all who
// share it.
func lossyStderr() lossy {
	var s unix.Stat_t
	if err := unix.Fstat(unix.Stderr, &s); err != nil || s.Mode&unix.S_IFMT != unix.S_IFIFO {
		return lossy(unix.Stderr)
	}
	fd, err := unix.Open("/proc/self/fd/2", unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return lossy(unix.Stderr) // without readers, for one: then there is nothing to wait for
	}
	return lossy(fd)
}

// Write never fails. It goes past package os, which ends a process that writes to
// a broken pipe.
func (l lossy) Write(p []byte) (int, error) {
	_, _ = unix.Write(int(l), p)
	return len(p), nil
}

// Sync does nothing: a pipe cannot be synced, and a full disk must not matter.
func (l lossy) Sync() error { return nil }
