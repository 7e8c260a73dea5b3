package master

import (
	"cmp"
	"math"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// resources is a list without empty entries in which no two entries could be
// added up. The zero value is nothing at all. Values are never changed in
// place, so lists may share them.
type resources []mesos.Resource

func newResources(list []mesos.Resource) resources {
	var r resources
	for i := range list {
		r = r.add(&list[i])
	}
	return r
}

func (r resources) plus(o resources) resources {
	sum := slices.Clone(r)
	for i := range o {
		sum = sum.add(&o[i])
	}
	return sum
}

func (r resources) add(x *mesos.Resource) resources {
	if isEmpty(x) {
		return r
	}
	for i := range r {
		if sameKind(&r[i], x) {
			sum := slices.Clone(r)
			sum[i] = addValues(&r[i], x)
			return sum
		}
	}
	return append(slices.Clip(r), *x)
}

// minus takes o away; what r does not hold is ignored.
func (r resources) minus(o resources) resources {
	var left resources
	for i := range r {
		x := r[i]
		for k := range o {
			if sameKind(&x, &o[k]) {
				x = subtractValues(&x, &o[k])
			}
		}
		if !isEmpty(&x) {
			left = append(left, x)
		}
	}
	return left
}

// contains reports whether all of o is in r.
func (r resources) contains(o resources) bool {
	return len(o.minus(r)) == 0
}

func (r resources) equal(o resources) bool { return r.contains(o) && o.contains(r) }

// scalar adds up a scalar over all roles and reservations.
func (r resources) scalar(name string) (sum float64, found bool) {
	for i := range r {
		if r[i].Name == name && r[i].Scalar != nil {
			sum, found = round(sum+r[i].Scalar.Value), true
		}
	}
	return sum, found
}

// sameKind reports whether two resources differ in their amount only.
func sameKind(a, b *mesos.Resource) bool {
	x, y := *a, *b
	x.Scalar, x.Ranges, x.Set = nil, nil, nil
	y.Scalar, y.Ranges, y.Set = nil, nil, nil
	return x.Equal(&y)
}

func isEmpty(x *mesos.Resource) bool {
	switch {
	case x.Scalar != nil:
		return round(x.Scalar.Value) <= 0
	case x.Ranges != nil:
		return len(x.Ranges.Range) == 0
	case x.Set != nil:
		return len(x.Set.Item) == 0
	}
	return true
}

// round keeps three decimals, as Mesos does in all arithmetic on scalars.
func round(v float64) float64 { return math.Round(v*1000) / 1000 }

func addValues(a, b *mesos.Resource) mesos.Resource {
	sum := *a
	switch {
	case a.Scalar != nil && b.Scalar != nil:
		sum.Scalar = &mesos.Value_Scalar{Value: round(a.Scalar.Value + b.Scalar.Value)}
	case a.Ranges != nil && b.Ranges != nil:
		sum.Ranges = &mesos.Value_Ranges{Range: joinRanges(a.Ranges.Range, b.Ranges.Range)}
	case a.Set != nil && b.Set != nil:
		items := slices.Concat(a.Set.Item, b.Set.Item)
		slices.Sort(items)
		sum.Set = &mesos.Value_Set{Item: slices.Compact(items)}
	}
	return sum
}

func subtractValues(a, b *mesos.Resource) mesos.Resource {
	left := *a
	switch {
	case a.Scalar != nil && b.Scalar != nil:
		left.Scalar = &mesos.Value_Scalar{Value: round(a.Scalar.Value - b.Scalar.Value)}
	case a.Ranges != nil && b.Ranges != nil:
		left.Ranges = &mesos.Value_Ranges{Range: cutRanges(a.Ranges.Range, b.Ranges.Range)}
	case a.Set != nil && b.Set != nil:
		left.Set = &mesos.Value_Set{Item: slices.DeleteFunc(slices.Clone(a.Set.Item), func(s string) bool {
			return slices.Contains(b.Set.Item, s)
		})}
	}
	return left
}

// joinRanges is the union, sorted and without gaps of zero.
func joinRanges(a, b []mesos.Value_Range) []mesos.Value_Range {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(x, y mesos.Value_Range) int { return cmp.Compare(x.Begin, y.Begin) })
	var joined []mesos.Value_Range
	for _, r := range all {
		if n := len(joined); n > 0 && r.Begin <= joined[n-1].End+1 {
			joined[n-1].End = max(joined[n-1].End, r.End)
			continue
		}
		joined = append(joined, r)
	}
	return joined
}

func cutRanges(from, cuts []mesos.Value_Range) []mesos.Value_Range {
	left := joinRanges(from, nil)
	for _, c := range cuts {
		var next []mesos.Value_Range
		for _, r := range left {
			if r.End < c.Begin || c.End < r.Begin {
				next = append(next, r)
				continue
			}
			if r.Begin < c.Begin {
				next = append(next, mesos.Value_Range{Begin: r.Begin, End: c.Begin - 1})
			}
			if c.End < r.End {
				next = append(next, mesos.Value_Range{Begin: c.End + 1, End: r.End})
			}
		}
		left = next
	}
	return left
}
