package flocker

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxAgentFile keeps a wrong file from being read whole into memory.
const maxAgentFile = 1 << 20

type pair struct{ cert, key string }

func agentFile(etc string) string { return filepath.Join(etc, "agent.yml") }

// agentHost reads the control service's host name from the agents' file. The
// port beside it is the agents' own and is never used.
func agentHost(file string) (string, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", withoutPath(file, err)
	}
	if info.Size() > maxAgentFile {
		return "", fmt.Errorf("%s: %d bytes are too many for an agent's configuration", file, info.Size())
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", withoutPath(file, err)
	}
	var agent struct {
		ControlService struct {
			Hostname string `yaml:"hostname"`
		} `yaml:"control-service"`
	}
	if err := yaml.Unmarshal(b, &agent); err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	if agent.ControlService.Hostname == "" {
		return "", fmt.Errorf("%s has no hostname under control-service", file)
	}
	return agent.ControlService.Hostname, nil
}

func resolveCA(flag, env, etc string) (string, error) {
	for _, file := range []string{flag, env} {
		if file != "" {
			return file, nil
		}
	}
	file := filepath.Join(etc, "cluster.crt")
	if _, err := os.Stat(file); err != nil {
		return "", fmt.Errorf("cluster's certificate %w: neither --flocker-ca-file nor FLOCKER_CONTROL_SERVICE_CA_FILE is set, and %w",
			ErrNoConfig, withoutPath(file, err))
	}
	return file, nil
}

// resolvePair never puts a certificate of one source and a key of another
// together.
func resolvePair(flags, env pair, etc string) (cert, key string, err error) {
	for _, source := range []struct {
		pair
		certName, keyName string
	}{
		{flags, "--flocker-cert-file", "--flocker-key-file"},
		{env, "FLOCKER_CONTROL_SERVICE_CLIENT_CERT_FILE", "FLOCKER_CONTROL_SERVICE_CLIENT_KEY_FILE"},
	} {
		switch {
		case source.cert != "" && source.key != "":
			return source.cert, source.key, nil
		case source.cert != "":
			return "", "", fmt.Errorf("client key %w: %s is set and %s is not; they go together", ErrNoConfig, source.certName, source.keyName)
		case source.key != "":
			return "", "", fmt.Errorf("client certificate %w: %s is set and %s is not; they go together", ErrNoConfig, source.keyName, source.certName)
		}
	}
	return pairIn(etc)
}

// pairIn prefers the plugin's certificate to a person's.
func pairIn(etc string) (cert, key string, err error) {
	var missing []string
	for _, name := range []string{"plugin", "user"} {
		cert, key = filepath.Join(etc, name+".crt"), filepath.Join(etc, name+".key")
		whole := true
		for _, file := range []string{cert, key} {
			if _, err := os.Stat(file); err != nil {
				missing = append(missing, withoutPath(file, err).Error())
				whole = false
			}
		}
		if whole {
			return cert, key, nil
		}
	}
	return "", "", fmt.Errorf("client certificate and key %w: neither --flocker-cert-file nor FLOCKER_CONTROL_SERVICE_CLIENT_CERT_FILE is set, and %s",
		ErrNoConfig, strings.Join(missing, ", "))
}

// withoutPath says the file's name once.
func withoutPath(file string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("%s: %w", file, err)
}
