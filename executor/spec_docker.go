package executor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/google/uuid"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// mappedSandbox is where a container finds its sandbox: the default of the
// agent's --sandbox_directory, which Mesos' docker executor is given.
const mappedSandbox = "/mnt/mesos/sandbox"

// isContainer says whether a task is a docker container.
func isContainer(t mesos.TaskInfo, r volumes.Request) bool {
	return r.Image != "" || isDocker(t.Container)
}

func isDocker(c *mesos.ContainerInfo) bool {
	return c != nil && c.GetType() == mesos.ContainerInfo_DOCKER
}

// draft is a container in the making. Every step adds what one part of the
// TaskInfo asks for; the later ones see what the earlier ones made.
type draft struct {
	c       docker.Container
	task    mesos.TaskInfo
	info    mesos.ContainerInfo            // zero when there is none
	docker  mesos.ContainerInfo_DockerInfo // zero when there is none
	request volumes.Request
	options SpecOptions
	volumes []volumes.Volume         // with paths in the container
	taken   map[string]string        // what is mounted where: path to field
	first   network.EndpointSettings // of the first network, as parameters say
	nets    int                      // network parameters so far
	// noHealth: the image's own check is not wanted either.
	noHealth bool
}

// containerSpec is NewSpec for a docker container. Nothing is asked of the node
// or the engine.
func containerSpec(t mesos.TaskInfo, r volumes.Request, o SpecOptions) (Spec, error) {
	d := newDraft(t, r, o)
	if err := d.unsupported(); err != nil {
		return Spec{}, err
	}
	command, err := d.command()
	if err != nil {
		return Spec{}, err
	}
	for _, step := range []func() error{
		d.image, d.sandbox, d.user, d.environment, d.resources, d.ulimits, d.linux, d.terminal, d.network,
		d.mounts, d.labels, d.parameters, d.ports, d.judge,
	} {
		if err := step(); err != nil {
			return Spec{}, err
		}
	}
	s := specOf(t, r, command)
	s.Volumes, s.Sandbox, s.Container = d.volumes, d.c.Sandbox, &d.c
	if err := s.addTimes(t, shutdownGrace(o.Environ)); err != nil {
		return s, err
	}
	return s, s.addChecks(t, checkReader{read: containerCheck, sameUser: d.sameUser})
}

func newDraft(t mesos.TaskInfo, r volumes.Request, o SpecOptions) *draft {
	d := &draft{task: t, request: r, options: o, taken: map[string]string{}}
	if t.Container != nil {
		d.info = *t.Container
	}
	if d.info.Docker != nil {
		d.docker = *d.info.Docker
	}
	d.c = docker.Container{
		Name: "flocker-" + uuid.NewString(),
		Host: container.HostConfig{
			Privileged:    d.docker.GetPrivileged(),
			VolumeDriver:  d.docker.GetVolumeDriver(),
			RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyDisabled},
		},
	}
	return d
}

// unsupported names what a docker container cannot have from here.
func (d *draft) unsupported() error {
	var fields []string
	add := func(asked bool, what string) {
		if asked {
			fields = append(fields, "container."+what)
		}
	}
	own := isDocker(d.task.Container)
	add(d.task.Container != nil && !own && d.info.GetType() != mesos.ContainerInfo_MESOS, fmt.Sprintf("type %v (DOCKER and MESOS are allowed)", d.info.GetType()))
	add(own && d.info.Docker == nil && d.request.Image == "", "docker (of type DOCKER it must be there, with an image)")
	add(!own && d.info.Docker != nil, "docker (of type MESOS it means nothing: use type DOCKER)")
	add(d.info.Mesos.GetImage() != nil, "mesos.image (use docker.image)")
	if l := d.info.LinuxInfo; l != nil {
		add(l.GetSharePIDNamespace(), "linux_info.share_pid_namespace (a container has a PID namespace of its own: leave it out)")
		add(l.Seccomp.GetProfileName() != "", "linux_info.seccomp.profile_name (use a parameter security-opt)")
	}
	for _, r := range d.task.Resources { // the agent brings them to where the executor is, not the engine
		if r.GetDisk().GetPersistence() != nil {
			fields = append(fields, fmt.Sprintf("a persistent volume at %q (use a label %svolume, or container.volumes with a host_path)",
				r.GetDisk().GetVolume().GetContainerPath(), d.options.LabelPrefix))
		}
	}
	return notDone(fields)
}

