package master

import (
	"fmt"
	"strconv"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// String is how Mesos prints resources in its messages:
// "cpus(allocated: apps):0.1; mem(allocated: apps):32".
func (r resources) String() string {
	parts := make([]string, len(r))
	for i := range r {
		parts[i] = resourceText(&r[i])
	}
	return strings.Join(parts, "; ")
}

func resourceText(x *mesos.Resource) string {
	text := x.Name
	if x.AllocationInfo != nil {
		text += "(allocated: " + x.AllocationInfo.GetRole() + ")"
	}
	if len(x.Reservations) > 0 {
		var all []string
		for i := range x.Reservations {
			all = append(all, reservationText(&x.Reservations[i]))
		}
		text += "(reservations: [" + strings.Join(all, ",") + "])"
	}
	return text + ":" + valueText(x)
}

func reservationText(r *mesos.Resource_ReservationInfo) string {
	parts := []string{r.GetType().String(), r.GetRole()}
	if r.Principal != nil {
		parts = append(parts, r.GetPrincipal())
	}
	return "(" + strings.Join(parts, ",") + ")"
}

func valueText(x *mesos.Resource) string {
	switch {
	case x.Scalar != nil:
		return scalarText(x.Scalar.Value)
	case x.Ranges != nil:
		var all []string
		for _, r := range x.Ranges.Range {
			all = append(all, fmt.Sprintf("%d-%d", r.Begin, r.End))
		}
		return "[" + strings.Join(all, ", ") + "]"
	case x.Set != nil:
		return "{" + strings.Join(x.Set.Item, ", ") + "}"
	}
	return ""
}

func scalarText(v float64) string { return strconv.FormatFloat(round(v), 'f', -1, 64) }
