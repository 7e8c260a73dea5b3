package volumes_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

var escape = strings.NewReplacer(`\`, `\\`, `:`, `\:`, `,`, `\,`)

// format writes the volume in the grammar that ParseLabels reads.
func format(v volumes.Volume) string {
	s := fmt.Sprintf("%s:%s:create=%t", escape.Replace(v.Name), escape.Replace(v.Path), v.Create)
	if v.ReadOnly {
		s += ",ro"
	}
	if v.Size != 0 {
		s += fmt.Sprintf(",size=%d", v.Size)
	}
	if v.Dataset != "" {
		s += ",dataset=" + v.Dataset
	}
	if v.Timeout != 0 {
		s += ",timeout=" + v.Timeout.String()
	}
	return s
}

// Whatever a user writes, it is either understood exactly or refused.
func FuzzParseLabels(f *testing.F) {
	for _, seed := range []string{
		"webapp-data:/data", "web-logs:logs:ro,size=2GiB", `a\:b:c\,d:size=1.5G,timeout=90s`,
		"a:b:dataset=" + idA, "a:b:create=false,rw", `\`, `a:\\:ro`, "a:..", "a:b:size=1.00000000000001T", "::",
	} {
		f.Add("flocker.volume", seed)
	}
	f.Add("flocker.command", "sleep 1")
	f.Add("flocker.volum", "x")
	f.Fuzz(func(t *testing.T, key, value string) {
		r, err := volumes.ParseLabels("flocker.", []volumes.Label{{Key: key, Value: value}})
		if err != nil {
			if !strings.Contains(err.Error(), key) {
				t.Errorf("%v does not name the label", err)
			}
			return
		}
		for _, v := range r.Volumes {
			again, err := volumes.ParseLabels("flocker.", []volumes.Label{{Key: key, Value: format(v)}})
			if err != nil {
				t.Fatalf("%q is accepted, but not as %q: %v", value, format(v), err)
			}
			if diff := cmp.Diff(r, again); diff != "" {
				t.Errorf("%q as %q: %s", value, format(v), diff)
			}
			if v.Name == "" || strings.Contains("/"+v.Path+"/", "/../") || v.Size%1024 != 0 {
				t.Errorf("%q gives %+v", value, v)
			}
		}
	})
}
