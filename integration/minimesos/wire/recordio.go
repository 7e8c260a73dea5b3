package wire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// A Writer writes RecordIO: each record after its length in decimal and a
// newline. It is not safe for use by several goroutines.
type Writer struct {
	w     io.Writer
	flush func() error
	// Split, when positive, is the size of the pieces in which a record is
	// written and flushed, so that it arrives in several HTTP chunks. Zero
	// writes length and record as one chunk, as the recorded agents did.
	Split int
}

// NewWriter writes to w; when w is an http.ResponseWriter every piece is
// flushed.
func NewWriter(w io.Writer) *Writer {
	flush := func() error { return nil }
	if rw, ok := w.(http.ResponseWriter); ok {
		flush = http.NewResponseController(rw).Flush
	}
	return &Writer{w: w, flush: flush}
}

// Write writes one record.
func (w *Writer) Write(record []byte) error {
	b := append(strconv.AppendInt(nil, int64(len(record)), 10), '\n')
	b = append(b, record...)
	size := w.Split
	if size <= 0 {
		size = len(b)
	}
	for len(b) > 0 {
		piece := b[:min(size, len(b))]
		b = b[len(piece):]
		if _, err := w.w.Write(piece); err != nil {
			return fmt.Errorf("write record: %w", err)
		}
		if err := w.flush(); err != nil {
			return fmt.Errorf("flush record: %w", err)
		}
	}
	return nil
}

// A Reader reads RecordIO, whatever chunks it comes in.
type Reader struct {
	r   *bufio.Reader
	max int
}

// NewReader reads from r. A record longer than max bytes is an error.
func NewReader(r io.Reader, max int) *Reader {
	return &Reader{r: bufio.NewReader(r), max: max}
}

// ErrRecord is wrapped by the errors for text that is no RecordIO.
var ErrRecord = errors.New("malformed record")

// Read returns the next record. At the end of the stream it returns io.EOF, or
// io.ErrUnexpectedEOF when the stream ends within a record.
func (r *Reader) Read() ([]byte, error) {
	line, err := r.r.ReadString('\n')
	if errors.Is(err, io.EOF) && line != "" {
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	size, err := strconv.ParseUint(strings.TrimSuffix(line, "\n"), 10, 31)
	if err != nil {
		return nil, fmt.Errorf("%w: length %q is no number", ErrRecord, line)
	}
	if size > uint64(r.max) {
		return nil, fmt.Errorf("%w: length %d, at most %d allowed", ErrRecord, size, r.max)
	}
	record := make([]byte, size)
	if _, err := io.ReadFull(r.r, record); errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	} else if err != nil {
		return nil, err
	}
	return record, nil
}
