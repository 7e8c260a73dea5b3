package main

import (
	"fmt"
	"os"
	"slices"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// level takes the four words of the help only; zap knows more.
func (s *settings) level() (zapcore.Level, error) {
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, s.logLevel) {
		return zapcore.InfoLevel, fmt.Errorf("--log-level %q: must be debug, info, warn or error", s.logLevel)
	}
	return zapcore.ParseLevel(s.logLevel)
}

// log writes to stderr, which is a file of the sandbox. Settings that cannot be
// read must not silence it. It begins with the settings that are none.
func (s *settings) log() *zap.Logger {
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
	log := zap.New(zapcore.NewCore(encoder, zapcore.Lock(os.Stderr), level))
	for _, stranger := range strangers(os.Environ()) {
		log.Warn(stranger)
	}
	return log
}
