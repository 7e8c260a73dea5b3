package wire

import (
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
)

// UnmarshalJSON reads data into msg, a pointer to a generated message, as
// leniently as Mesos does: unknown fields are ignored, null means absent,
// numbers and booleans may be strings, a repeated field may be a single value,
// an unknown name in an optional enum counts as absent. Enums as numbers and
// camelCase names are not understood. Its errors carry Mesos' own words; a text
// that is not JSON at all gives a *SyntaxError. Fields are set in msg as far as
// they were read, even when an error is returned.
func UnmarshalJSON(data []byte, msg any) error {
	_, err := unmarshalJSON(data, msg)
	return err
}

// unmarshalJSON also returns which fields of msg itself were given a value.
func unmarshalJSON(data []byte, msg any) (map[string]bool, error) {
	v, err := structOf(msg)
	if err != nil {
		return nil, fmt.Errorf("decode JSON: %w", err)
	}
	in, err := parseJSON(data)
	if err != nil {
		return nil, err
	}
	if in.kind != object {
		return nil, errors.New("Expecting a JSON object") //nolint:staticcheck // recorded: Mesos' words
	}
	got, missing, err := decodeMessage(v, in)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("Missing required fields: %s", strings.Join(missing, ", ")) //nolint:staticcheck // recorded: Mesos' words
	}
	return got, nil
}

// A child is the missing fields below one value of a field.
type child struct {
	number  int
	missing []string
}

// decodeMessage returns the fields that got a value, and the paths of required
// ones that are missing: first this message's own, then its fields' by number
// (protobuf's InitializationErrorString).
func decodeMessage(v reflect.Value, in value) (map[string]bool, []string, error) {
	m, err := describe(v.Type())
	if err != nil {
		return nil, nil, err
	}
	got := map[string]bool{}
	var children []child
	for _, mem := range in.members {
		f := m.byName[mem.name]
		if f == nil {
			continue
		}
		set, missing, err := decodeField(v.Field(f.index), f, mem.value)
		if err != nil {
			return nil, nil, err
		}
		got[f.name] = set
		children = append(children, child{f.number, missing})
	}
	return got, allMissing(m, got, children), nil
}

func allMissing(m *message, got map[string]bool, children []child) []string {
	var all []string
	for _, f := range m.fields {
		if f.required && !got[f.name] {
			all = append(all, f.name)
		}
	}
	sort.SliceStable(children, func(i, j int) bool { return children[i].number < children[j].number })
	for _, c := range children {
		all = append(all, c.missing...)
	}
	return all
}

// decodeField reads in into v, which is field f of a message. It says whether
// the field has a value now.
func decodeField(v reflect.Value, f *field, in value) (bool, []string, error) {
	switch {
	case in.kind == null:
		return false, nil, nil
	case in.kind == array:
		return decodeArray(v, f, in)
	case f.val != nil:
		return decodeMap(v, f, in)
	case f.repeated:
		item := reflect.New(v.Type().Elem()).Elem()
		set, missing, err := decodeValue(item, f, in)
		if err == nil && set {
			missing = prefixed(f.name+"["+strconv.Itoa(v.Len())+"].", missing)
			v.Set(reflect.Append(v, item))
		}
		return set, missing, err
	default:
		set, missing, err := decodeValue(v, f, in)
		return set, prefixed(f.name+".", missing), err
	}
}

func decodeArray(v reflect.Value, f *field, in value) (bool, []string, error) {
	if !f.repeated || f.val != nil {
		return false, nil, unexpected(in, f)
	}
	var all []string
	for _, item := range in.items {
		_, missing, err := decodeField(v, f, item)
		if err != nil {
			return false, nil, err
		}
		all = append(all, missing...)
	}
	return v.Len() > 0, all, nil
}

func decodeMap(v reflect.Value, f *field, in value) (bool, []string, error) {
	if in.kind != object {
		return false, nil, unexpected(in, f)
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	var all []string
	for i, mem := range in.members {
		item := reflect.New(v.Type().Elem()).Elem()
		if _, missing, err := decodeValue(item, f.val, mem.value); err != nil {
			return false, nil, err
		} else {
			all = append(all, prefixed(fmt.Sprintf("%s[%d].value.", f.name, i), missing)...)
		}
		v.SetMapIndex(reflect.ValueOf(mem.name), item)
	}
	return len(in.members) > 0, all, nil
}

func decodeValue(v reflect.Value, f *field, in value) (bool, []string, error) {
	t := v.Type()
	if t.Kind() == reflect.Pointer {
		target := reflect.New(t.Elem())
		set, missing, err := decodeValue(target.Elem(), f, in)
		if err == nil && set {
			v.Set(target)
		}
		return set, missing, err
	}
	if t.Kind() != reflect.Struct {
		set, err := decodeScalar(v, f, in)
		return set, nil, err
	}
	if in.kind != object {
		return false, nil, unexpected(in, f)
	}
	_, missing, err := decodeMessage(v, in)
	return true, missing, err
}

func prefixed(prefix string, paths []string) []string {
	for i := range paths {
		paths[i] = prefix + paths[i]
	}
	return paths
}

func unexpected(in value, f *field) error {
	return fmt.Errorf("Not expecting a JSON %s for field '%s'", in.kind, f.name) //nolint:staticcheck // recorded: Mesos' words
}
