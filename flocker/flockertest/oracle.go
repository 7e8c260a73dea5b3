package flockertest

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// DoubleAttach is the fault that destroys data: one image behind two loop
// devices, which means two filesystems that know nothing of each other.
type DoubleAttach struct {
	Time    time.Time
	Image   string
	Devices []int // of /dev/loop
}

func (d DoubleAttach) Error() string {
	return fmt.Sprintf("image %s was behind loop devices %v at the same moment, at %s", d.Image, d.Devices, d.Time.Format(time.TimeOnly+".000"))
}

// WatchDoubleAttach looks about a thousand times a second at the loop devices of
// images below dir, until ctx ends, and then returns what it saw: one DoubleAttach
// for each image, in the order of their discovery. err is set if it could not
// look. Run it beside anything that moves datasets:
//
//	faults, err := flockertest.WatchDoubleAttach(ctx, pool)
func WatchDoubleAttach(ctx context.Context, dir string) (faults []DoubleAttach, err error) {
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	reported := map[string]bool{}
	for {
		now, err := doubleAttached(dir)
		if err != nil {
			return faults, err
		}
		for _, d := range now {
			if !reported[filepath.Base(d.Image)] {
				reported[filepath.Base(d.Image)] = true
				faults = append(faults, d)
			}
		}
		select {
		case <-ctx.Done():
			return faults, nil
		case <-ticker.C:
		}
	}
}

// doubleAttached looks once. Images are told apart by their names, which are
// never used twice: the same file has another path before and after a move. What
// looks double is looked at again, because a device can change while the table is
// read.
func doubleAttached(dir string) ([]DoubleAttach, error) {
	first, err := byName(dir)
	if err != nil || len(first) == 0 {
		return nil, err
	}
	second, err := byName(dir)
	if err != nil {
		return nil, err
	}
	var faults []DoubleAttach
	for name, d := range first {
		if slices.Equal(d.Devices, second[name].Devices) {
			faults = append(faults, d)
		}
	}
	return faults, nil
}

// byName returns the images below dir that have more than one device.
func byName(dir string) (map[string]DoubleAttach, error) {
	devices, err := Backing()
	if err != nil {
		return nil, err
	}
	found := map[string]DoubleAttach{}
	for image, minors := range devices {
		if !below(image, []string{dir}) {
			continue
		}
		d := found[filepath.Base(image)]
		d.Time, d.Image, d.Devices = time.Now(), image, append(d.Devices, minors...)
		slices.Sort(d.Devices)
		found[filepath.Base(image)] = d
	}
	for name, d := range found {
		if len(d.Devices) < 2 {
			delete(found, name)
		}
	}
	return found, nil
}
