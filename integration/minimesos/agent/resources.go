package agent

import (
	"fmt"
	"strconv"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// parseResources reads the form of --resources: name:value;name:value, where a
// value is a number or ranges in brackets.
func parseResources(text string) ([]mesos.Resource, error) {
	var all []mesos.Resource
	for _, part := range strings.Split(text, ";") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		r, err := parseResource(part)
		if err != nil {
			return nil, fmt.Errorf("resources %q: %w", text, err)
		}
		all = append(all, r)
	}
	return all, nil
}

func parseResource(text string) (mesos.Resource, error) {
	name, value, ok := strings.Cut(strings.TrimSpace(text), ":")
	if !ok || name == "" {
		return mesos.Resource{}, fmt.Errorf("%q: want name:value", text)
	}
	r := mesos.Resource{Name: name}
	if strings.HasPrefix(value, "[") {
		ranges, err := parseRanges(value)
		r.Type, r.Ranges = mesos.RANGES.Enum(), ranges
		return r, err
	}
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || n < 0 {
		return r, fmt.Errorf("%q: %q is neither a number nor ranges", text, value)
	}
	r.Type, r.Scalar = mesos.SCALAR.Enum(), &mesos.Value_Scalar{Value: n}
	return r, nil
}

func parseRanges(text string) (*mesos.Value_Ranges, error) {
	inner, ok := strings.CutSuffix(strings.TrimPrefix(text, "["), "]")
	if !ok {
		return nil, fmt.Errorf("%q: the bracket is not closed", text)
	}
	var ranges mesos.Value_Ranges
	for _, part := range strings.Split(inner, ",") {
		from, to, ok := strings.Cut(strings.TrimSpace(part), "-")
		begin, err := strconv.ParseUint(from, 10, 64)
		end, err2 := strconv.ParseUint(to, 10, 64)
		if !ok || err != nil || err2 != nil || end < begin {
			return nil, fmt.Errorf("%q: %q is no range", text, part)
		}
		ranges.Range = append(ranges.Range, mesos.Value_Range{Begin: begin, End: end})
	}
	return &ranges, nil
}

// parseAttributes reads the form of --attributes: a number becomes a scalar,
// everything else a text.
func parseAttributes(text string) ([]mesos.Attribute, error) {
	var all []mesos.Attribute
	for _, part := range strings.Split(text, ";") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimSpace(part), ":")
		if !ok || name == "" || value == "" {
			return nil, fmt.Errorf("attributes %q: %q: want name:value", text, part)
		}
		attribute := mesos.Attribute{Name: name, Type: mesos.TEXT, Text: &mesos.Value_Text{Value: value}}
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			attribute = mesos.Attribute{Name: name, Type: mesos.SCALAR, Scalar: &mesos.Value_Scalar{Value: n}}
		}
		all = append(all, attribute)
	}
	return all, nil
}
