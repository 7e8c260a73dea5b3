package agent

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// message is protobuf made by hand, for messages that mesos-go does not have.
type message []byte

// Wire types of protobuf.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// kind writes field 1, the type, the only number in these messages.
func (m *message) kind(value uint64) {
	*m = binary.AppendUvarint(append(*m, 1<<3|wireVarint), value)
}

func (m *message) bytes(field uint64, value []byte) {
	*m = binary.AppendUvarint(binary.AppendUvarint(*m, field<<3|wireBytes), uint64(len(value)))
	*m = append(*m, value...)
}

func (m *message) double(field uint64, value float64) {
	*m = binary.AppendUvarint(*m, field<<3|wireFixed64)
	*m = binary.LittleEndian.AppendUint64(*m, math.Float64bits(value))
}

// value is a message whose only field is a string with number 1, as ids are.
func value(id string) []byte {
	var m message
	m.bytes(1, []byte(id))
	return m
}

var errCut = errors.New("message is cut off")

// bytesFields finds the length-delimited fields of a message; of repeated ones
// the last.
func bytesFields(data []byte) (map[uint64][]byte, error) {
	found := map[uint64][]byte{}
	for len(data) > 0 {
		tag, n := binary.Uvarint(data)
		if n <= 0 {
			return nil, errCut
		}
		data = data[n:]
		size, skip, err := fieldSize(tag&7, data)
		if err != nil {
			return nil, err
		}
		if uint64(len(data)-skip) < size {
			return nil, errCut
		}
		if tag&7 == wireBytes {
			found[tag>>3] = data[skip : uint64(skip)+size]
		}
		data = data[uint64(skip)+size:]
	}
	return found, nil
}

// fieldSize says how long a field is, after skip bytes that tell the length.
func fieldSize(kind uint64, data []byte) (size uint64, skip int, err error) {
	switch kind {
	case wireFixed64:
		return 8, 0, nil
	case wireFixed32:
		return 4, 0, nil
	case wireVarint, wireBytes:
		v, n := binary.Uvarint(data)
		if n <= 0 {
			return 0, 0, errCut
		}
		if kind == wireVarint {
			return 0, n, nil
		}
		return v, n, nil
	}
	return 0, 0, fmt.Errorf("wire type %d", kind)
}
