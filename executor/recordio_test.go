package executor

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"testing/iotest"

	wire "github.com/mesos/mesos-go/api/v1/lib/executor"
)

// recorded is the stream of events in testdata.
func recorded(t testing.TB) []byte {
	t.Helper()
	f, err := os.Open("testdata/events.recordio.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRecordedEvents(t *testing.T) {
	stream := recorded(t)
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(stream), "byte by byte": iotest.OneByteReader(bytes.NewReader(stream)),
	} {
		t.Run(name, func(t *testing.T) {
			records := newRecordReader(r)
			seen := map[wire.Event_Type]int{}
			for {
				n := nextNews(records)
				if errors.Is(n.err, io.EOF) {
					break
				}
				if n.err != nil {
					t.Fatal(n.err)
				}
				seen[n.event.Type]++
				silent := n.event.Type == wire.Event_ACKNOWLEDGED || n.event.Type == wire.Event_HEARTBEAT || n.event.Type == wire.Event_MESSAGE
				if got := translate(n.event); (got == nil) != silent {
					t.Errorf("%v translates to %#v", n.event.Type, got)
				}
			}
			for _, want := range []wire.Event_Type{
				wire.Event_SUBSCRIBED, wire.Event_LAUNCH, wire.Event_LAUNCH_GROUP, wire.Event_KILL, wire.Event_ACKNOWLEDGED,
				wire.Event_MESSAGE, wire.Event_SHUTDOWN, wire.Event_HEARTBEAT,
			} {
				if seen[want] == 0 {
					t.Errorf("no %v among the recorded events: %v", want, seen)
				}
			}
		})
	}
}

func TestRecordErrors(t *testing.T) {
	for text, want := range map[string]error{
		"": io.EOF, "5": io.ErrUnexpectedEOF, "5\nabc": io.ErrUnexpectedEOF, "x\n": errRecord, "-1\n": errRecord, "\n": errRecord,
		"999999999999\n": errRecord, "111111111111111111111111\n": errRecord, "99999999999999999999\n": errRecord,
	} {
		if _, err := newRecordReader(bytes.NewReader([]byte(text))).next(); !errors.Is(err, want) {
			t.Errorf("%q: error %v, wanted %v", text, err, want)
		}
	}
}

// A length that never ends is not read for ever.
func TestEndlessLength(t *testing.T) {
	if _, err := newRecordReader(endless{}).next(); !errors.Is(err, errRecord) {
		t.Errorf("error %v", err)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = '1'
	}
	return len(b), nil
}

// Whatever comes, the reader ends with an error, invents no bytes, and what it
// takes for an event does not upset anybody.
func FuzzRecords(f *testing.F) {
	stream := recorded(f)
	f.Add(stream[:4000])
	f.Add([]byte("0\n3\nabc"))
	f.Add([]byte("3\n\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		records := newRecordReader(bytes.NewReader(b))
		var again []byte
		for {
			record, err := records.next()
			if err != nil {
				break
			}
			again = append(fmt.Appendf(again, "%d\n", len(record)), record...)
			if e, err := decodeEvent(record); err == nil {
				translate(e)
			}
		}
		if len(again) > len(b) {
			t.Errorf("%d bytes out of %d", len(again), len(b))
		}
	})
}
