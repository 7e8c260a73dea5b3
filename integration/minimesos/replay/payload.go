package replay

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"

	"github.com/mesos/mesos-go/api/v1/lib/executor"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

func forExecutors(path string) bool { return strings.Contains(path, "/executor") }

// newEvent and newCall return the messages that travel on path.
func newEvent(path string) any {
	if forExecutors(path) {
		return &executor.Event{}
	}
	return &scheduler.Event{}
}

func newCall(path string) any {
	if forExecutors(path) {
		return &executor.Call{}
	}
	return &scheduler.Call{}
}

// tree decodes JSON, keeping numbers as they are written.
func tree(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the JSON value")
	}
	return v, nil
}

// eventTree decodes the payload of a record: JSON as it is, protobuf by way of
// the JSON that wire makes of it.
func eventTree(path string, payload []byte) (any, error) {
	if bytes.HasPrefix(payload, []byte("{")) {
		return tree(payload)
	}
	event := newEvent(path)
	if err := wire.UnmarshalProtobuf(payload, event); err != nil {
		return nil, fmt.Errorf("decode event: %w", err)
	}
	text, err := wire.MarshalJSON(event)
	if err != nil {
		return nil, fmt.Errorf("decode event: %w", err)
	}
	return tree(text)
}

// eventType is the type of an event, or "" when it has none.
func eventType(v any) string {
	object, _ := v.(map[string]any)
	t, _ := object["type"].(string)
	return t
}

var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// rewriteBody turns the body of a recorded request into the live run's. A body
// that is no message of its path is sent with the ids replaced that have the
// same length.
func rewriteBody(n *Names, path string, body []byte) []byte {
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		return quoted.ReplaceAllFunc(body, func(q []byte) []byte {
			return []byte(`"` + n.rewrite(string(q[1:len(q)-1])) + `"`)
		})
	}
	if out, ok := rewriteCall(n, newCall(path), body); ok {
		return out
	}
	return token.ReplaceAllFunc(body, func(t []byte) []byte {
		if live := n.rewrite(string(t)); len(live) == len(t) {
			return []byte(live)
		}
		return t
	})
}

// rewriteCall is false for a body that wire would not write just so.
func rewriteCall(n *Names, call any, body []byte) ([]byte, bool) {
	if wire.UnmarshalProtobuf(body, call) != nil {
		return nil, false
	}
	if same, err := wire.MarshalProtobuf(call); err != nil || !bytes.Equal(same, body) {
		return nil, false
	}
	rewriteMessage(n, reflect.ValueOf(call))
	out, err := wire.MarshalProtobuf(call)
	return out, err == nil
}

// rewriteMessage replaces the texts and uuids in a generated message.
func rewriteMessage(n *Names, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			rewriteMessage(n, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			rewriteMessage(n, v.Field(i))
		}
	case reflect.String:
		v.SetString(n.rewrite(v.String()))
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			for i := range v.Len() {
				rewriteMessage(n, v.Index(i))
			}
			return
		}
		live, ok := n.Live(base64.StdEncoding.EncodeToString(v.Bytes()))
		if raw, err := base64.StdEncoding.DecodeString(live); ok && err == nil {
			v.SetBytes(raw)
		}
	}
}
