package wire

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"sort"
	"strconv"
)

// MarshalJSON writes msg, a pointer to a generated message, the way Mesos does.
// It fails when a required field has no value and on doubles that are not
// finite. The value is not changed. Maps are written in the order of their
// keys; Mesos' order is that of a hash table.
func MarshalJSON(msg any) ([]byte, error) {
	v, err := structOf(msg)
	if err != nil {
		return nil, fmt.Errorf("encode JSON: %w", err)
	}
	b, err := appendMessage(nil, v)
	if err != nil {
		return nil, fmt.Errorf("encode JSON of %s: %w", v.Type(), err)
	}
	return b, nil
}

func appendMessage(b []byte, v reflect.Value) ([]byte, error) {
	m, err := describe(v.Type())
	if err != nil {
		return nil, err
	}
	b = append(b, '{')
	start := len(b)
	for _, f := range m.fields {
		fv := v.Field(f.index)
		has := f.present(fv)
		if !has && f.required {
			return nil, fmt.Errorf("required field %q has no value", f.name)
		}
		if !has && f.def == nil {
			continue
		}
		if len(b) > start {
			b = append(b, ',')
		}
		b = append(appendString(b, f.name), ':')
		if !has {
			b, err = appendDefault(b, f, fv.Type())
		} else {
			b, err = appendField(b, f, fv)
		}
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", f.name, err)
		}
	}
	return append(b, '}'), nil
}

func appendField(b []byte, f *field, v reflect.Value) ([]byte, error) {
	if f.val != nil {
		return appendMap(b, f, v)
	}
	if !f.repeated {
		return appendValue(b, f, v)
	}
	var err error
	b = append(b, '[')
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendValue(b, f, v.Index(i)); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendMap(b []byte, f *field, v reflect.Value) ([]byte, error) {
	keys := v.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
	var err error
	b = append(b, '{')
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, k.String()), ':')
		if b, err = appendValue(b, f.val, v.MapIndex(k)); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendValue(b []byte, f *field, v reflect.Value) ([]byte, error) {
	switch v.Kind() {
	case reflect.Pointer:
		return appendValue(b, f, v.Elem())
	case reflect.Struct:
		return appendMessage(b, v)
	case reflect.Slice:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v.Bytes())
		return append(b, '"'), nil
	case reflect.String:
		return appendString(b, v.String()), nil
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool()), nil
	case reflect.Float64:
		return appendDouble(b, v.Float())
	case reflect.Uint32, reflect.Uint64:
		return strconv.AppendUint(b, v.Uint(), 10), nil
	case reflect.Int32, reflect.Int64:
		if f.enum != "" {
			return appendString(b, enumName(f.enum, int32(v.Int()))), nil
		}
		return strconv.AppendInt(b, v.Int(), 10), nil
	default:
		return nil, fmt.Errorf("type %s has no JSON form", v.Type())
	}
}

// appendDefault writes the default of an absent field. Tags give booleans as 0
// and 1 and enums as numbers.
func appendDefault(b []byte, f *field, t reflect.Type) ([]byte, error) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case f.enum != "":
		n, err := strconv.ParseInt(*f.def, 10, 32)
		return appendString(b, enumName(f.enum, int32(n))), err
	case t.Kind() == reflect.Bool:
		return strconv.AppendBool(b, *f.def == "1"), nil
	case t.Kind() == reflect.Float64:
		d, err := strconv.ParseFloat(*f.def, 64)
		if err != nil {
			return nil, err
		}
		return appendDouble(b, d)
	case t.Kind() == reflect.String:
		return appendString(b, *f.def), nil
	default:
		return append(b, *f.def...), nil
	}
}
