package wire_test

import (
	"net/http"
	"testing"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// The rows are those that were recorded, and their neighbours.
func TestNegotiation(t *testing.T) {
	for _, c := range []struct {
		accept []string
		codec  wire.Codec
		ok     bool
	}{
		{nil, wire.JSON, true},
		{[]string{"*/*"}, wire.JSON, true},
		{[]string{"application/*"}, wire.JSON, true},
		{[]string{"application/json"}, wire.JSON, true},
		{[]string{"application/x-protobuf"}, wire.Protobuf, true},
		{[]string{"application/x-protobuf, application/json"}, wire.JSON, true},
		{[]string{"application/x-protobuf", "application/json"}, wire.JSON, true},
		{[]string{"application/json;q=0.1, application/x-protobuf;q=0.9"}, wire.JSON, true},
		{[]string{"application/x-protobuf;q=0.5"}, wire.Protobuf, true},
		{[]string{"application/json;q=0, application/x-protobuf"}, wire.Protobuf, true},
		{[]string{"application/json; q=0.0, */*"}, wire.Protobuf, true},
		{[]string{"*/*;q=0"}, wire.JSON, false},
		{[]string{"application/json;q=x"}, wire.JSON, false},
		{[]string{"application/json;q=0"}, wire.JSON, false},
		{[]string{"application/recordio"}, wire.JSON, false},
		{[]string{"application/xml, text/*"}, wire.JSON, false},
		{[]string{"text/html"}, wire.JSON, false},
		{[]string{"Application/JSON"}, wire.JSON, false},
		{[]string{""}, wire.JSON, false},
	} {
		header := http.Header{}
		if c.accept != nil {
			header["Accept"] = c.accept
		}
		if codec, ok := wire.Negotiate(header); ok != c.ok || ok && codec != c.codec {
			t.Errorf("Accept %q: %v %v, want %v %v", c.accept, codec, ok, c.codec, c.ok)
		}
	}
}
