package volumes_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

const (
	idA = "0679b296-1fb9-4edc-956d-53dfb1e35000"
	idB = "1679b296-1fb9-4edc-956d-53dfb1e35001"
)

func volume(value string) []volumes.Label {
	return []volumes.Label{{Key: "flocker.volume", Value: value}}
}

func TestParseVolume(t *testing.T) {
	for _, c := range []struct {
		value string
		want  volumes.Volume
	}{
		{"webapp-data:/data", volumes.Volume{Name: "webapp-data", Path: "/data", Create: true}},
		{"web-logs:logs:ro,size=2GiB", volumes.Volume{Name: "web-logs", Path: "logs", ReadOnly: true, Size: 2 << 30, Create: true}},
		{"a:b:rw", volumes.Volume{Name: "a", Path: "b", Create: true}},
		{"a:./b//c/", volumes.Volume{Name: "a", Path: "b/c", Create: true}},
		{"a:/b/./c/:create=false", volumes.Volume{Name: "a", Path: "/b/c"}},
		{`a\:b\\:c\:d\,e:size=64M`, volumes.Volume{Name: `a:b\`, Path: "c:d,e", Size: 64 << 20, Create: true}},
		{" a : b ", volumes.Volume{Name: " a ", Path: " b ", Create: true}},
		{"a,b:c,d", volumes.Volume{Name: "a,b", Path: "c,d", Create: true}},
		{"a:b:dataset=" + strings.ToUpper(idA), volumes.Volume{Name: "a", Path: "b", Dataset: idA, Create: true}},
		{"a:b:timeout=1m30s,create=true", volumes.Volume{Name: "a", Path: "b", Timeout: 90 * time.Second, Create: true}},
		{"a:b:size=67108864", volumes.Volume{Name: "a", Path: "b", Size: 64 << 20, Create: true}},
		{"a:b:size=65536K", volumes.Volume{Name: "a", Path: "b", Size: 64 << 20, Create: true}},
		{"a:b:size=1.5GiB", volumes.Volume{Name: "a", Path: "b", Size: 3 << 29, Create: true}},
		{"a:b:size=0.5T", volumes.Volume{Name: "a", Path: "b", Size: 1 << 39, Create: true}},
		{"ünï/çode:b..c", volumes.Volume{Name: "ünï/çode", Path: "b..c", Create: true}},
	} {
		c.want.Label = "flocker.volume"
		got, err := volumes.ParseLabels("flocker.", volume(c.value))
		if err != nil {
			t.Errorf("%q: %v", c.value, err)
			continue
		}
		if diff := cmp.Diff(volumes.Request{Volumes: []volumes.Volume{c.want}}, got); diff != "" {
			t.Errorf("%q: %s", c.value, diff)
		}
	}
}

// Each error names the label, its value and what is allowed.
func TestParseVolumeRefuses(t *testing.T) {
	for value, says := range map[string]string{
		"":                              "<name>:<container path>",
		"a":                             "no container path",
		":b":                            "name: empty",
		"a:":                            "path: empty",
		strings.Repeat("n", 257) + ":b": "at most 256",
		"a\nb:c":                        "control characters",
		"a\xff:c":                       "UTF-8",
		"a:b\x00":                       "NUL",
		"a:..":                          `".." is not allowed`,
		"a:b/../c":                      `".." is not allowed`,
		"a:/..":                         `".." is not allowed`,
		"a:.":                           "not a place",
		"a:/":                           "not a place",
		"a:.//./":                       "not a place",
		`a\x:b`:                         `\: \, and \\ are allowed`,
		`a:b\`:                          "escapes nothing",
		"a:b:":                          "an empty option",
		"a:b:ro,":                       "an empty option",
		"a:b: ro":                       `did you mean "ro"`,
		"a:b:ro,rw":                     `"ro" is already given`,
		"a:b:rw,rw":                     "already given",
		"a:b:size=64M,size=64M":         "already given",
		"a:b:ro=true":                   "takes no value",
		"a:b:size":                      "size=<value>",
		"a:b:size=":                     "size=<value>",
		"a:b:sise=1G":                   `did you mean "size"`,
		"a:b:readonly":                  "unknown",
		"a:b:create=yes":                "true and false",
		"a:b:create=TRUE":               "true and false",
		"a:b:dataset=42":                "version 4 UUID",
		"a:b:dataset=" + strings.Replace(idA, "-4", "-5", 1): "version 4 UUID",
		"a:b:timeout=90":                 "with a unit",
		"a:b:timeout=-1s":                "positive",
		"a:b:timeout=0s":                 "positive",
		"a:b:size=2GB":                   "write GiB",
		"a:b:size=1.5TB":                 "write TiB",
		"a:b:size=1g":                    "K, M, G or T",
		"a:b:size=1 G":                   "K, M, G or T",
		"a:b:size=-1G":                   "K, M, G or T",
		"a:b:size=1GI":                   "K, M, G or T",
		"a:b:size=.5G":                   "K, M, G or T",
		"a:b:size=67108864.0":            "fraction of a byte",
		"a:b:size=67108865":              "multiple of 1024",
		"a:b:size=0.0655360001G":         "multiple of 1024",
		"a:b:size=63M":                   "at least 64MiB",
		"a:b:size=0":                     "at least 64MiB",
		"a:b:size=8388608T":              "too large",
		"a:b:size=9999999999999999999T":  "too large",
		"a:b:size=99999999999999999999G": "K, M, G or T",
		"a:b:shared":                     "not supported yet; supported are rw, ro",
		"a:b:delete=always":              "not supported yet",
		"a:b:force":                      "not supported yet",
		"a:b:profile=gold":               "not supported yet",
		"a:b:subpath=x":                  "not supported yet",
		"a:b:owner=1:2":                  "not supported yet",
		"a:b:mode=0755":                  "not supported yet",
		"a:b:host":                       "not supported yet",
		"a:b:meta.team=x":                "not supported yet",
	} {
		_, err := volumes.ParseLabels("flocker.", volume(value))
		if err == nil {
			t.Errorf("%q is accepted", value)
			continue
		}
		if !strings.HasPrefix(err.Error(), "label flocker.volume: value ") || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v; want it to say %q", value, err, says)
		}
	}
}

func TestParseLabelsTogether(t *testing.T) {
	type labels = []volumes.Label
	for _, c := range []struct {
		name   string
		labels labels
		says   string // "" when accepted
	}{
		{"none", nil, ""},
		{"others' labels", labels{{"team", "x"}, {"flockerx.volume", "?"}, {"Flocker.volume", "?"}}, ""},
		{"two volumes", labels{{"flocker.volume", "a:a"}, {"flocker.volume.b", "b:b"}}, ""},
		{"siblings", labels{{"flocker.volume", "a:/data"}, {"flocker.volume.b", "b:/data2"}}, ""},
		{"key twice", labels{{"flocker.volume", "a:a"}, {"flocker.volume", "b:b"}}, "flocker.volume.<any>"},
		{"one path", labels{{"flocker.volume.a", "a:p"}, {"flocker.volume.b", "b:./p/"}}, "label flocker.volume.a already"},
		{"inside", labels{{"flocker.volume.a", "a:p/q"}, {"flocker.volume.b", "b:p"}}, "side by side"},
		{"around", labels{{"flocker.volume.a", "a:/p"}, {"flocker.volume.b", "b:/p/q"}}, "side by side"},
		{"one name", labels{{"flocker.volume.a", "a:p"}, {"flocker.volume.b", "a:q"}}, "already asks for it"},
		{"one id", labels{{"flocker.volume.a", "a:p:dataset=" + idA}, {"flocker.volume.b", "b:q:dataset=" + idA}}, "already asks for it"},
		{"two ids", labels{{"flocker.volume.a", "a:p:dataset=" + idA}, {"flocker.volume.b", "b:q:dataset=" + idB}}, ""},
		{"typo", labels{{"flocker.volum", "a:a"}}, "did you mean flocker.volume?"},
		{"typo with a suffix", labels{{"flocker.volumes.x", "a:a"}}, "did you mean flocker.volume.x?"},
		{"command's typo", labels{{"flocker.comand", "x"}}, "did you mean flocker.command?"},
		{"the bare prefix", labels{{"flocker.", "x"}}, "unknown label"},
		{"empty suffix", labels{{"flocker.volume.", "a:a"}}, "unknown label"},
		{"image", labels{{"flocker.image", "x"}}, ""},
		{"no image", labels{{"flocker.image", ""}}, "no value; it must be a docker image"},
		{"image's typo", labels{{"flocker.imge", "x"}}, "did you mean flocker.image?"},
		{"image-file", labels{{"flocker.image-file", "./x//y.tar"}}, ""},
		{"no image-file", labels{{"flocker.image-file", ""}}, "no value; it must be an image's archive in the sandbox"},
		{"image-file elsewhere", labels{{"flocker.image-file", "../x"}}, `label flocker.image-file: value "../x": ".." is not allowed`},
		{"absolute image-file", labels{{"flocker.image-file", "/x"}}, "absolute; it must be relative to the sandbox"},
		{"user", labels{{"flocker.user", "x"}}, ""},
		{"no user", labels{{"flocker.user", ""}}, "no value"},
		{"user's typo", labels{{"flocker.usr", "x"}}, "did you mean flocker.user?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := volumes.ParseLabels("flocker.", c.labels)
			switch {
			case c.says == "" && err != nil:
				t.Error(err)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("%v; want it to say %q", err, c.says)
			}
		})
	}
}

func TestParseLabelsOrderPrefixAndCommand(t *testing.T) {
	const prefix = "org.apache.aurora.metadata.flocker."
	got, err := volumes.ParseLabels(prefix, []volumes.Label{
		{prefix + "volume.z", "z:z"},
		{"flocker.nonsense", "somebody else's"},
		{prefix + "command", " echo hi "},
		{prefix + "user", "nobody"},
		{prefix + "volume", "a:a"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := volumes.Request{Command: " echo hi ", User: "nobody", Volumes: []volumes.Volume{
		{Label: prefix + "volume", Name: "a", Path: "a", Create: true},
		{Label: prefix + "volume.z", Name: "z", Path: "z", Create: true},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, blank := range []string{"", " \t\n"} {
		if r, err := volumes.ParseLabels("f.", []volumes.Label{{"f.command", blank}}); err != nil || r.Command != "" {
			t.Errorf("blank command %q: %+v, %v", blank, r, err)
		}
	}
}