// image: the label and the ContainerInfo may both name it, and then the same.
func (d *draft) image() error {
	label := d.options.LabelPrefix + "image"
	name, field := d.docker.Image, "container.docker.image"
	if d.request.Image != "" {
		if name != "" && name != d.request.Image {
			return fmt.Errorf("label %s is %q and %s is %q: give only one", label, d.request.Image, field, name)
		}
		name, field = d.request.Image, "label "+label
	}
	if _, err := reference.ParseDockerRef(name); err != nil {
		return fmt.Errorf("%s: value %q: %w; [<registry>/]<name>[:<tag>][@<digest>] is allowed", field, name, err)
	}
	d.c.Image = docker.Image{Reference: name, File: d.request.ImageFile, ForcePull: d.docker.GetForcePullImage()}
	if d.c.Image.File != "" && d.c.Image.ForcePull {
		return fmt.Errorf("container.docker.force_pull_image: the image comes from an archive, label %simage-file: give only one", d.options.LabelPrefix)
	}
	return nil
}

// sandbox is bound where the container expects it, and with it come the paths of
// the task's volumes.
func (d *draft) sandbox() (err error) {
	if d.c.Sandbox, err = taskSandbox(d.task.TaskID.Value, d.options); err != nil {
		return err
	}
	if d.options.Group {
		d.c.Stdout, d.c.Stderr = d.c.Sandbox+"/stdout", d.c.Sandbox+"/stderr"
	}
	d.c.Host.Mounts = []mount.Mount{{Type: mount.TypeBind, Source: d.onNode(""), Target: mappedSandbox}}
	if d.volumes, err = volumes.Below(mappedSandbox, d.request.Volumes); err != nil {
		return err
	}
	for _, v := range d.volumes {
		if err := docker.CheckPath(v.Path); err != nil {
			return fmt.Errorf("label %s: path %q: %w", v.Label, v.Path, err)
		}
	}
	return nil
}

// onNode is a path in the sandbox as the engine sees it. For an executor in an
// image that is another than its own (slave/slave.cpp, MESOS_DIRECTORY).
func (d *draft) onNode(path string) string {
	own := d.options.Sandbox
	if dir := variableOf(d.options.Environ, "MESOS_DIRECTORY"); dir != "" {
		own = dir
	}
	return own + strings.TrimPrefix(d.c.Sandbox, d.options.Sandbox) + strings.TrimSuffix("/"+path, "/")
}

func variableOf(environ []string, name string) string {
	for _, entry := range slices.Backward(environ) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// labels say whose container it is, for those who find it on the node. Those of
// the datasets follow when they are known.
func (d *draft) labels() error {
	executor := variableOf(d.options.Environ, "MESOS_EXECUTOR_ID")
	if id := d.task.Executor.GetExecutorID().Value; id != "" {
		executor = id
	}
	d.c.Config.Labels = map[string]string{
		docker.LabelTask:      d.task.TaskID.Value,
		docker.LabelExecutor:  executor,
		docker.LabelFramework: variableOf(d.options.Environ, "MESOS_FRAMEWORK_ID"),
	}
	return nil
}

// shutdownGrace is what a container gets between the signal to stop and SIGKILL
// when neither KILL nor task says (docker/executor.cpp).
func shutdownGrace(environ []string) time.Duration {
	grace, err := ParseDuration(variableOf(environ, "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD"))
	if err != nil {
		return defaultKillGrace
	}
	return grace
}
