package flocker

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// DefaultPort is the REST API's. The port in agent.yml is another: the agents'.
const DefaultPort = 4523

// ErrNoConfig says that something which must be known is configured nowhere.
var ErrNoConfig = errors.New("not configured")

// Config is where the control service is, and who we are to it.
type Config struct {
	Host       string // of the control service
	Port       int    // of its REST API
	CAFile     string // the cluster's certificate
	CertFile   string // a user's certificate, its common name "user-…"
	KeyFile    string
	ServerName string // name in the service's certificate, when it is not Host
	Node       string // id of this machine's Flocker node; "" to find it out
}

// Options returns what a Client for this configuration is made with.
func (c Config) Options() Options {
	u := url.URL{Scheme: "https", Host: net.JoinHostPort(c.Host, strconv.Itoa(c.Port))}
	return Options{URL: u.String(), CAFile: c.CAFile, CertFile: c.CertFile, KeyFile: c.KeyFile, ServerName: c.ServerName}
}

// ResolveConfig takes each field from the first source that has it: flags, the
// variables FLOCKER_CONTROL_SERVICE_* (those of Kubernetes' Flocker plugin), the
// files in etc, which is /etc/flocker. Certificate and key always come from the
// same source. An error lists everything that was looked for; it is ErrNoConfig
// when something is missing.
func ResolveConfig(flags Config, getenv func(string) string, etc string) (Config, error) {
	env := func(name string) string { return getenv("FLOCKER_CONTROL_SERVICE_" + name) }
	c := flags
	var errs []error
	var err error
	if c.Host, err = resolveHost(flags.Host, env("HOST"), etc); err != nil {
		errs = append(errs, err)
	}
	if c.Port, err = resolvePort(flags.Port, env("PORT")); err != nil {
		errs = append(errs, err)
	}
	if c.CAFile, err = resolveCA(flags.CAFile, env("CA_FILE"), etc); err != nil {
		errs = append(errs, err)
	}
	c.CertFile, c.KeyFile, err = resolvePair(
		pair{flags.CertFile, flags.KeyFile}, pair{env("CLIENT_CERT_FILE"), env("CLIENT_KEY_FILE")}, etc)
	if err != nil {
		errs = append(errs, err)
	}
	if c.Node != "" && !isUUID(c.Node) {
		errs = append(errs, fmt.Errorf("--flocker-node %q: not a UUID", c.Node))
	}
	c.Node = strings.ToLower(c.Node)
	if len(errs) > 0 {
		return Config{}, fmt.Errorf("flocker configuration: %w", oneError(errs))
	}
	return c, nil
}

func resolveHost(flag, env, etc string) (string, error) {
	source, host := "--flocker-host", flag
	if host == "" {
		source, host = "FLOCKER_CONTROL_SERVICE_HOST", env
	}
	if host == "" {
		var err error
		source = agentFile(etc)
		if host, err = agentHost(source); err != nil {
			return "", fmt.Errorf("control service's host %w: neither --flocker-host nor FLOCKER_CONTROL_SERVICE_HOST is set, and %w", ErrNoConfig, err)
		}
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.ContainsAny(host, "/ \t\n@") || (strings.Contains(host, ":") && net.ParseIP(host) == nil) {
		return "", fmt.Errorf("%s: host %q: want a host name or an address alone, without scheme or port", source, host)
	}
	return host, nil
}

func resolvePort(flag int, env string) (int, error) {
	source, port := "--flocker-port", flag
	if port == 0 && env != "" {
		var err error
		source = "FLOCKER_CONTROL_SERVICE_PORT"
		if port, err = strconv.Atoi(env); err != nil {
			return 0, fmt.Errorf("%s: %q: want a number from 1 to 65535", source, env)
		}
	} else if port == 0 {
		port = DefaultPort
	}
	if port < 1 || port > 65535 {
		return 0, fmt.Errorf("%s: %d: want a number from 1 to 65535", source, port)
	}
	return port, nil
}

// oneError puts several errors on one line, for a status message.
func oneError(errs []error) error {
	err := errs[0]
	for _, next := range errs[1:] {
		err = fmt.Errorf("%w; %w", err, next)
	}
	return err
}
