package flocker

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"go.uber.org/zap"
)

// cache keeps small facts as files. Everything in it can be found out again, so
// it returns no errors: what cannot be read is unknown. Each fact names the
// control service it is about.
type cache struct {
	dir     string
	service string
	log     *zap.Logger
}

// knownNode says that this machine, as booted now, is that node.
type knownNode struct {
	Service string `json:"service"`
	Era     string `json:"era"`
	Node    string `json:"node"`
}

// hint says that the dataset of a name has another id than the computed one.
type hint struct {
	Service string `json:"service"`
	Name    string `json:"name"`
	Dataset string `json:"dataset"`
}

const nodeFile = "node"

// node returns what is known for this boot, or "".
func (c cache) node(era string) string {
	var k knownNode
	if !c.read(nodeFile, &k) || k.Service != c.service || k.Era != era || !isUUID(k.Node) {
		return ""
	}
	return k.Node
}

func (c cache) keepNode(era, node string) {
	c.write(nodeFile, knownNode{Service: c.service, Era: era, Node: node})
}

func (c cache) forgetNode() { c.remove(nodeFile) }

// hintFile is named by an id, since a dataset's name may be no file name.
func hintFile(name string) string { return filepath.Join("hints", ComputedID(name, 0)) }

// hint returns the id under which the name was last found, or "".
func (c cache) hint(name string) string {
	var h hint
	if !c.read(hintFile(name), &h) || h.Service != c.service || h.Name != name || !isUUID(h.Dataset) {
		return ""
	}
	return h.Dataset
}

// keepHint remembers an id, unless it is the one that is tried first anyway.
func (c cache) keepHint(name, id string) {
	if id == ComputedID(name, 0) {
		c.remove(hintFile(name))
		return
	}
	c.write(hintFile(name), hint{Service: c.service, Name: name, Dataset: id})
}

func (c cache) read(name string, into any) bool {
	if c.dir == "" {
		return false
	}
	b, err := os.ReadFile(filepath.Join(c.dir, name))
	return err == nil && json.Unmarshal(b, into) == nil
}

// write replaces the file whole, so that a reader never sees half of it.
func (c cache) write(name string, fact any) {
	if c.dir == "" {
		return
	}
	if err := replaceFile(filepath.Join(c.dir, name), fact); err != nil {
		c.log.Warn("cannot remember; it will be asked for again", zap.String("file", name), zap.Error(err))
	}
}

func (c cache) remove(name string) {
	if c.dir == "" {
		return
	}
	if err := os.Remove(filepath.Join(c.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.log.Warn("cannot forget", zap.String("file", name), zap.Error(err))
	}
}

func replaceFile(path string, fact any) error {
	b, err := json.Marshal(fact)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
