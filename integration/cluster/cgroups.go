package cluster

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// cgroupRoot has the unified hierarchy, or one folder for each of the others.
const cgroupRoot = "/sys/fs/cgroup"

// groups lists the cgroups of a cluster's nodes in all hierarchies, parents
// first: <prefix>.<node> and what agents and engines have made below.
func groups(prefix string) ([]string, error) {
	if prefix == "" {
		return nil, nil // there is no cluster yet
	}
	var all []string
	for _, pattern := range []string{cgroupRoot + "/" + prefix + ".*", cgroupRoot + "/*/" + prefix + ".*"} {
		tops, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		for _, top := range tops {
			err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
				if err == nil && d.IsDir() {
					all = append(all, path)
				}
				if errors.Is(err, fs.ErrNotExist) { // its agent is still at work
					return nil
				}
				return err
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// thaw lets frozen processes go on, so that they can be killed.
func thaw(prefix string) error {
	all, err := groups(prefix)
	if err != nil {
		return err
	}
	for _, group := range all {
		for file, text := range map[string]string{"freezer.state": "THAWED", "cgroup.freeze": "0"} {
			err := os.WriteFile(filepath.Join(group, file), []byte(text), 0)
			if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
				return err
			}
		}
	}
	return nil
}

// removeGroups removes what agents and engines have left. A cgroup is busy until the
// last process that died in it is reaped.
func removeGroups(ctx context.Context, prefix string) error {
	return poll(ctx, func() error {
		all, err := groups(prefix)
		errs := []error{err}
		for _, group := range slices.Backward(all) {
			if err := os.Remove(group); !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
		}
		return errors.Join(errs...)
	})
}
