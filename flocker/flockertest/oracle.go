package flockertest

import (
	"context"
	"path/filepath"
	"slices"
	"time"
)

// WatchDoubleAttach looks every two milliseconds for the fault that destroys
// data: an image below dir that is behind two loop devices, which means two
// filesystems that know nothing of each other. The channel gets the path of each
// such image once, holds a thousand of them unread, and is closed after ctx ended.
// A machine whose loop devices cannot be read is reported as an image too.
func WatchDoubleAttach(ctx context.Context, dir string) <-chan string {
	doubles := make(chan string, 1000)
	go func() {
		defer close(doubles)
		ticker := time.NewTicker(2 * time.Millisecond)
		defer ticker.Stop()
		reported := map[string]bool{}
		for {
			for _, image := range doubleAttached(dir) {
				if name := filepath.Base(image); !reported[name] && len(reported) < cap(doubles) {
					reported[name] = true
					doubles <- image
				}
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	}()
	return doubles
}

// doubleAttached looks once. What looks double is looked at again, because a
// device can change while the table is read.
func doubleAttached(dir string) []string {
	first, err := byName(dir)
	if err != nil {
		return []string{err.Error()}
	}
	var images []string
	for name, seen := range first {
		again, err := byName(dir)
		if err != nil {
			return []string{err.Error()}
		}
		if slices.Equal(seen.devices, again[name].devices) {
			images = append(images, seen.image)
		}
	}
	return images
}

type attached struct {
	image   string
	devices []int
}

// byName returns the images below dir that have more than one device. They are
// told apart by their names, which are never used twice: the same file has
// another path before and after a move.
func byName(dir string) (map[string]attached, error) {
	devices, err := Backing()
	if err != nil {
		return nil, err
	}
	images := map[string]attached{}
	for image, minors := range devices {
		if !below(image, []string{dir}) {
			continue
		}
		a := images[filepath.Base(image)]
		a.image, a.devices = image, append(a.devices, minors...)
		slices.Sort(a.devices)
		images[filepath.Base(image)] = a
	}
	for name, a := range images {
		if len(a.devices) < 2 {
			delete(images, name)
		}
	}
	return images, nil
}
