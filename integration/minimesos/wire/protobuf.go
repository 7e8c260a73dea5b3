package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"sort"
)

// MarshalProtobuf writes msg, a pointer to a generated message, as protobuf's
// C++ code does: fields by number, and nothing for an optional enum that has
// no value, where mesos-go's own encoder writes UNKNOWN.
func MarshalProtobuf(msg any) ([]byte, error) {
	v, err := structOf(msg)
	if err != nil {
		return nil, fmt.Errorf("encode protobuf: %w", err)
	}
	b, err := protoMessage(nil, v)
	if err != nil {
		return nil, fmt.Errorf("encode protobuf of %s: %w", v.Type(), err)
	}
	return b, nil
}

// UnmarshalProtobuf reads data into msg. Unknown fields are dropped; garbage
// and missing required fields are errors.
func UnmarshalProtobuf(data []byte, msg any) error {
	m, ok := msg.(interface{ Unmarshal(data []byte) error })
	if !ok {
		return fmt.Errorf("decode protobuf: %T is no generated message", msg)
	}
	if err := m.Unmarshal(data); err != nil {
		return fmt.Errorf("decode protobuf into %T: %w", msg, err)
	}
	return nil
}

func protoMessage(b []byte, v reflect.Value) ([]byte, error) {
	m, err := describe(v.Type())
	if err != nil {
		return nil, err
	}
	for _, f := range m.byNumber {
		fv := v.Field(f.index)
		switch {
		case !f.present(fv) && f.required:
			return nil, fmt.Errorf("required field %q has no value", f.name)
		case !f.present(fv):
			continue
		case f.val != nil:
			b, err = protoMap(b, f, fv)
		case f.repeated:
			for i := 0; i < fv.Len() && err == nil; i++ {
				b, err = protoValue(b, f, fv.Index(i))
			}
		default:
			b, err = protoValue(b, f, fv)
		}
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", f.name, err)
		}
	}
	return b, nil
}

// protoMap writes each entry as a message of key (1) and value (2), by key.
func protoMap(b []byte, f *field, v reflect.Value) ([]byte, error) {
	keys := v.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
	for _, k := range keys {
		entry, err := protoValue(nil, f.key, k)
		if err != nil {
			return nil, err
		}
		if entry, err = protoValue(entry, f.val, v.MapIndex(k)); err != nil {
			return nil, err
		}
		b = appendBytes(b, f, entry)
	}
	return b, nil
}

const (
	varintType  = 0
	fixed64Type = 1
	bytesType   = 2
)

func protoValue(b []byte, f *field, v reflect.Value) ([]byte, error) {
	switch v.Kind() {
	case reflect.Pointer:
		return protoValue(b, f, v.Elem())
	case reflect.Struct:
		inner, err := protoMessage(nil, v)
		return appendBytes(b, f, inner), err
	case reflect.Slice:
		return appendBytes(b, f, v.Bytes()), nil
	case reflect.String:
		return appendBytes(b, f, []byte(v.String())), nil
	case reflect.Bool:
		if v.Bool() {
			return append(appendTag(b, f, varintType), 1), nil
		}
		return append(appendTag(b, f, varintType), 0), nil
	case reflect.Float64:
		return binary.LittleEndian.AppendUint64(appendTag(b, f, fixed64Type), math.Float64bits(v.Float())), nil
	case reflect.Uint32, reflect.Uint64:
		return binary.AppendUvarint(appendTag(b, f, varintType), v.Uint()), nil
	case reflect.Int32, reflect.Int64:
		return binary.AppendUvarint(appendTag(b, f, varintType), uint64(v.Int())), nil
	default:
		return nil, fmt.Errorf("type %s has no protobuf form", v.Type())
	}
}

func appendTag(b []byte, f *field, wireType int) []byte {
	return binary.AppendUvarint(b, uint64(f.number)<<3|uint64(wireType))
}

func appendBytes(b []byte, f *field, data []byte) []byte {
	b = binary.AppendUvarint(appendTag(b, f, bytesType), uint64(len(data)))
	return append(b, data...)
}

var errTruncated = errors.New("message ends within a field")

// protoNumbers lists the numbers of the fields that data holds at the top.
func protoNumbers(data []byte) (map[int]bool, error) {
	numbers := map[int]bool{}
	for len(data) > 0 {
		tag, n := binary.Uvarint(data)
		if n <= 0 {
			return nil, errTruncated
		}
		numbers[int(tag>>3)] = true
		size, err := protoSize(data[n:], int(tag&7))
		if err != nil {
			return nil, err
		}
		data = data[n+size:]
	}
	return numbers, nil
}

// protoSize is how many bytes the value at the start of data takes.
func protoSize(data []byte, wireType int) (int, error) {
	size := uint64(len(data)) + 1
	switch wireType {
	case varintType:
		if _, n := binary.Uvarint(data); n > 0 {
			size = uint64(n)
		}
	case fixed64Type:
		size = 8
	case bytesType:
		if length, n := binary.Uvarint(data); n > 0 && length <= uint64(len(data)) {
			size = uint64(n) + length
		}
	case 5:
		size = 4
	}
	if size > uint64(len(data)) {
		return 0, errTruncated
	}
	return int(size), nil
}
