package wire

import (
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// A field is what a struct tag of a generated message says.
type field struct {
	index    int // in the Go struct
	name     string
	number   int
	wire     string // varint, fixed64 or bytes
	required bool
	repeated bool
	enum     string // registered name of the enum, or ""
	def      *string
	key, val *field // of a map
}

// A message is the description of one generated struct.
type message struct {
	fields   []*field // as declared
	byNumber []*field
	byName   map[string]*field
}

// deprecated lists the fields with a default whose default Mesos does not
// write, because the .proto marks them deprecated.
var deprecated = map[string]bool{
	"mesos.FrameworkInfo.role": true,
	"mesos.Resource.role":      true,
}

// messages caches descriptions by reflect.Type; they never change.
var messages sync.Map

func describe(t reflect.Type) (*message, error) {
	if m, ok := messages.Load(t); ok {
		return m.(*message), nil
	}
	m, err := newMessage(t)
	if err != nil {
		return nil, err
	}
	messages.Store(t, m)
	return m, nil
}

func newMessage(t reflect.Type) (*message, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("describe message: %s is not a struct", t)
	}
	m := &message{byName: map[string]*field{}}
	for i := range t.NumField() {
		f, err := newField(t, i)
		if err != nil {
			return nil, err
		}
		if f == nil {
			continue
		}
		m.fields = append(m.fields, f)
		m.byName[f.name] = f
	}
	m.byNumber = append([]*field(nil), m.fields...)
	sort.Slice(m.byNumber, func(i, j int) bool { return m.byNumber[i].number < m.byNumber[j].number })
	return m, nil
}

// newField returns nil for a struct field that is no field of the message.
func newField(t reflect.Type, i int) (*field, error) {
	sf := t.Field(i)
	tag, ok := sf.Tag.Lookup("protobuf")
	if !ok {
		return nil, nil
	}
	f, err := parseTag(tag)
	if err != nil {
		return nil, fmt.Errorf("describe field %s.%s: %w", t, sf.Name, err)
	}
	f.index = i
	if deprecated[t.String()+"."+f.name] {
		f.def = nil
	}
	if sf.Type.Kind() != reflect.Map {
		return f, nil
	}
	if f.key, err = parseTag(sf.Tag.Get("protobuf_key")); err != nil {
		return nil, fmt.Errorf("describe key of %s.%s: %w", t, sf.Name, err)
	}
	if f.val, err = parseTag(sf.Tag.Get("protobuf_val")); err != nil {
		return nil, fmt.Errorf("describe value of %s.%s: %w", t, sf.Name, err)
	}
	return f, nil
}

// parseTag reads "varint,1,opt,name=type,enum=mesos.Value_Type,def=1". A
// default comes last and may hold commas.
func parseTag(tag string) (*field, error) {
	f := &field{}
	if before, def, ok := strings.Cut(tag, ",def="); ok {
		tag, f.def = before, &def
	}
	parts := strings.Split(tag, ",")
	if len(parts) < 4 {
		return nil, fmt.Errorf("tag %q has %d parts, want at least 4", tag, len(parts))
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil {
		return nil, fmt.Errorf("tag %q: field number: %w", tag, err)
	}
	f.wire, f.number = parts[0], n
	f.required, f.repeated = parts[2] == "req", parts[2] == "rep"
	for _, p := range parts[3:] {
		if v, ok := strings.CutPrefix(p, "name="); ok {
			f.name = v
		}
		if v, ok := strings.CutPrefix(p, "enum="); ok {
			f.enum = v
		}
	}
	return f, nil
}

// structOf returns the struct that msg points at.
func structOf(msg any) (reflect.Value, error) {
	v := reflect.ValueOf(msg)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return v, fmt.Errorf("message %T: want a non-nil pointer to a generated struct", msg)
	}
	return v.Elem(), nil
}

// present says whether a field of a message has a value. A scalar that mesos-go
// declares without a pointer although it is optional counts as absent when it
// is zero: for all of them zero is an enum's UNKNOWN.
func (f *field) present(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Map:
		return v.Len() > 0
	case reflect.Slice:
		if f.repeated {
			return v.Len() > 0
		}
		return f.required || !v.IsNil()
	case reflect.Pointer:
		return !v.IsNil()
	default:
		return f.required || !v.IsZero()
	}
}
