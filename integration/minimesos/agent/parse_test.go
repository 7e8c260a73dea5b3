package agent

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0ns", 5 * time.Second: "5secs", 1500 * time.Millisecond: "1500ms", time.Minute: "1mins", 90 * time.Second: "90secs",
		time.Hour: "1hrs", 36 * time.Hour: "36hrs", 7 * 24 * time.Hour: "1weeks", 240 * time.Hour: "10days",
		100 * time.Microsecond: "100us", 4500 * time.Millisecond: "4500ms", 15 * time.Minute: "15mins", 7: "7ns",
	} {
		if got := formatDuration(d); got != want {
			t.Errorf("%v is written %q, want %q", int64(d), got, want)
		}
	}
}

func TestParseResources(t *testing.T) {
	all, err := parseResources(defaultResources)
	if err != nil || len(all) != 4 || all[0].GetScalar().GetValue() != 4 || all[3].GetRanges().Range[0].End != 32000 {
		t.Errorf("%+v, %v", all, err)
	}
	for _, bad := range []string{"cpus", ":4", "cpus:x", "cpus:-1", "ports:[1-2", "ports:[2-1]", "ports:[1]"} {
		if _, err := parseResources(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	attributes, err := parseAttributes("rack:r1;level:3")
	if err != nil || attributes[0].GetText().GetValue() != "r1" || attributes[1].GetScalar().GetValue() != 3 {
		t.Errorf("%+v, %v", attributes, err)
	}
	if _, err := parseAttributes("rack"); err == nil {
		t.Error("an attribute without a value was accepted")
	}
}

func TestConfig(t *testing.T) {
	good := Config{Master: "http://x", WorkDir: "/w", RuntimeDir: "/r"}.withDefaults()
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Config){
		"no master":       func(c *Config) { c.Master = "" },
		"isolation":       func(c *Config) { c.Isolation = "docker" },
		"no key":          func(c *Config) { c.AuthenticateExecutors = true },
		"shared pids":     func(c *Config) { c.SharePID = true },
		"reregistration":  func(c *Config) { c.ReregistrationTimeout = 16 * time.Second },
		"no runtime dir":  func(c *Config) { c.RuntimeDir = "" },
		"no working dir.": func(c *Config) { c.WorkDir = "" },
	} {
		bad := good
		change(&bad)
		if bad.check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestToken(t *testing.T) {
	c := claims{Container: "c", Executor: "e", Framework: "f"}
	token := newToken([]byte("key"), c)
	if got, err := readToken([]byte("key"), token); err != nil || got != c {
		t.Errorf("%+v, %v", got, err)
	}
	for name, bad := range map[string]string{
		"another key": newToken([]byte("other"), c), "cut": token[:len(token)-5], "no signature": token[:len(token)-43], "nonsense": "nonsense",
	} {
		if _, err := readToken([]byte("key"), bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tasks", "t", "task.updates")
	j := &updateJournal{path: path}
	uuid := bytes.Repeat([]byte{0x41}, 16)
	s := mesos.TaskStatus{
		TaskID: mesos.TaskID{Value: "t"}, State: mesos.TASK_RUNNING.Enum(), AgentID: &mesos.AgentID{Value: "a"}, UUID: uuid, Timestamp: now(),
	}
	if err := j.update("f", &executor{id: "e"}, s); err != nil {
		t.Fatal(err)
	}
	if err := j.acknowledgement(uuid); err != nil {
		t.Fatal(err)
	}
	j.close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for size := range whole {
		if err := os.WriteFile(path, whole[:size], 0o644); err != nil {
			t.Fatal(err)
		}
		if records, err := readJournal(path); err != nil || len(records) > 1 {
			t.Errorf("cut off at %d: %d records, %v", size, len(records), err)
		}
	}
	if err := os.WriteFile(path, whole, 0o644); err != nil {
		t.Fatal(err)
	}
	records, err := readJournal(path)
	if err != nil || len(records) != 2 || records[0].status.GetState() != mesos.TASK_RUNNING || !bytes.Equal(records[1].uuid, uuid) {
		t.Errorf("%+v, %v", records, err)
	}
}

func FuzzMessage(f *testing.F) {
	var m message
	m.kind(300)
	m.bytes(2, []byte("text"))
	m.double(3, 1.5)
	f.Add([]byte(m))
	f.Add([]byte{0x12, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(_ *testing.T, data []byte) {
		// It must neither crash nor run on; what it finds is wire's to judge.
		_, _ = bytesFields(data)
	})
}

func FuzzResources(f *testing.F) {
	f.Add(defaultResources)
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parseResources(text)
		if err == nil && len(all) > len(text) {
			t.Errorf("%d resources in %q", len(all), text)
		}
	})
}
