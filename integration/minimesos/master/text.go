package master

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// debugText prints a generated message as C++ protobuf's DebugString does:
// fields that are set, by number, enums by name, strings quoted.
func debugText(msg any) string {
	var b strings.Builder
	printMessage(&b, reflect.ValueOf(msg).Elem(), "")
	return b.String()
}

// protoField is one field of a message with its number and name from the tag.
type protoField struct {
	number   int
	name     string
	optional bool
	value    reflect.Value
}

func protoFields(v reflect.Value) []protoField {
	var fields []protoField
	for i := range v.NumField() {
		tag := strings.Split(v.Type().Field(i).Tag.Get("protobuf"), ",")
		if len(tag) < 4 {
			continue
		}
		number, err := strconv.Atoi(tag[1])
		if err != nil {
			continue
		}
		fields = append(fields, protoField{
			number:   number,
			name:     strings.TrimPrefix(tag[3], "name="),
			optional: tag[2] == "opt",
			value:    v.Field(i),
		})
	}
	slices.SortFunc(fields, func(a, b protoField) int { return a.number - b.number })
	return fields
}

func printMessage(b *strings.Builder, v reflect.Value, indent string) {
	for _, f := range protoFields(v) {
		printField(b, f.name, f.value, f.optional, indent)
	}
}

func printField(b *strings.Builder, name string, v reflect.Value, optional bool, indent string) {
	switch {
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		for i := range v.Len() {
			printField(b, name, v.Index(i), false, indent)
		}
	case v.Kind() == reflect.Pointer || v.Kind() == reflect.Slice:
		if v.IsNil() {
			return
		}
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		printValue(b, name, v, indent)
	case optional && v.IsZero():
		// An enum that mesos-go keeps by value: zero means absent.
	default:
		printValue(b, name, v, indent)
	}
}

func printValue(b *strings.Builder, name string, v reflect.Value, indent string) {
	if v.Kind() == reflect.Struct {
		fmt.Fprintf(b, "%s%s {\n", indent, name)
		printMessage(b, v, indent+"  ")
		fmt.Fprintf(b, "%s}\n", indent)
		return
	}
	fmt.Fprintf(b, "%s%s: %s\n", indent, name, scalarDebug(v))
}

func scalarDebug(v reflect.Value) string {
	if s, ok := v.Interface().(fmt.Stringer); ok {
		return s.String()
	}
	switch v.Kind() {
	case reflect.String:
		return quote(v.String())
	case reflect.Slice:
		return quote(string(v.Bytes()))
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	default:
		return fmt.Sprint(v.Interface())
	}
}

// quote escapes as C++ protobuf does (CEscape: octal for what is not ASCII).
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '"' || c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
