//go:build mesos

package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/moby/sys/reexec"
)

// mesosMasterMain is the child that becomes mesos-master.
const mesosMasterMain = "minicluster-mesos-master"

func init() {
	reexec.Register(mesosMasterMain, agentMain(func(_ context.Context, c nodeConfig, ready func()) error {
		return become(c.Mesos.Command, ready)
	}))
}

// operatorAPI is a master's /api/v1.
type operatorAPI struct{ url string }

func (o operatorAPI) call(ctx context.Context, kind string, answer any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.url+"/api/v1", strings.NewReader(`{"type":"`+kind+`"}`))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s/api/v1: %s", kind, o.url, res.Status)
	}
	return json.NewDecoder(res.Body).Decode(answer)
}

func (o operatorAPI) healthy(ctx context.Context) error {
	var answer struct {
		Health struct {
			Healthy bool `json:"healthy"`
		} `json:"get_health"`
	}
	err := o.call(ctx, "GET_HEALTH", &answer)
	if err == nil && !answer.Health.Healthy {
		err = errors.New("the master says that it is not healthy")
	}
	return err
}

// connected says whether the master has an active agent of this hostname.
func (o operatorAPI) connected(ctx context.Context, hostname string) (bool, error) {
	var answer struct {
		Agents struct {
			Agents []struct {
				Active bool `json:"active"`
				Info   struct {
					Hostname string `json:"hostname"`
				} `json:"agent_info"`
			} `json:"agents"`
		} `json:"get_agents"`
	}
	err := o.call(ctx, "GET_AGENTS", &answer)
	for _, a := range answer.Agents.Agents {
		if a.Active && a.Info.Hostname == hostname {
			return true, err
		}
	}
	return false, err
}
