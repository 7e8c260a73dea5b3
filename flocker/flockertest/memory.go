package flockertest

import (
	"fmt"
	"sync"
)

// memory is the pool of datasets that exist only in words; memoryNode is one
// node's view of it.
type memory struct {
	mu      sync.Mutex
	volumes map[string]found // by name
	made    int
}

type memoryNode struct {
	*memory
	node, root string
}

func (m memoryNode) discover() ([]found, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []found
	for _, name := range sortedKeys(m.volumes) {
		all = append(all, m.volumes[name])
	}
	return all, nil
}

func (m memoryNode) create(dataset string, size int64) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.made++
	name := fmt.Sprintf("%s.%d", dataset, m.made)
	if m.volumes == nil {
		m.volumes = map[string]found{}
	}
	m.volumes[name] = found{dataset: dataset, name: name, size: size}
	return name, nil
}

// change applies f to a volume if it is still as the caller saw it.
func (m memoryNode) change(old found, apply func(*found)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.volumes[old.name]
	if !ok || v.attached != old.attached {
		return fmt.Errorf("volume %s has changed hands", old.name)
	}
	apply(&v)
	m.volumes[old.name] = v
	return nil
}

func (m memoryNode) attach(f found) error {
	return m.change(f, func(v *found) { v.attached, v.device = m.node, "memory" })
}

func (m memoryNode) format(f found) error {
	return m.change(f, func(v *found) { v.formatted = true })
}

func (m memoryNode) mount(f found) error {
	return m.change(f, func(v *found) { v.path = m.root + "/" + f.dataset })
}

func (m memoryNode) unmount(f found) error {
	return m.change(f, func(v *found) { v.path = "" })
}

func (m memoryNode) detach(f found) error {
	return m.change(f, func(v *found) { v.attached, v.device = "", "" })
}

func (m memoryNode) destroy(f found) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.volumes, f.name)
	return nil
}
