package executor

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/container"
)

// gpusOption reads all, a number, or a list of driver=, count=, device=,
// capabilities= and options=, each at most once; quotes keep a comma.
func gpusOption(d *draft, value string) error {
	fields, err := commas(value)
	if err != nil {
		return err
	}
	r := container.DeviceRequest{Options: map[string]string{}}
	given := map[string]bool{}
	for _, field := range fields {
		key, text, pair := strings.Cut(field, "=")
		if !pair {
			key, text = "count", field
		}
		if given[key] {
			return fmt.Errorf("%s: given twice", key)
		}
		given[key] = true
		if err := gpusField(&r, key, text); err != nil {
			return err
		}
	}
	if !given["count"] && !given["device"] {
		r.Count = 1
	}
	if !given["capabilities"] {
		r.Capabilities = [][]string{{"gpu"}}
	}
	d.c.Host.DeviceRequests = append(d.c.Host.DeviceRequests, r)
	return nil
}

func gpusField(r *container.DeviceRequest, key, text string) (err error) {
	switch key {
	case "count":
		r.Count, err = gpuCount(text)
	case "device":
		r.DeviceIDs = strings.Split(text, ",")
	case "driver":
		r.Driver = text
	case "capabilities":
		r.Capabilities = [][]string{append(strings.Split(text, ","), "gpu")}
	case "options":
		fields, err := commas(text)
		for _, field := range fields {
			k, v, _ := strings.Cut(field, "=")
			r.Options[k] = v
		}
		return err
	default:
		err = errors.New("count, device, driver, capabilities and options are allowed")
	}
	return err
}

func gpuCount(text string) (int, error) {
	if text == "all" {
		return -1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("count %q: all or a number is allowed", text)
	}
	return n, nil
}
