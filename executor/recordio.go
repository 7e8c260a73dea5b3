package executor

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// maxRecord bounds one event. A LAUNCH carries TaskInfo.data, for which Mesos
// has no limit of its own; more than this is taken for garbage.
const maxRecord = 256 << 20

// maxLength is the longest length line: the digits of the largest uint64.
const maxLength = 20

// errRecord says that what came is no RecordIO. The stream is of no more use.
var errRecord = errors.New("not a RecordIO stream")

// recordReader reads RecordIO: a decimal length, a newline, that many bytes
// (stout/recordio.hpp). Records may be split anywhere by the transport.
type recordReader struct{ r *bufio.Reader }

func newRecordReader(r io.Reader) *recordReader {
	return &recordReader{r: bufio.NewReader(r)}
}

// next returns the next record in memory of its own. io.EOF means that the
// stream ended between two records, io.ErrUnexpectedEOF that it ended inside one.
func (r *recordReader) next() ([]byte, error) {
	length, err := r.length()
	if err != nil {
		return nil, err
	}
	// Grows with what really comes: a length alone must not cost memory.
	var record bytes.Buffer
	if _, err := io.CopyN(&record, r.r, length); err != nil {
		return nil, unexpected(err)
	}
	return record.Bytes(), nil
}

func (r *recordReader) length() (int64, error) {
	var digits []byte
	for {
		c, err := r.r.ReadByte()
		if err != nil {
			if len(digits) > 0 {
				err = unexpected(err)
			}
			return 0, err
		}
		if c == '\n' {
			break
		}
		if c < '0' || c > '9' || len(digits) == maxLength {
			return 0, fmt.Errorf("%w: length %q", errRecord, append(digits, c))
		}
		digits = append(digits, c)
	}
	n, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil || n > maxRecord {
		return 0, fmt.Errorf("%w: length %q, allowed are 0 to %d", errRecord, digits, maxRecord)
	}
	return n, nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
