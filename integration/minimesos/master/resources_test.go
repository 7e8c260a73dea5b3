package master

import (
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"pgregory.net/rapid"
)

func drawResources(t *rapid.T, label string) resources {
	var list []mesos.Resource
	for _, name := range rapid.SliceOf(rapid.SampledFrom([]string{"cpus", "mem"})).Draw(t, label+" scalars") {
		v := float64(rapid.IntRange(1, 5000).Draw(t, label+" amount")) / 1000
		list = append(list, mesos.Resource{Name: name, Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: v}})
	}
	for range rapid.IntRange(0, 3).Draw(t, label+" ranges") {
		begin := rapid.Uint64Range(1, 40).Draw(t, label+" begin")
		end := begin + rapid.Uint64Range(0, 9).Draw(t, label+" length")
		list = append(list, mesos.Resource{
			Name: "ports", Type: mesos.RANGES.Enum(),
			Ranges: &mesos.Value_Ranges{Range: []mesos.Value_Range{{Begin: begin, End: end}}},
		})
	}
	return newResources(list)
}

func TestSumsContainTheirParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawResources(t, "a"), drawResources(t, "b")
		sum := a.plus(b)
		if !sum.contains(a) || !sum.contains(b) {
			t.Fatalf("%s + %s = %s", a, b, sum)
		}
		if !sum.equal(b.plus(a)) {
			t.Fatalf("%s + %s depends on the order", a, b)
		}
	})
}

func TestTakingAwayUndoesAdding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawResources(t, "a"), drawResources(t, "b")
		if overlap(a, b) {
			return
		}
		if back := a.plus(b).minus(b); !back.equal(a) {
			t.Fatalf("%s + %s - the same = %s", a, b, back)
		}
		if left := a.minus(a); len(left) != 0 {
			t.Fatalf("%s - itself = %s", a, left)
		}
	})
}

func TestResourceText(t *testing.T) {
	role, principal := "db", "me"
	for want, x := range map[string]mesos.Resource{
		"cpus:0.5": {Name: "cpus", Scalar: &mesos.Value_Scalar{Value: 0.5}},
		"ports(allocated: db):[1-2, 4-4]": {
			Name:           "ports",
			AllocationInfo: &mesos.Resource_AllocationInfo{Role: &role},
			Ranges:         &mesos.Value_Ranges{Range: []mesos.Value_Range{{Begin: 1, End: 2}, {Begin: 4, End: 4}}},
		},
		"zones(reservations: [(DYNAMIC,db,me)]):{a, b}": {
			Name: "zones",
			Set:  &mesos.Value_Set{Item: []string{"a", "b"}},
			Reservations: []mesos.Resource_ReservationInfo{{
				Type: mesos.Resource_ReservationInfo_DYNAMIC.Enum(), Role: &role, Principal: &principal,
			}},
		},
	} {
		if got := resourceText(&x); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestFormsAreInverse(t *testing.T) {
	role := "db"
	old := []mesos.Resource{{
		Name: "cpus", Role: &role, Scalar: &mesos.Value_Scalar{Value: 1}, Reservation: &mesos.Resource_ReservationInfo{},
	}}
	if got := downgrade(upgrade(old)); !got[0].Equal(&old[0]) {
		t.Errorf("got %v, want %v", got[0], old[0])
	}
}
