package main

import (
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func (s *settings) level() (zapcore.Level, error) { return zapcore.ParseLevel(s.logLevel) }

// log writes to stderr, which is a file of the sandbox. Settings that cannot be
// read must not silence it.
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
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(os.Stderr), level))
}
