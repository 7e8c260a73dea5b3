package volumes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// supportedLabels are the label names below the prefix that mean something.
const supportedLabels = "volume, volume.<any>, command, user, image and image-file"

// ParseLabels reads what a task's labels ask for. Labels that do not begin with
// prefix ("flocker." unless the operator says otherwise) belong to others and
// are passed over. Everything below the prefix must be understood: a typo must
// not send data into the sandbox. An error names the label, its value and what
// is allowed.
func ParseLabels(prefix string, labels []Label) (Request, error) {
	ours, err := ownLabels(prefix, labels)
	if err != nil {
		return Request{}, err
	}
	var r Request
	for _, l := range ours {
		name := strings.TrimPrefix(l.Key, prefix)
		switch {
		case name == "volume", strings.HasPrefix(name, "volume.") && name != "volume.":
			v, err := parseVolume(l)
			if err != nil {
				return Request{}, fmt.Errorf("label %s: value %q: %w", l.Key, l.Value, err)
			}
			r.Volumes = append(r.Volumes, v)
		case name == "command":
			if strings.TrimSpace(l.Value) != "" {
				r.Command = l.Value
			}
		default:
			if err := r.set(prefix, name, l); err != nil {
				return Request{}, err
			}
		}
	}
	if err := checkTogether(r.Volumes); err != nil {
		return Request{}, err
	}
	return r, r.checkImage(prefix)
}

// set takes a label that must have a value.
func (r *Request) set(prefix, name string, l Label) error {
	into, what := (*string)(nil), ""
	switch name {
	case "user":
		into, what = &r.User, "the user that the task runs as"
	case "image":
		into, what = &r.Image, "a docker image"
	case "image-file":
		into, what = &r.ImageFile, "an image's archive in the sandbox"
	default:
		return unknownLabel(prefix, name, l)
	}
	if *into = l.Value; l.Value == "" {
		return fmt.Errorf("label %s: no value; it must be %s", l.Key, what)
	}
	return nil
}

// ownLabels are the labels below prefix, in the order of their keys, each once.
func ownLabels(prefix string, labels []Label) ([]Label, error) {
	var ours []Label
	for _, l := range labels {
		if strings.HasPrefix(l.Key, prefix) {
			ours = append(ours, l)
		}
	}
	slices.SortStableFunc(ours, func(a, b Label) int { return cmp.Compare(a.Key, b.Key) })
	for i := 1; i < len(ours); i++ {
		if ours[i].Key == ours[i-1].Key {
			return nil, fmt.Errorf("label %s: given twice, as %q and as %q; a second volume needs a key of its own, %svolume.<any>",
				ours[i].Key, ours[i-1].Value, ours[i].Value, prefix)
		}
	}
	return ours, nil
}

func unknownLabel(prefix, name string, l Label) error {
	known := []string{"volume", "command", "user", "image", "image-file"}
	first, rest, dotted := strings.Cut(name, ".")
	best := Nearest(first, known)
	if best == "volume" && dotted && rest != "" {
		best += "." + rest
	}
	return fmt.Errorf("label %s: value %q: unknown label; did you mean %s%s? Known below %q are %s",
		l.Key, l.Value, prefix, best, prefix, supportedLabels)
}

// checkTogether refuses volumes that contradict each other.
func checkTogether(vols []Volume) error {
	for i, a := range vols {
		for _, b := range vols[:i] {
			switch {
			case a.Path == b.Path:
				return fmt.Errorf("label %s: path %q: label %s already puts a volume there; each volume needs a path of its own",
					a.Label, a.Path, b.Label)
			case inside(a.Path, b.Path), inside(b.Path, a.Path):
				return fmt.Errorf("label %s: path %q: lies inside path %q of label %s or around it; volumes must lie side by side",
					a.Label, a.Path, b.Path, b.Label)
			case a.Name == b.Name:
				return fmt.Errorf("label %s: dataset %q: label %s already asks for it; one task can have a dataset once",
					a.Label, a.Name, b.Label)
			case a.Dataset != "" && a.Dataset == b.Dataset:
				return fmt.Errorf("label %s: dataset %s: label %s already asks for it; one task can have a dataset once",
					a.Label, a.Dataset, b.Label)
			}
		}
	}
	return nil
}

// inside says whether the clean path p lies below the clean path q.
func inside(p, q string) bool { return strings.HasPrefix(p, strings.TrimSuffix(q, "/")+"/") }
