package volumes_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// patient is a storage system in virtual time. It grants the lease of "data" at
// once, and has somebody else hold that of "late" for ever.
type patient struct {
	silent  bool              // takes no lease back
	fail    func(n int) error // the n-th renewal, from 1
	renewed *[]time.Time
}

func (p patient) Lease(ctx context.Context, want volumes.Want, note volumes.Note) (volumes.Record, error) {
	if want.Renew != nil {
		*p.renewed = append(*p.renewed, time.Now())
		if p.fail != nil {
			return *want.Renew, p.fail(len(*p.renewed))
		}
		return *want.Renew, nil
	}
	id := map[string]string{"data": here, "late": there}[want.Name]
	r := volumes.Record{Name: want.Name, Dataset: id, Node: here, Service: service, LeaseFor: want.Lease}
	if want.Name == "late" {
		<-ctx.Done()
		r.Free = true
		return r, context.Cause(ctx)
	}
	return r, note(r)
}

func (p patient) Bring(_ context.Context, r volumes.Record, _ volumes.Note) (volumes.Record, error) {
	return r, nil
}

func (p patient) Return(ctx context.Context, r volumes.Record) error {
	if r.Free || !p.silent {
		return nil
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// waitFor holds "data" in virtual time while "late" is waited for, until the time
// is over. It returns when that was, when Hold returned, and Hold's error.
func waitFor(t *testing.T, p patient, length time.Duration) (over, returned time.Time, err error) {
	t.Helper()
	o := options(t.TempDir(), "task-1", p)
	o.Lease, o.AcquireTimeout = 4*time.Minute, 2*length
	o.ReleaseTimeout = time.Hour
	late := vol("late")
	late.Label, late.Path = "flocker.volume.late", "late"
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	over = time.Now().Add(length)
	_, err = volumes.Hold(ctx, o, []volumes.Volume{vol("data"), late}, nil)
	return over, time.Now(), err
}

// A lease is renewed at a quarter of its length, give or take a fifth, and not
// always at the same.
func TestPaceOfRenewals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var renewed []time.Time
		last := time.Now()
		if _, _, err := waitFor(t, patient{renewed: &renewed}, 3*time.Hour); err == nil {
			t.Error("held what another has")
		}
		if len(renewed) < 150 || len(renewed) > 225 {
			t.Errorf("%d renewals in three hours, want one a minute", len(renewed))
		}
		least, most := time.Hour, time.Duration(0)
		for _, at := range renewed {
			pause := at.Sub(last)
			least, most, last = min(least, pause), max(most, pause), at
		}
		if least < 48*time.Second || most > 72*time.Second || most-least < 10*time.Second {
			t.Errorf("pauses of %v to %v, want them spread over 48 s to 72 s", least, most)
		}
	})
}

// One that fails is tried again soon, and often enough before the lease ends.
func TestPaceOfFailingRenewals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var renewed []time.Time
		fail := func(n int) error {
			if n == 5 {
				return nil
			}
			return context.DeadlineExceeded
		}
		_, _, _ = waitFor(t, patient{renewed: &renewed, fail: fail}, 10*time.Minute)
		for i := 1; i < len(renewed); i++ {
			least, most := 4*time.Second, 6*time.Second
			if i == 5 {
				least, most = 48*time.Second, 72*time.Second
			}
			if pause := renewed[i].Sub(renewed[i-1]); pause < least || pause > most {
				t.Errorf("pause %d is %v, want %v to %v", i, pause, least, most)
			}
		}
	})
}

// Who is killed while it acquires is told so at once when the storage system
// answers, and else soon enough for the terminal status within five seconds.
func TestTimeOfAnAbandonedAcquire(t *testing.T) {
	for name, c := range map[string]struct {
		silent bool
		most   time.Duration
		says   string
	}{
		"answers":  {false, 0, "acquire volume late"},
		"does not": {true, 4 * time.Second, "not done within 4s"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				over, returned, err := waitFor(t, patient{silent: c.silent, renewed: new([]time.Time)}, 90*time.Second)
				if took := returned.Sub(over); took > c.most {
					t.Errorf("took %v, want %v at most", took, c.most)
				}
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("hold: %v, want %q in it", err, c.says)
				}
			})
		})
	}
}
