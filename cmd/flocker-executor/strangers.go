package main

import (
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// strangers are variables that look like settings and are none: each is a
// sentence that names the nearest setting. A misspelt one would otherwise leave
// the default in force without a word.
func strangers(environ []string) []string {
	var known, out []string
	defaults().flags().VisitAll(func(f *flag.Flag) { known = append(known, variable(f.Name)) })
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, variablePrefix) && !slices.Contains(known, name) {
			out = append(out, fmt.Sprintf("environment variable %s is no setting; did you mean %s?", name, volumes.Nearest(name, known)))
		}
	}
	return out
}
