package executor_test

import (
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// Bad values of parameters: the error names the parameter, its value and what is
// allowed.
func TestDockerParameterValues(t *testing.T) {
	for _, row := range [][3]string{
		{"add-host", "db", "<name>:<IP address>"},
		{"add-host", ":1.2.3.4", "<name>:<IP address>"},
		{"blkio-weight", "2000", "from 0 to 1000"},
		{"blkio-weight-device", "/dev/sda:5", "weight from 10 to 1000"},
		{"cap-add", "", "empty"},
		{"cgroupns", "x", "host and private are allowed"},
		{"cpu-shares", "1.5", "a whole number"},
		{"cpus", "many", "a number of CPUs"},
		{"cpus", "0.0000000001", "at most nine decimals"},
		{"cpus", "-1", "at most nine decimals"},
		{"cpus", "1/3", "at most nine decimals"},
		{"device", "fuse", "<device of the node>"},
		{"device", "/dev/a:/dev/b:rr", "<device of the node>"},
		{"device-cgroup-rule", "c 42:1", "<major>:<minor>"},
		{"device", "/dev/a:/dev/b:/dev/c", "<device of the node>"},
		{"device-read-bps", "/dev/sda", "/dev/<device>:<rate>"},
		{"device-write-iops", "sda:1", "/dev/<device>:<rate>"},
		{"dns", "example.com", "an IP address"},
		{"dns", "fe80::1%eth0", "an IP address"},
		{"dns-search", "exa_mple.com", "a domain"},
		{"dns-search", "127.0.0.1", "a domain"},
		{"env", "=x", "<name>=<value>"},
		{"expose", "90-80", "<first>-<last>"},
		{"expose", "80/icmp", `protocol "icmp"`},
		{"gpus", "many", `count "many"`},
		{"gpus", "count=1,count=2", "count: given twice"},
		{"gpus", "x=y", "count, device, driver, capabilities and options"},
		{"gpus", `"`, "not a list"},
		{"health-interval", "1", "a time of at least 1ms"},
		{"health-timeout", "1us", "a time of at least 1ms"},
		{"health-cmd", "", "a shell command"},
		{"health-retries", "-1", "from 0"},
		{"init", "yes", "true and false"},
		{"ip", "fd00::1", "an address of that kind"},
		{"ip6", "10.0.0.1", "an address of that kind"},
		{"ipc", "mine", "none, private, shareable, host"},
		{"label", "=x", "<key>=<value>"},
		{"label", " =x", "<key>=<value>"},
		{"label", "a b=x", "no blanks in the key"},
		{"link", "a:b:c", "<container>[:<alias>]"},
		{"label", "flocker-executor.task=x", "are the executor's"},
		{"link-local-ip", "x", "an IP address"},
		{"memory", "lots", "a size"},
		{"memory", "-1", "a size"},
		{"memory-swappiness", "101", "from -1 to 100"},
		{"mount", "type=bind,target=/x", `source "": must be absolute`},
		{"mount", "type=tmpfs,target=/x,volume-nocopy", "volume- options do not go with type tmpfs"},
		{"mount", "type=bind,source=/srv,target=/x,tmpfs-size=1m", "tmpfs- options do not go with type bind"},
		{"mount", "type=bind,source=/srv,target=/x,bind-recursive=readonly", "enabled and disabled"},
		{"mount", "target", "<key>=<value>"},
		{"mount", "type=npipe,target=/x", "bind, volume and tmpfs"},
		{"mount", "type=tmpfs,source=x,target=/x", "a tmpfs has none"},
		{"mount", "source=/x,target=/y", "not the name of a docker volume"},
		{"mount", "target=x", `target "x": must be absolute`},
		{"mount", "target=/x,bind-nonrecursive=maybe", "true and false"},
		{"mount", "target=/x,tmpfs-mode=9", "an octal mode"},
		{"mount", "target=/x,tmpfs-size=x", "a size"},
		{"mount", "target=/x,volume-driver=flocker", "name the dataset in a label"},
		{"mount", "target=/x,volume-subpath=y", "type, source, target"},
		{"network", "", "host, bridge, none"},
		{"network", "container:", "host, bridge, none"},
		{"network", " ", "host, bridge, none"},
		{"network", "name=a,alias", "<key>=<value>"},
		{"network", "name=a,ip=fd00::1", "an address of that kind"},
		{"network", "name=a,driver-opt=b", "driver-opt=<key>=<value>"},
		{"network", "name=host,alias=x", `network "host" has no choice of them`},
		{"network", "name=bridge,ip=10.0.0.9", `network "bridge" has no choice of them`},
		{"network", "name=a,gw-priority=1", "name, alias, ip"},
		{"network", "name=a,ip=x", "an IP address is allowed"},
		{"no-healthcheck", "x", "true and false"},
		{"oom-kill-disable", "", "true and false"},
		{"oom-score-adj", "1001", "from -1000 to 1000"},
		{"pid", "mine", "host and container:<name>"},
		{"publish", "80:80", "not among the task's resource ports"},
		{"publish", "x:31000:80", `address "x": not an IP address`},
		{"publish", "31000-31001:80-82", "as many ports of the node as of the container"},
		{"publish", "31000-31002:80", "host port 31002: it is not among"},
		{"publish", "published=31000,size=80", "published=, target="},
		{"publish", "31000:x", "<first>-<last>"},
		{"publish", "31000:80/icmp", `protocol "icmp"`},
		{"security-opt", "seccomp=profile.json", "or the JSON text of a profile"},
		{"security-opt", "x=y", "no-new-privileges, seccomp="},
		{"security-opt", "systempaths:unconfined", "no-new-privileges, seccomp="},
		{"sysctl", "=1", "<key>=<value>"},
		{"sysctl", "vm.swappiness=1", "begins with net."},
		{"tmpfs", "x", "must be absolute"},
		{"tmpfs", "", "must be absolute"},
		{"ulimit", "as=1", "<name>=<soft>"},
		{"ulimit", "nofile=7:5", "<name>=<soft>"},
		{"userns", "x", "host are allowed"},
		{"uts", "x", "host are allowed"},
		{"volume", "/a:/b:ro:x", "[<path or name>:]<path in the container>"},
		{"volume", "/a:b", "must be absolute"},
		{"volume", "a", "must be absolute"},
		{"volume", "./a:/b", "an absolute path or the name"},
		{"volume", "/a:/b:rx", `mode "rx"`},
		{"workdir", "a\x00", "contains a zero byte"},
	} {
		uncontained(t, parametered(row[0], row[1]), "container.docker.parameters[0]: "+row[0]+": ", row[2])
	}
	uncontained(t, parametered("network", "host", "network", "web"), "only user networks can be several")
	uncontained(t, parametered("network", "host", "ip", "10.0.0.1"), `network "host" has no choice of them`)
	uncontained(t, parametered("net", "none", "publish", "31000:80"), `network "none": ports are mapped only in`)
	uncontained(t, parametered("net", "host", "hostname", "x"), "container.hostname")
	uncontained(t, parametered("net", "none", "link", "db"), `link: network "none" has no links`)
	uncontained(t, parametered("network", "name=a,alias=x", "network-alias", "y"), "network-alias: there is an alias in network as well")
	uncontained(t, parametered("network", "name=a,ip=10.0.0.1", "ip", "10.0.0.2"), "ip and ip6: there is such an address")
	uncontained(t, parametered("health-cmd", "x", "no-healthcheck", "true"), "no-healthcheck: there are health- options")
	uncontained(t, parametered("no-healthcheck", "true", "health-retries", "1"), "no-healthcheck: there are health- options")
	uncontained(t, parametered("log-driver", "none", "log-opt", "tag=x"), "log-driver none has no options")
	uncontained(t, parametered("cpus", "1", "cpu-quota", "5"), "cpus: the task has a quota already")
	uncontained(t, parametered("volume", "/a:/x", "tmpfs", "/x"), `container.docker.parameters[1]: tmpfs: value "/x": tmpfs: "/x": there is volume already`)
}

// Nothing that a parameter says may put a dataset at risk.
func TestDockerParametersAndDatasets(t *testing.T) {
	dataset := func(pairs ...string) mesos.TaskInfo {
		task := parametered(pairs...)
		task.Labels = withLabels("flocker.volume", "a:/data").Labels
		return task
	}
	for want, pair := range map[string][]string{
		`volume: "/data": there is the volume of label flocker.volume`: {"volume", "/srv:/data"},
		`volume: "/data/x": there is the volume`:                       {"volume", "/data/./x/"},
		`mount: "/data": there is the volume`:                          {"mount", "type=tmpfs,target=/data"},
		`tmpfs: "/data/x": there is the volume`:                        {"tmpfs", "/data/x:size=1m"},
		"mount: value \"type=bind,src=/srv,dst=/x,bind-propagation=rshared\": \"bind-propagation=rshared\": propagation shared and rshared are refused": {"mount", "type=bind,src=/srv,dst=/x,bind-propagation=rshared"},
		`propagation shared and rshared are refused`:                         {"volume", "/srv:/x:shared"},
		`source "/": below /flocker are the node's datasets`:                 {"volume", "/:/host:ro"},
		`source "/flocker/x": below /flocker`:                                {"mount", "type=bind,src=/flocker/x,dst=/x,bind-nonrecursive"},
		`pid: value "host": in another PID namespace`:                        {"pid", "host"},
		`pid: value "container:x": in another PID namespace`:                 {"pid", "container:x"},
		`volume driver "Flocker": name the dataset in a label`:               {"volume-driver", "Flocker"},
		`volumes-from: value "x": refused: another container's volumes`:      {"volumes-from", "x"},
		`cgroup-parent: value "/": refused: it is the executor's cgroup`:     {"cgroup-parent", "/"},
		`rm: value "true": refused: the executor removes the container`:      {"rm", "true"},
		`restart: value "always": refused: a container that ends is a task`:  {"restart", "always"},
		`"/mnt/mesos/sandbox": it would hide the container's own files`:      {"volume", "/srv:/mnt/mesos/sandbox"},
		`tmpfs: "/": it would hide the container's own files or its sandbox`: {"tmpfs", "/"},
	} {
		uncontained(t, dataset(pair...), want)
	}
	contained(t, dataset("privileged", "true", "volume", "/srv:/srv", "ipc", "host", "cap-add", "ALL"))
}

// Whatever a framework sends as a parameter is refused by its name, or gives a
// container that keeps what a task is promised.
func FuzzDockerParameters(f *testing.F) {
	for _, row := range parameterRows {
		f.Add(row.key, row.value)
	}
	for _, seed := range [][2]string{{"restart", "no"}, {"mount", `"`}, {"publish", "1-65535:1-65535"}, {"volume", "::"}, {"tmpfs", ":"}, {"network", "name="}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		task := parametered(key, value)
		task.Labels = withLabels("flocker.volume", "a:/data").Labels
		s, err := executor.NewSpec(t.Context(), task, dockerOptions())
		if err != nil {
			if !strings.Contains(err.Error(), "container.") && !strings.Contains(err.Error(), "volume driver") {
				t.Errorf("%v does not say where", err)
			}
			return
		}
		h := s.Container.Host
		if h.AutoRemove || !h.RestartPolicy.IsNone() || h.CgroupParent != "" || h.PidMode != "" || len(h.VolumesFrom) > 0 || s.Container.Config.Image != "" {
			t.Errorf("%s=%q gives %+v", key, value, h)
		}
		for _, m := range h.Mounts {
			if m.BindOptions != nil && strings.HasSuffix(string(m.BindOptions.Propagation), "shared") || volumes.Inside(m.Target, "/data") {
				t.Errorf("%s=%q mounts %+v", key, value, m)
			}
		}
		for _, b := range h.Binds {
			if parts := strings.Split(b, ":"); len(parts) < 2 || volumes.Inside(parts[1], "/data") || len(parts) == 3 && strings.Contains(parts[2], "shared") {
				t.Errorf("%s=%q binds %s", key, value, b)
			}
		}
		for target := range h.Tmpfs {
			if volumes.Inside(target, "/data") {
				t.Errorf("%s=%q has a tmpfs at %s", key, value, target)
			}
		}
		if len(h.Mounts) == 0 || h.Mounts[0] != mappedSandbox {
			t.Errorf("%s=%q loses the sandbox: %+v", key, value, h.Mounts)
		}
	})
}
