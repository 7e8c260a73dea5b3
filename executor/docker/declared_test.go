package docker_test

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// linked are links of the images below: to a directory, to nothing, to a link, up
// and out, and as part of a path.
var linked = map[string]string{"data": "/var/lib/data", "var": "/srv", "link": "data", "out": "../../../tmp", "v": "var"}

// A volume of the image that leads into a dataset, over it or around it is
// refused before the container is made, unless the engine would mount the dataset
// later. What the task writes at the dataset's path is in the dataset then.
func TestVolumesOfTheImageBehindLinks(t *testing.T) {
	for _, c := range []struct{ dataset, volume, refused string }{
		{"/data", "/srv/lib/data/x", "/srv/lib/data/x, inside the path /data (in the image that is /srv/lib/data)"},
		{"/data", "/link/x", "/link/x (in the image that is /srv/lib/data/x), inside the path /data (in the image that is /srv/lib/data)"},
		{"/tmp", "/out/x", "/out/x (in the image that is /tmp/x), inside the path /tmp of volume v"},
		{"/data", "/var/lib/data", "/var/lib/data (in the image that is /srv/lib/data), over the path /data"},
		{"/data", "/link", "/link (in the image that is /srv/lib/data), over the path /data"},
		{"/link", "/var/lib", "/var/lib (in the image that is /srv/lib), around the path /link (in the image that is /srv/lib/data)"},
		{"/var/lib/data", "/link", ""},     // over it
		{"/var/lib/data", "/data", ""},     // over it
		{"/var/lib/data/x", "/data", ""},   // in it
		{"/v/lib/data", "/srv", ""},        // in it
		{"/data", "/var/lib/database", ""}, // beside it
		{"/tmp", "/data/x", ""},            // elsewhere
	} {
		t.Run(c.volume+" "+c.dataset, func(t *testing.T) {
			if err := shared.ImportLinks(t.Context(), "linked", linked, "VOLUME "+c.volume); err != nil {
				t.Fatal(err)
			}
			b, dir, err := bound(t, "linked", "echo ok >"+c.dataset+"/file", c.dataset)
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), "image linked declares a volume at "+c.refused) {
					t.Errorf("error %v", err)
				}
				wantNothingMade(t, dir)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := b.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantStatus(t, b, 0)
			if got := contents(t, dir+"/file"); got != "ok\n" {
				t.Errorf("in the dataset is %q", got)
			}
		})
	}
	if n := volumesOf(t); n != 0 {
		t.Errorf("%d volumes of the engine's are left", n)
	}
}

// bound creates a container with one dataset, which is removed after the test.
func bound(t *testing.T, image, script, path string) (b *docker.Body, dir string, err error) {
	t.Helper()
	dir, device := dataset(t)
	c := task(t, script)
	c.Image.Reference = image
	b = open(t, shared).Body(c)
	t.Cleanup(func() {
		if err := b.Remove(cleanup(t)); err != nil {
			t.Error(err)
		}
	})
	return b, dir, b.Create(t.Context(), []volumes.BodyBind{{Volume: "v", Dataset: "id", Source: dir, Path: path, Device: device}})
}

// wantNothingMade: looking left nothing in the dataset.
func wantNothingMade(t *testing.T, dir string) {
	t.Helper()
	inside, err := os.ReadDir(dir)
	if err != nil || len(inside) > 0 {
		t.Errorf("in the dataset are %v, %v", inside, err)
	}
}

// An image without volumes, or with none but at the dataset's path, costs one
// request that tells so, and a task without datasets none.
func TestRequestsForVolumesOfTheImage(t *testing.T) {
	dir, device := dataset(t)
	bind := []volumes.BodyBind{{Volume: "v", Dataset: "id", Source: dir, Path: "/data", Device: device}}
	if err := shared.Import(t.Context(), "own-volume", "VOLUME /data"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		image string
		binds []volumes.BodyBind
		want  []string
	}{
		{"busybox", nil, []string{"containers/create"}},
		{"busybox", bind, []string{"images/busybox:latest/json", "containers/create"}},
		{"own-volume", bind, []string{"images/own-volume:latest/json", "containers/create"}},
	} {
		e := open(t, shared)
		var asked []string
		if err := e.Hook(func(r *http.Request) { asked = append(asked, strings.Join(strings.Split(r.URL.Path, "/")[2:], "/")) }); err != nil {
			t.Fatal(err)
		}
		spec := task(t, "true")
		spec.Image.Reference = c.image
		b := e.Body(spec)
		err := b.Create(t.Context(), c.binds)
		if err != nil || !slices.Equal(asked, c.want) {
			t.Errorf("%s with %d datasets: %v, asked for %q, want %q", c.image, len(c.binds), err, asked, c.want)
		}
		if err := b.Remove(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
