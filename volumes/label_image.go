package volumes

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// checkImage makes the archive's path clean.
func (r *Request) checkImage(prefix string) error {
	if r.ImageFile == "" {
		return nil
	}
	clean, err := cleanPath(r.ImageFile)
	if err == nil && path.IsAbs(clean) {
		err = errors.New("absolute; it must be relative to the sandbox, where the agent fetches it to")
	}
	if err != nil {
		return fmt.Errorf("label %simage-file: value %q: %w", prefix, r.ImageFile, err)
	}
	r.ImageFile = clean
	return nil
}

// Below gives the volumes of a task whose sandbox is at dir: each Path is
// absolute. It is an error when two lie at the same place or inside each other.
func Below(dir string, vols []Volume) ([]Volume, error) {
	var out []Volume
	for _, v := range vols {
		if !path.IsAbs(v.Path) {
			v.Path = path.Join(dir, v.Path)
		}
		if v.Path == dir || inside(dir, v.Path) {
			return nil, fmt.Errorf("label %s: path %q: the sandbox is at %s; a volume must not hide it", v.Label, v.Path, dir)
		}
		out = append(out, v)
	}
	return out, checkTogether(out)
}

// Inside says whether the clean path p is q or lies below it.
func Inside(p, q string) bool { return p == strings.TrimSuffix(q, "/") || inside(p, q) }
