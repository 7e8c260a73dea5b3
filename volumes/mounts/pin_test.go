package mounts_test

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

var slave = []string{"--propagation=slave"}

func TestPinKeepsTheMountBusy(t *testing.T) {
	_, m := mounted(t)
	pin, err := mounts.Pin(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Unmount(m.Point, 0); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("umount with the pin open: %v, want EBUSY", err)
	}
	if err := mounts.SyncFS(pin); err != nil {
		t.Error(err)
	}
	if err := pin.Close(); err != nil {
		t.Error(err)
	}
	if err := unix.Unmount(m.Point, 0); err != nil {
		t.Errorf("umount after the pin: %v", err)
	}
}

func TestPinInASlaveCopyKeepsTheMasterBusy(t *testing.T) {
	d, m := mounted(t)
	space := inSpace(t, slave, "pin", d.ID)
	if space.Line() != "pinned" {
		t.Fatal(space.Line())
	}
	if err := unix.Unmount(m.Point, 0); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("umount with the pin open in a slave copy: %v, want EBUSY", err)
	}
	space.End()
	if err := unix.Unmount(m.Point, 0); err != nil {
		t.Errorf("umount after the pin: %v", err)
	}
}

// This is why binds do not protect a dataset and the pin is needed.
func TestOpenFileInABindDoesNotKeepTheMountBusy(t *testing.T) {
	_, m := mounted(t)
	bind := t.TempDir()
	space := mountstest.UnshareShell(t, slave, "mount --bind "+m.Point+" "+bind+"; exec 3>"+bind+"/open")
	if err := unix.Unmount(m.Point, 0); err != nil {
		t.Errorf("umount while a bind of it is in use: %v", err)
	}
	space.End()
}

func TestPinRefusesAnotherMount(t *testing.T) {
	_, m := mounted(t)
	_, other := mounted(t)
	wrong := m
	wrong.Device = other.Device
	for name, m := range map[string]mounts.Mount{
		"another device":   wrong,
		"another mount id": {Point: m.Point, Device: m.Device, ID: m.ID + 100000},
	} {
		if pin, err := mounts.Pin(m); err == nil || !strings.Contains(err.Error(), "not the mount that was found") {
			t.Errorf("%s: Pin = %v, %v", name, pin, err)
		}
	}
}

func TestPinRefusesAMountThatIsGone(t *testing.T) {
	_, m := mounted(t)
	if err := unix.Unmount(m.Point, 0); err != nil {
		t.Fatal(err)
	}
	if pin, err := mounts.Pin(m); err == nil {
		t.Errorf("Pin of the bare directory = %v", pin)
	}
	if err := os.Remove(m.Point); err != nil {
		t.Fatal(err)
	}
	if _, err := mounts.Pin(m); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Pin of nothing: %v", err)
	}
}
