package marathon

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// App is an app definition, as posted to /v2/apps. It holds the fields that
// reach a task, and those that may stand beside them without reaching it. Apps
// come from Parse and Read.
type App struct {
	ID                         string             `json:"id"`
	Cmd                        *string            `json:"cmd,omitempty"`
	Args                       []string           `json:"args,omitempty"`
	User                       *string            `json:"user,omitempty"`
	CPUs                       float64            `json:"cpus"`
	Mem                        float64            `json:"mem"`
	Disk                       float64            `json:"disk"`
	GPUs                       int                `json:"gpus"`
	Instances                  int                `json:"instances"`
	Executor                   string             `json:"executor"`
	ExecutorResources          *ExecutorResources `json:"executorResources,omitempty"`
	Env                        map[string]string  `json:"env,omitempty"`
	Labels                     map[string]string  `json:"labels,omitempty"`
	Fetch                      []Fetch            `json:"fetch,omitempty"`
	PortDefinitions            []PortDefinition   `json:"portDefinitions"`
	RequirePorts               bool               `json:"requirePorts"`
	HealthChecks               []HealthCheck      `json:"healthChecks,omitempty"`
	Check                      *Check             `json:"check,omitempty"`
	Container                  *Container         `json:"container,omitempty"`
	Constraints                [][]string         `json:"constraints,omitempty"`
	TaskKillGracePeriodSeconds *float64           `json:"taskKillGracePeriodSeconds,omitempty"`
	UpgradeStrategy            UpgradeStrategy    `json:"upgradeStrategy"`
	// Version is when the app was posted, in RFC 3339 with milliseconds.
	Version string `json:"version,omitempty"`

	// What follows never reaches a task.
	BackoffSeconds        *float64        `json:"backoffSeconds,omitempty"`
	BackoffFactor         *float64        `json:"backoffFactor,omitempty"`
	MaxLaunchDelaySeconds *float64        `json:"maxLaunchDelaySeconds,omitempty"`
	UnreachableStrategy   json.RawMessage `json:"unreachableStrategy,omitempty"`

	definition []byte // all of it, as JSON
}

// UpgradeStrategy says how many instances there may be while a new version
// replaces an old one, as fractions of Instances: 1 and 1 by default.
type UpgradeStrategy struct {
	MinimumHealthCapacity float64 `json:"minimumHealthCapacity"`
	MaximumOverCapacity   float64 `json:"maximumOverCapacity"`
}

// ExecutorResources are what the executor gets beside the task.
type ExecutorResources struct {
	CPUs float64 `json:"cpus"`
	Mem  float64 `json:"mem"`
	Disk float64 `json:"disk"`
}

// Fetch is an artifact that the agent brings into the sandbox.
type Fetch struct {
	URI        string  `json:"uri"`
	Extract    bool    `json:"extract"`
	Executable bool    `json:"executable"`
	Cache      bool    `json:"cache"`
	DestPath   *string `json:"destPath,omitempty"`
}

// PortDefinition is a host port; 0 is any.
type PortDefinition struct {
	Port     uint32            `json:"port"`
	Protocol string            `json:"protocol"`
	Name     *string           `json:"name,omitempty"`
	Labels   map[string]string `json:"labels,omitempty"`
}

// executorValues are the values of "executor" that Marathon takes (app.raml); it
// answers 422 to all others, URLs among them.
var executorValues = regexp.MustCompile(`^(?:(//cmd)|(/?[^/]+(/[^/]+)*)|)$`)

// Read reads an app definition from a file.
func Read(path string) (App, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return App{}, err
	}
	app, err := Parse(data)
	if err != nil {
		return App{}, fmt.Errorf("app definition %s: %w", path, err)
	}
	return app, nil
}

// Parse reads an app definition, with Marathon's defaults. A field that this
// package does not know is an error: it would not be honoured.
func Parse(data []byte) (App, error) {
	app := App{
		CPUs: 1, Mem: 128, Instances: 1,
		PortDefinitions: []PortDefinition{{Protocol: "tcp", Name: ptr("default")}},
		UpgradeStrategy: UpgradeStrategy{MinimumHealthCapacity: 1, MaximumOverCapacity: 1},
	}
	if err := strict(data, &app); err != nil {
		return App{}, err
	}
	if !strings.HasPrefix(app.ID, "/") {
		app.ID = "/" + app.ID
	}
	if err := app.validate(); err != nil {
		return App{}, err
	}
	var err error
	app.definition, err = json.Marshal(app)
	return app, err
}

func (a App) validate() error {
	if a.ID == "/" {
		return fmt.Errorf("id is missing")
	}
	if !executorValues.MatchString(a.Executor) {
		return fmt.Errorf("executor %q: want a path like ./flocker-executor (a URL belongs into fetch), //cmd or nothing", a.Executor)
	}
	for i, h := range a.HealthChecks {
		if err := h.validate(len(a.PortDefinitions)); err != nil {
			return fmt.Errorf("healthChecks[%d]: %w", i, err)
		}
	}
	if a.Check != nil {
		if err := a.Check.validate(len(a.PortDefinitions)); err != nil {
			return fmt.Errorf("check: %w", err)
		}
	}
	_, err := a.node()
	return err
}

// node is the hostname that the app is bound to, "" for any.
func (a App) node() (string, error) {
	if len(a.Constraints) == 0 {
		return "", nil
	}
	c := a.Constraints[0]
	if len(a.Constraints) > 1 || len(c) != 3 || c[0] != "hostname" || c[1] != "CLUSTER" {
		return "", fmt.Errorf(`constraints %v: want [["hostname", "CLUSTER", "<node>"]] or none`, a.Constraints)
	}
	return c[2], nil
}
