package volumes

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const volumeShape = `<name>:<container path>[:<option>,<option>…]`

// maxName is how long a value of a dataset's metadata may be.
const maxName = 256

// parseVolume reads the value of one volume label.
func parseVolume(l Label) (Volume, error) {
	v := Volume{Label: l.Key, Create: true}
	if l.Value == "" {
		return v, errors.New("no value; it must be " + volumeShape)
	}
	parts, err := cut(l.Value, ':', 3)
	if err != nil {
		return v, err
	}
	if len(parts) < 2 {
		return v, errors.New("no container path; it must be " + volumeShape)
	}
	v.Name = unescape(parts[0])
	if err := checkName(v.Name); err != nil {
		return v, fmt.Errorf("name: %w", err)
	}
	if v.Path, err = cleanPath(unescape(parts[1])); err != nil {
		return v, fmt.Errorf("container path: %w", err)
	}
	if len(parts) == 3 {
		err = parseOptions(&v, parts[2])
	}
	return v, err
}

func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("empty; it must be " + volumeShape)
	case utf8.RuneCountInString(name) > maxName:
		return fmt.Errorf("%d characters; at most %d are allowed", utf8.RuneCountInString(name), maxName)
	case !utf8.ValidString(name), strings.ContainsFunc(name, unicode.IsControl):
		return errors.New("control characters or invalid UTF-8; any other text is allowed")
	}
	return nil
}

// cleanPath refuses what cannot be the place of a volume. What it returns has
// no "." element, no double slash and no slash at its end.
func cleanPath(p string) (string, error) {
	switch {
	case p == "":
		return "", errors.New("empty; it must be relative to the sandbox, or absolute")
	case strings.ContainsRune(p, 0):
		return "", errors.New("holds a NUL byte")
	case slices.Contains(strings.Split(p, "/"), ".."):
		return "", errors.New(`".." is not allowed; it must lie below the sandbox, or be absolute`)
	}
	switch clean := path.Clean(p); clean {
	case ".", "/":
		return "", fmt.Errorf("%q is not a place for a volume; it must name a directory below the sandbox, or below /", p)
	default:
		return clean, nil
	}
}

// cut splits s at the first n-1 unescaped separators and leaves the escapes as
// they are. n < 0 means at all of them.
func cut(s string, sep byte, n int) ([]string, error) {
	var parts []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && (i+1 == len(s) || !strings.ContainsRune(`\:,`, rune(s[i+1]))):
			return nil, fmt.Errorf(`a backslash at byte %d escapes nothing; \: \, and \\ are allowed`, i)
		case s[i] == '\\':
			i++
		case s[i] == sep && len(parts)+1 != n:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:]), nil
}

// unescape removes the escapes of one part that cut has returned.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
