package docker

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/api/types/registry"
	"go.uber.org/zap"
)

// hub is what Docker's registry is called in configurations.
const hub = "https://index.docker.io/v1/"

// maxConfig bounds a configuration: its file is the user's.
const maxConfig = 1 << 20

// dockerConfig is the part of docker's own configuration that is used.
type dockerConfig struct {
	Auths   map[string]registry.AuthConfig `json:"auths"`
	Store   string                         `json:"credsStore"`
	Helpers map[string]string              `json:"credHelpers"`
}

// credentials returns what to say to the registry of ref, "" if nothing. They come
// from .docker/config.json in the sandbox, or .dockercfg there, else from the
// operator's file. Credential helpers are programs, and none is run.
func (e *Engine) credentials(c Container, ref reference.Named) (string, error) {
	config, err := e.dockerConfig(c.Sandbox)
	if err != nil || config == nil {
		return "", err
	}
	domain := reference.Domain(ref)
	auth, found := config.find(domain)
	if !found {
		if config.Store != "" || config.Helpers[domain] != "" {
			e.log.Warn("docker: credential helpers are not run; put the credentials under auths in .docker/config.json", zap.String("registry", domain))
		}
		return "", nil
	}
	header, err := authconfig.Encode(auth)
	if err != nil {
		return "", fmt.Errorf("credentials of registry %s: %w", domain, err)
	}
	return header, nil
}

func (e *Engine) dockerConfig(sandbox string) (*dockerConfig, error) {
	root, err := os.OpenRoot(sandbox)
	if err != nil {
		return nil, fmt.Errorf("look for credentials: %w", err)
	}
	defer func() { _ = root.Close() }() // only read
	config, err := readConfig(root.Open, ".docker/config.json", parseConfig)
	if errors.Is(err, fs.ErrNotExist) {
		config, err = readConfig(root.Open, ".dockercfg", parseOldConfig)
	}
	if errors.Is(err, fs.ErrNotExist) && e.config != "" {
		return readConfig(os.Open, e.config, parseConfig)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return config, err
}

func readConfig(open func(string) (*os.File, error), name string, parse func([]byte) (*dockerConfig, error)) (*dockerConfig, error) {
	file, err := open(name)
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	defer func() { _ = file.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(file, maxConfig))
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	config, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("read credentials in %s: %w", name, err)
	}
	return config, nil
}

func parseConfig(text []byte) (*dockerConfig, error) {
	var config dockerConfig
	if err := json.Unmarshal(text, &config); err != nil {
		return nil, secretless(err)
	}
	return &config, config.decode()
}

// parseOldConfig reads the format before Docker 1.7.
func parseOldConfig(text []byte) (*dockerConfig, error) {
	var config dockerConfig
	if err := json.Unmarshal(text, &config.Auths); err != nil {
		return nil, secretless(err)
	}
	return &config, config.decode()
}

// secretless says where the text is wrong without quoting it.
func secretless(err error) error {
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return fmt.Errorf("not JSON at byte %d", syntax.Offset)
	}
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		return fmt.Errorf("%q must not be of type %s", wrong.Field, wrong.Value)
	}
	return errors.New("not JSON")
}

// decode takes auth, base64 of user:password, apart.
func (c *dockerConfig) decode() error {
	for host, auth := range c.Auths {
		auth.ServerAddress = host
		if auth.Auth != "" {
			text, err := base64.StdEncoding.DecodeString(auth.Auth)
			user, password, two := strings.Cut(string(text), ":")
			if err != nil || !two {
				return fmt.Errorf("auth of %q is not base64 of user:password", host)
			}
			auth.Username, auth.Password, auth.Auth = user, strings.TrimRight(password, "\x00"), ""
		}
		c.Auths[host] = auth
	}
	return nil
}

// find: a registry is named with or without a scheme and a path.
func (c *dockerConfig) find(domain string) (registry.AuthConfig, bool) {
	if domain == "docker.io" {
		if auth, found := c.Auths[hub]; found {
			return auth, usable(auth)
		}
	}
	for host, auth := range c.Auths {
		bare := host
		if _, rest, found := strings.Cut(host, "://"); found {
			bare = rest
		}
		bare, _, _ = strings.Cut(bare, "/")
		if bare == domain {
			return auth, usable(auth)
		}
	}
	return registry.AuthConfig{}, false
}

// usable: `docker login` with a helper leaves entries that are empty.
func usable(a registry.AuthConfig) bool {
	return a.Username != "" || a.IdentityToken != "" || a.RegistryToken != ""
}
