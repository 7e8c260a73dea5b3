package flockertest

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"maps"
	"time"
)

// Dataset is one entry of the configuration.
type Dataset struct {
	ID          string            `json:"dataset_id"`
	Primary     string            `json:"primary"`
	MaximumSize int64             `json:"maximum_size,omitempty"` // 0: none was asked for
	Metadata    map[string]string `json:"metadata,omitempty"`
	Deleted     bool              `json:"deleted,omitempty"`
}

// Lease says which node may keep a dataset, and until when.
type Lease struct {
	Dataset string    `json:"dataset_id"`
	Node    string    `json:"node_uuid"`
	Expires time.Time `json:"expires,omitzero"` // zero: never
}

// DatasetState is what the nodes reported about a dataset.
type DatasetState struct {
	ID          string
	MaximumSize int64
	Primary     string // node on which it is mounted, "" if on none
	Path        string
}

// configuration is what survives a restart of the control service.
type configuration struct {
	Datasets map[string]Dataset `json:"datasets"`
	Leases   map[string]Lease   `json:"leases"`
	// Owned holds the backend's volume of each dataset, as the agents
	// registered it.
	Owned map[string]string `json:"owned"`
	// Primaries are the nodes that ever were one: an entry of the real
	// configuration stays when its last dataset has moved away.
	Primaries map[string]bool `json:"primaries"`
	// Starts counts the starts of the service: each moves the tag.
	Starts int `json:"starts"`
}

func emptyConfiguration() configuration {
	return configuration{Datasets: map[string]Dataset{}, Leases: map[string]Lease{}, Owned: map[string]string{}, Primaries: map[string]bool{}}
}

// tag is the X-Configuration-Tag: it covers datasets, leases, volumes and starts
// (recorded: it moves on each, and an emptied configuration gets the tag of an
// empty one again).
func (c configuration) tag() string {
	data, err := json.Marshal(c)
	if err != nil {
		return ""
	}
	sum := md5.Sum(data)
	return hex.EncodeToString(sum[:])
}

// put adds or replaces a dataset.
func (c configuration) put(d Dataset) {
	c.Datasets[d.ID] = d
	c.Primaries[d.Primary] = true
}

func (d Dataset) clone() Dataset {
	d.Metadata = maps.Clone(d.Metadata)
	return d
}

// json is the dataset as the configuration endpoints show it; the order of the
// members is the recorded one.
func (d Dataset) json() object {
	o := object{{"deleted", d.Deleted}, {"dataset_id", d.ID}}
	if d.MaximumSize != 0 {
		o = append(o, member{"maximum_size", d.MaximumSize})
	}
	return append(o, member{"primary", d.Primary}, member{"metadata", d.Metadata})
}

func (d DatasetState) json() object {
	var o object
	if d.Primary != "" {
		o = append(o, member{"path", d.Path})
	}
	o = append(o, member{"dataset_id", d.ID}, member{"maximum_size", d.MaximumSize})
	if d.Primary != "" {
		o = append(o, member{"primary", d.Primary})
	}
	return o
}

// json shows the lease with the seconds it has left at now, in microseconds like
// a Python timedelta.
func (l Lease) json(now time.Time) object {
	var expires any
	if !l.Expires.IsZero() {
		expires = float64(l.Expires.UnixMicro()-now.UnixMicro()) / 1e6
	}
	return object{{"dataset_id", l.Dataset}, {"node_uuid", l.Node}, {"expires", expires}}
}
