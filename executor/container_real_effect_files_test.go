package executor_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
)

// fileEffects are of mounts, whose sources are directories with a file and, at
// inner, a mount.
func fileEffects(t *testing.T) []effect {
	dir := sourceDir(t)
	return []effect{
		{options: pairs{{"volume", dir + ":/v:ro"}}, inside: "cat /v/file; touch /v/x; ls /v/inner", want: "of the node\ntouch: /v/x: Read-only file system\nmounted"},
		{options: pairs{{"volume", "named:/n"}}, inside: "touch /n/x; ls /n", want: "x"},
		{options: pairs{{"volume", "/anonymous"}}, inside: "grep -c ' /anonymous ' /proc/self/mountinfo", want: "1"},
		{options: pairs{{"volume-driver", "local"}}, outside: told(func(c container.InspectResponse) any { return c.HostConfig.VolumeDriver }), want: "local"},
		{options: pairs{{"tmpfs", "/t:size=1m,noexec,mode=1750"}}, inside: "stat -c %a /t; stat -f -c %b /t; grep -c ' /t .*noexec' /proc/self/mountinfo", want: "1750\n256\n1"},
		{
			options: pairs{{"mount", "type=bind,source=" + dir + ",target=/m,readonly,bind-propagation=rslave"}},
			inside:  "cat /m/file; touch /m/x; grep -c ' /m .*master:' /proc/self/mountinfo",
			want:    "of the node\ntouch: /m/x: Read-only file system\n1",
		},
		{options: pairs{{"mount", "type=bind,source=" + dir + ",target=/alone,bind-nonrecursive"}}, inside: "cat /alone/file; ls /alone/inner", want: "of the node"},
		{options: pairs{{"mount", "type=tmpfs,target=/mt,tmpfs-size=2m,tmpfs-mode=700"}}, inside: "stat -c %a /mt; stat -f -c %b /mt", want: "700\n512"},
		{
			options: pairs{{"mount", "source=labelled,target=/l,volume-label=a=b,volume-opt=type=tmpfs,volume-opt=device=tmpfs,volume-opt=o=size=4m"}},
			inside:  "stat -f -c %b /l", outside: volumeOf("labelled"), want: "local map[a:b] map[device:tmpfs o:size=4m type:tmpfs]",
		},
	}
}

// sourceDir has a mount inside that other mounts can follow.
func sourceDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	inner := filepath.Join(dir, "inner")
	if err := os.Mkdir(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, m := range []func() error{
		func() error { return unix.Mount(dir, dir, "", unix.MS_BIND, "") },
		func() error { return unix.Mount("", dir, "", unix.MS_SHARED, "") },
		func() error { return unix.Mount("inner", inner, "tmpfs", 0, "") },
		func() error { return os.Mkdir(filepath.Join(inner, "mounted"), 0o755) },
		func() error { return os.WriteFile(filepath.Join(dir, "file"), []byte("of the node\n"), 0o644) },
	} {
		if err := m(); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, path := range []string{inner, dir} {
			if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
				t.Error(err)
			}
		}
	})
	return dir
}

// volumeOf is what the engine has made.
func volumeOf(name string) func(*seen) (string, error) {
	return func(s *seen) (string, error) {
		v, err := s.e.API.VolumeInspect(s.t.Context(), name, client.VolumeInspectOptions{})
		return fmt.Sprint(v.Volume.Driver, " ", v.Volume.Labels, " ", v.Volume.Options), err
	}
}

// driverEffects are of a volume of a driver, whose name is a relative host_path.
func driverEffects(*testing.T) []effect {
	return []effect{{field: "docker.volume_driver", inside: "touch /by-name/x", outside: volumeOf("by-name"), want: "local map[] map[]"}}
}

// volumeEffects are those of the ContainerInfo that withFields makes.
func volumeEffects(*testing.T) []effect {
	return []effect{
		{field: "volumes[].host_path", inside: "touch /relative/x /mnt/mesos/sandbox/inside/y; ls /mnt/mesos/sandbox/in /mnt/mesos/sandbox/inside", want: "/mnt/mesos/sandbox/in:\nx\n\n/mnt/mesos/sandbox/inside:\ny"},
		{field: "volumes[].source DOCKER_VOLUME", inside: "touch /driven/x; stat -f -c %b /driven", outside: volumeOf("driven"), want: "local map[] map[device:tmpfs o:size=1m type:tmpfs]"},
		{field: "linux_info.effective_capabilities", inside: "grep CapEff /proc/self/status | cut -f 2", want: "0000000000000003"},
		{field: "linux_info.ipc_mode, shm_size", inside: "stat -f -c %b /dev/shm", outside: namespace("ipc"), want: "its own"},
		{field: "linux_info.ipc_mode, shm_size", inside: "stat -f -c %b /dev/shm", want: "512"},
		{field: "linux_info.seccomp.unconfined", inside: "grep Seccomp: /proc/self/status | cut -f 2", want: "0"},
		{field: "rlimit_info", inside: "ulimit -Sn; ulimit -Hn; ulimit -c", want: "55\n66\nunlimited"},
		{field: "tty_info", inside: `while [ -z "$size" ] && [ $((tries += 1)) -lt 100 ]; do sleep 0.05; size=$(stty size < /proc/1/fd/0 2> /dev/null); done; echo $size`, want: "33 99"},
		{field: "hostname", inside: "hostname", want: "box"},
		{field: "docker.image, flocker.image", outside: told(func(c container.InspectResponse) any { return c.Config.Image }), want: "busybox:latest"},
	}
}

// withFields asks for what volumeEffects sees.
func withFields(t *testing.T, _ *dockertest.Engine, task *mesos.TaskInfo) {
	made := t.TempDir()
	source := ofDriver("local", "driven", "/driven")
	source.Mode = mesos.RW.Enum()
	source.Source.DockerVolume.DriverOptions = &mesos.Parameters{Parameter: []mesos.Parameter{
		{Key: "type", Value: "tmpfs"}, {Key: "device", Value: "tmpfs"}, {Key: "o", Value: "size=1m"},
	}}
	c := task.Container
	c.Hostname = ptr("box")
	c.Volumes = []mesos.Volume{hostPath("in", "/relative"), hostPath(filepath.Join(made, "made"), "inside"), source}
	c.RlimitInfo = &mesos.RLimitInfo{Rlimits: []mesos.RLimitInfo_RLimit{
		{Type: mesos.RLimitInfo_RLimit_RLMT_NOFILE, Soft: ptr(uint64(55)), Hard: ptr(uint64(66))},
		{Type: mesos.RLimitInfo_RLimit_RLMT_CORE},
	}}
	c.TTYInfo = &mesos.TTYInfo{WindowSize: &mesos.TTYInfo_WindowSize{Rows: 33, Columns: 99}}
	c.LinuxInfo = &mesos.LinuxInfo{
		EffectiveCapabilities: &mesos.CapabilityInfo{Capabilities: []mesos.CapabilityInfo_Capability{mesos.CapabilityInfo_CHOWN, mesos.CapabilityInfo_DAC_OVERRIDE}},
		IPCMode:               mesos.LinuxInfo_PRIVATE.Enum(), SHMSize: ptr(uint32(2)),
		Seccomp: &mesos.SeccompInfo{Unconfined: ptr(true)},
	}
}
