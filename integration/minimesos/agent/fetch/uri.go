package fetch

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// A URI is one thing to fetch (mesos.CommandInfo.URI).
type URI struct {
	Value      string `json:"value"`
	Executable bool   `json:"executable,omitempty"`
	Extract    bool   `json:"extract"`
	Cache      bool   `json:"cache,omitempty"`
	OutputFile string `json:"output_file,omitempty"`
}

// Validate finds what the agent refuses before any fetching starts. The text is
// what follows "Could not fetch: " in the status of the task.
func Validate(uris []URI) error {
	for _, u := range uris {
		if strings.ContainsAny(u.Value, "\\'\x00") {
			return fmt.Errorf("URI '%s' contains illegal characters", u.Value)
		}
		if filepath.IsAbs(u.OutputFile) {
			return errors.New("URI output file must be within the sandbox directory")
		}
		if strings.ContainsAny(u.OutputFile, "\\'\x00") {
			return fmt.Errorf("URI output file '%s' contains illegal characters", u.OutputFile)
		}
		if _, err := u.base(); err != nil {
			return err
		}
	}
	return nil
}

// base is the name of the file when no output file is given: all that follows
// the last slash, a query string too.
func (u URI) base() (string, error) {
	value := u.trimmed()
	if _, rest, ok := strings.Cut(value, "://"); ok {
		slash := strings.LastIndexByte(rest, '/')
		if slash < 0 || slash == len(rest)-1 {
			return "", fmt.Errorf("Malformed URI (missing path): %s", value) //nolint:staticcheck // Mesos' words
		}
		return rest[slash+1:], nil
	}
	return filepath.Base(value), nil
}

// target is the path in the sandbox, which it cannot leave.
func (u URI) target(sandbox string) (string, error) {
	name := u.OutputFile
	if name == "" {
		var err error
		if name, err = u.base(); err != nil {
			return "", err
		}
	}
	if !filepath.IsLocal(name) {
		return "", fmt.Errorf("%q is outside of the sandbox", name)
	}
	return filepath.Join(sandbox, name), nil
}

func (u URI) trimmed() string { return strings.TrimLeft(u.Value, " \t\r\n") }

// local is the file a URI without scheme or with file:// names.
func (u URI) local(home string) (string, bool, error) {
	value := u.trimmed()
	if path, ok := strings.CutPrefix(value, "file://"); ok {
		path = strings.TrimPrefix(path, "localhost")
		if !filepath.IsAbs(path) {
			return "", true, fmt.Errorf("File URI only supports absolute paths: '%s'", value) //nolint:staticcheck // Mesos' words
		}
		return path, true, nil
	}
	if strings.Contains(value, "://") {
		return "", false, nil
	}
	if filepath.IsAbs(value) {
		return value, true, nil
	}
	if home == "" {
		return "", true, errors.New("A relative path was passed for the resource but the Mesos framework home was not specified") //nolint:staticcheck // Mesos' words
	}
	return filepath.Join(home, value), true, nil
}

// overNet says whether the URI is fetched by HTTP.
func (u URI) overNet() bool {
	parsed, err := url.Parse(u.trimmed())
	return err == nil && (parsed.Scheme == "http" || parsed.Scheme == "https")
}
