package flockertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"regexp"
	"strings"
	"unicode/utf8"
)

// The real service validates bodies with a JSON schema and reports what is wrong
// in the order of the schema's own tables, which the functions here repeat.

const uuidPattern = `^[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-4[A-Fa-f0-9]{3}-[89abAB][A-Fa-f0-9]{3}-[A-Fa-f0-9]{12}$`

var uuid4 = regexp.MustCompile(uuidPattern)

const (
	minimumSize  = 67108864
	sizeMultiple = 1024
)

var errUndecodable = errors.New("the request body could not be decoded")

// decodeBody reads one JSON value, numbers as they were written. Bytes that are
// not UTF-8, nothing at all and anything after the value are errors.
func decodeBody(body []byte) (any, error) {
	if !utf8.Valid(body) {
		return nil, errUndecodable
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, errUndecodable
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errUndecodable
	}
	return v, nil
}

// createErrors checks the body of a dataset's creation. A body that is no object
// is complained about twice, as the real schema is made of two.
func createErrors(v any) (map[string]any, []string) {
	o, ok := v.(map[string]any)
	if !ok {
		return nil, []string{notOfType(v, "'object'"), notOfType(v, "'object'")}
	}
	errs := unexpected(o, "primary", "dataset_id", "maximum_size", "metadata", "deleted")
	errs = append(errs, missing(o, "primary")...)
	errs = append(errs, metadataErrors(o)...)
	errs = append(errs, sizeErrors(o)...)
	errs = append(errs, nodeErrors(o, "dataset_id")...)
	errs = append(errs, nodeErrors(o, "primary")...)
	return o, errs
}

// updateErrors checks the body of a dataset's update.
func updateErrors(v any) (map[string]any, []string) {
	o, ok := v.(map[string]any)
	if !ok {
		return nil, []string{notOfType(v, "'object'")}
	}
	return o, append(unexpected(o, "primary"), nodeErrors(o, "primary")...)
}

// leaseErrors checks the body of a lease's acquisition.
func leaseErrors(v any) (map[string]any, []string) {
	o, ok := v.(map[string]any)
	if !ok {
		return nil, []string{notOfType(v, "'object'")}
	}
	errs := unexpected(o, "dataset_id", "node_uuid", "expires")
	errs = append(errs, missing(o, "dataset_id", "node_uuid", "expires")...)
	errs = append(errs, lengthErrors(o, "dataset_id")...)
	errs = append(errs, expiresErrors(o)...)
	return o, append(errs, nodeErrors(o, "node_uuid")...)
}

func notOfType(v any, want string) string { return pyRepr(v) + " is not of type " + want }

func unexpected(o map[string]any, allowed ...string) []string {
	known := map[string]bool{}
	for _, name := range allowed {
		known[name] = true
	}
	var extra []string
	for _, name := range sortedKeys(o) {
		if !known[name] {
			extra = append(extra, "u"+pyQuote(name))
		}
	}
	if len(extra) == 0 {
		return nil
	}
	verb := "was"
	if len(extra) > 1 {
		verb = "were"
	}
	return []string{fmt.Sprintf("Additional properties are not allowed (%s %s unexpected)", strings.Join(extra, ", "), verb)}
}

func missing(o map[string]any, required ...string) []string {
	var errs []string
	for _, name := range required {
		if _, ok := o[name]; !ok {
			errs = append(errs, pyQuote(name)+" is a required property")
		}
	}
	return errs
}

// nodeErrors checks a member that must be a UUID of version 4.
func nodeErrors(o map[string]any, name string) []string {
	v, ok := o[name]
	if !ok {
		return nil
	}
	s, ok := v.(string)
	if !ok {
		return []string{notOfType(v, "'string'"), notOfType(v, "'string'")}
	}
	var errs []string
	if !uuid4.MatchString(s) {
		errs = append(errs, pyRepr(s)+" does not match "+pyQuote(uuidPattern))
	}
	return append(errs, lengthErrors(o, name)...)
}

// lengthErrors checks a member that only has to be as long as a UUID.
func lengthErrors(o map[string]any, name string) []string {
	v, ok := o[name]
	if !ok {
		return nil
	}
	s, ok := v.(string)
	switch n := utf8.RuneCountInString(s); {
	case !ok:
		return []string{notOfType(v, "'string'")}
	case n < 36:
		return []string{pyRepr(s) + " is too short"}
	case n > 36:
		return []string{pyRepr(s) + " is too long"}
	}
	return nil
}

func sizeErrors(o map[string]any) []string {
	v, ok := o["maximum_size"]
	if !ok || v == nil {
		return nil
	}
	n, ok := v.(json.Number)
	if !ok || !isInteger(n) {
		return []string{notOfType(v, "'integer', 'null'")}
	}
	size, ok := new(big.Int).SetString(n.String(), 10)
	if !ok {
		return []string{notOfType(v, "'integer', 'null'")}
	}
	var errs []string
	if size.Cmp(big.NewInt(minimumSize)) < 0 {
		errs = append(errs, fmt.Sprintf("%s is less than the minimum of %d", n, minimumSize))
	}
	if new(big.Int).Mod(size, big.NewInt(sizeMultiple)).Sign() != 0 {
		errs = append(errs, fmt.Sprintf("%s is not a multiple of %d", n, sizeMultiple))
	}
	return errs
}

func expiresErrors(o map[string]any) []string {
	v, ok := o["expires"]
	if !ok || v == nil {
		return nil
	}
	if _, ok := v.(json.Number); !ok {
		return []string{notOfType(v, "'number', 'null'")}
	}
	return nil
}

func metadataErrors(o map[string]any) []string {
	v, ok := o["metadata"]
	if !ok {
		return nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		return []string{notOfType(v, "'object'")}
	}
	var errs, extra []string
	for _, key := range sortedKeys(m) {
		if n := utf8.RuneCountInString(key); n < 1 || n > 256 {
			extra = append(extra, "u"+pyQuote(key))
			continue
		}
		errs = append(errs, metadataValueErrors(m[key])...)
	}
	if len(m) > 16 {
		errs = append(errs, pyRepr(m)+" has too many properties")
	}
	if len(extra) > 0 {
		errs = append(errs, fmt.Sprintf("Additional properties are not allowed (%s was unexpected)", strings.Join(extra, ", ")))
	}
	return errs
}

func metadataValueErrors(v any) []string {
	s, ok := v.(string)
	if !ok {
		return []string{notOfType(v, "'string'")}
	}
	if utf8.RuneCountInString(s) > 256 {
		return []string{pyRepr(s) + " is too long"}
	}
	return nil
}
