package wire

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// decodeScalar reads in into v, which is no pointer, list or message. It says
// whether v was set: an unknown name in an optional enum is not.
func decodeScalar(v reflect.Value, f *field, in value) (bool, error) {
	if f.enum != "" {
		return decodeEnum(v, f, in)
	}
	switch v.Kind() {
	case reflect.String:
		if in.kind != text {
			return false, unexpected(in, f)
		}
		v.SetString(in.text)
		return true, nil
	case reflect.Slice:
		return true, decodeBytes(v, f, in)
	case reflect.Bool:
		return true, decodeBool(v, f, in)
	default:
		return true, decodeNumber(v, f, in)
	}
}

func decodeEnum(v reflect.Value, f *field, in value) (bool, error) {
	if in.kind != text {
		return false, unexpected(in, f)
	}
	n, ok := enumNumber(f.enum, in.text)
	if !ok && f.required {
		return false, fmt.Errorf("Failed to find enum for '%s'", in.text) //nolint:staticcheck // recorded: Mesos' words
	}
	if ok {
		v.SetInt(int64(n))
	}
	return ok, nil
}

// decodeBytes reads base64 as stout does: everything from the first '=' on is
// ignored, and so is missing padding.
func decodeBytes(v reflect.Value, f *field, in value) error {
	if in.kind != text {
		return unexpected(in, f)
	}
	s, _, _ := strings.Cut(in.text, "=")
	out := make([]byte, 0, len(s)*3/4)
	var bits, have uint
	for i := range len(s) {
		n := strings.IndexByte(base64Chars, s[i])
		if n < 0 {
			return fmt.Errorf("Failed to base64 decode bytes field '%s': Invalid character '%c'", f.name, s[i]) //nolint:staticcheck // recorded: Mesos' words
		}
		bits, have = bits<<6|uint(n), have+6
		if have >= 8 {
			have -= 8
			out = append(out, byte(bits>>have))
		}
	}
	v.SetBytes(out)
	return nil
}

const base64Chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

func decodeBool(v reflect.Value, f *field, in value) error {
	if in.kind == text {
		inner, err := parseJSON([]byte(in.text))
		if err != nil || inner.kind != boolean {
			return fmt.Errorf("Failed to parse '%s' as a JSON boolean for field '%s'", in.text, f.name) //nolint:staticcheck // as Mesos words it
		}
		in = inner
	}
	if in.kind != boolean {
		return unexpected(in, f)
	}
	v.SetBool(in.flag)
	return nil
}

func decodeNumber(v reflect.Value, f *field, in value) error {
	if in.kind == text {
		inner, err := parseJSON([]byte(in.text))
		if err != nil || inner.kind != number {
			return fmt.Errorf("Failed to parse '%s' as a JSON number for field '%s'", in.text, f.name) //nolint:staticcheck // as Mesos words it
		}
		in = inner
	}
	if in.kind != number {
		return unexpected(in, f)
	}
	setNumber(v, in.text)
	return nil
}

// setNumber converts as a C++ cast does: fractions are cut off, what is too
// large for the field wraps around.
func setNumber(v reflect.Value, digits string) {
	d, _ := strconv.ParseFloat(digits, 64)
	switch v.Kind() {
	case reflect.Float64:
		v.SetFloat(d)
	case reflect.Uint32, reflect.Uint64:
		if n, err := strconv.ParseUint(digits, 10, 64); err == nil {
			v.Set(reflect.ValueOf(n).Convert(v.Type()))
			return
		}
		v.Set(reflect.ValueOf(toInt(digits, d)).Convert(v.Type()))
	default:
		v.Set(reflect.ValueOf(toInt(digits, d)).Convert(v.Type()))
	}
}

func toInt(digits string, d float64) int64 {
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return n
	}
	if d >= math.MaxInt64 {
		return math.MaxInt64
	}
	if d <= math.MinInt64 {
		return math.MinInt64
	}
	return int64(d)
}
