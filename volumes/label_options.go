package volumes

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

const supportedOptions = "rw, ro, size=, create=, dataset= and timeout="

// option is one word that may follow a volume's path. Options of one family
// exclude each other.
type option struct {
	family string
	flag   bool // takes no value
	set    func(v *Volume, value string) error
}

var options = map[string]option{
	"rw":      {"ro and rw", true, func(v *Volume, _ string) error { v.ReadOnly = false; return nil }},
	"ro":      {"ro and rw", true, func(v *Volume, _ string) error { v.ReadOnly = true; return nil }},
	"size":    {"size=", false, setSize},
	"create":  {"create=", false, setCreate},
	"dataset": {"dataset=", false, setDataset},
	"timeout": {"timeout=", false, setTimeout},
}

// laterOptions are the ones the interface has promised but this version lacks.
var laterOptions = []string{"profile", "shared", "delete", "force", "subpath", "owner", "mode", "host"}

// parseOptions reads what follows the second colon of a volume label.
func parseOptions(v *Volume, s string) error {
	words, err := cut(s, ',', -1)
	if err != nil {
		return err
	}
	families := map[string]string{}
	for _, word := range words {
		name, value, hasValue := strings.Cut(unescape(word), "=")
		o, err := lookup(name)
		if err != nil {
			return err
		}
		if before, again := families[o.family]; again {
			return fmt.Errorf("option %q: %q is already given; only one of %s is allowed, once", name, before, o.family)
		}
		families[o.family] = name
		switch {
		case o.flag && hasValue:
			return fmt.Errorf("option %q: it takes no value, and has %q", name, value)
		case !o.flag && value == "":
			return fmt.Errorf("option %q: no value; it must be %s=<value>", name, name)
		}
		if err := o.set(v, value); err != nil {
			return fmt.Errorf("option %q: value %q: %w", name, value, err)
		}
	}
	return nil
}

func lookup(name string) (option, error) {
	o, ok := options[name]
	switch {
	case ok:
		return o, nil
	case name == "":
		return o, errors.New("an empty option; supported are " + supportedOptions)
	case slices.Contains(laterOptions, name), strings.HasPrefix(name, "meta."):
		return o, fmt.Errorf("option %q: not supported yet; supported are %s", name, supportedOptions)
	}
	known := slices.Clone(laterOptions)
	for n := range options {
		known = append(known, n)
	}
	return o, fmt.Errorf("option %q: unknown; did you mean %q? Supported are %s", name, Nearest(name, known), supportedOptions)
}

func setCreate(v *Volume, value string) error {
	switch value {
	case "true", "false":
		v.Create = value == "true"
		return nil
	}
	return errors.New("true and false are allowed")
}

var uuid4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func setDataset(v *Volume, value string) error {
	v.Dataset = strings.ToLower(value)
	if !uuid4.MatchString(v.Dataset) {
		return errors.New("not a dataset id; a version 4 UUID with dashes is allowed")
	}
	return nil
}

func setTimeout(v *Volume, value string) error {
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return errors.New("not a time span; a positive number with a unit is allowed, as in 90s, 5m or 1m30s")
	}
	v.Timeout = d
	return nil
}
