package agent

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// updateJournal is a task.updates file: records after their length in four
// bytes, each an update or an acknowledgement (StatusUpdateRecord of
// messages.proto). A nil journal keeps nothing.
type updateJournal struct {
	path string
	file *os.File
}

// Field numbers of StatusUpdateRecord and StatusUpdate.
const (
	recordUpdate, recordUUID        = 2, 3
	updateFramework, updateExecutor = 1, 2
	updateAgent, updateStatus       = 3, 4
	updateTimestamp, updateUUID     = 5, 6
)

// Types of a StatusUpdateRecord.
const (
	recordUpdates = 0
	recordAck     = 1
)

func (j *updateJournal) update(framework string, e *executor, s mesos.TaskStatus) error {
	if j == nil {
		return nil
	}
	status, err := wire.MarshalProtobuf(&s)
	if err != nil {
		return err
	}
	var u message
	u.bytes(updateFramework, value(framework))
	u.bytes(updateExecutor, value(e.id))
	u.bytes(updateAgent, value(s.AgentID.GetValue()))
	u.bytes(updateStatus, status)
	u.double(updateTimestamp, s.GetTimestamp())
	u.bytes(updateUUID, s.UUID)
	var r message
	r.kind(recordUpdates)
	r.bytes(recordUpdate, u)
	return j.append(r)
}

func (j *updateJournal) acknowledgement(uuid []byte) error {
	if j == nil {
		return nil
	}
	var r message
	r.kind(recordAck)
	r.bytes(recordUUID, uuid)
	return j.append(r)
}

func (j *updateJournal) append(record []byte) error {
	if j.file == nil {
		if err := os.MkdirAll(filepath.Dir(j.path), 0o755); err != nil {
			return err
		}
		f, err := os.OpenFile(j.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			return err
		}
		j.file = f
	}
	_, err := j.file.Write(framed(record))
	return err
}

func (j *updateJournal) close() {
	if j != nil && j.file != nil {
		j.file.Close()
		j.file = nil
	}
}

func framed(record []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(record))), record...)
}

// journalRecord is one line of what readJournal finds.
type journalRecord struct {
	status *mesos.TaskStatus // nil: an acknowledgement
	uuid   []byte
}

// readJournal reads a task.updates file. A record cut off by a crash ends it.
func readJournal(path string) ([]journalRecord, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []journalRecord
	for len(data) >= 4 {
		size := binary.LittleEndian.Uint32(data)
		if uint64(len(data)) < 4+uint64(size) {
			break
		}
		r, err := readRecord(data[4 : 4+size])
		if err != nil {
			return nil, fmt.Errorf("decode %s: %w", path, err)
		}
		all = append(all, r)
		data = data[4+size:]
	}
	return all, nil
}

func readRecord(data []byte) (journalRecord, error) {
	fields, err := bytesFields(data)
	if err != nil {
		return journalRecord{}, err
	}
	update, ok := fields[recordUpdate]
	if !ok {
		return journalRecord{uuid: fields[recordUUID]}, nil
	}
	inner, err := bytesFields(update)
	if err != nil {
		return journalRecord{}, err
	}
	var s mesos.TaskStatus
	if err := wire.UnmarshalProtobuf(inner[updateStatus], &s); err != nil {
		return journalRecord{}, err
	}
	return journalRecord{status: &s, uuid: inner[updateUUID]}, nil
}
