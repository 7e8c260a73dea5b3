package replay_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/replay"
)

// A node is one line of a recorded tree.
type node struct {
	Path    string
	Octal   string
	Owner   string
	Target  string
	Content *string
}

// observe compares what the operator saw on the node.
func (r *rig) observe(p *replay.Player, e replay.Entry) error {
	switch {
	case strings.HasPrefix(e.Note, "work_dir "):
		return r.matchTree(p, e.Data, r.config.WorkDir, false)
	case strings.HasPrefix(e.Note, "runtime_dir "):
		return r.matchTree(p, e.Data, r.config.RuntimeDir, false)
	case strings.HasSuffix(e.Note, ": sandboxes"), e.Note == "sandbox after the failed fetch":
		return r.matchTree(p, e.Data, filepath.Join(r.config.WorkDir, "slaves"), true)
	case strings.HasSuffix(e.Note, ": fetcher cache directory"):
		return r.matchTree(p, e.Data, r.config.FetcherCacheDir, false)
	case strings.HasSuffix(e.Note, ": requests made by the fetcher to the file server"):
		return r.server.match(r, e.Data)
	}
	return ignored(e)
}

// matchTree compares a recorded tree with a live one: what is there, modes,
// owners, where links lead, and small contents that are text. With parts only
// what lies below the recorded paths is looked at.
func (r *rig) matchTree(p *replay.Player, data []byte, root string, parts bool) error {
	var want []node
	if err := json.Unmarshal(data, &want); err != nil {
		return err
	}
	recorded := map[string]node{}
	for _, n := range want {
		recorded[n.Path] = n
	}
	live, err := r.walk(p, root)
	if err != nil {
		return err
	}
	for path, n := range recorded {
		l, ok := live[path]
		if !ok {
			r.tree(path, "missing")
			continue
		}
		r.matchNode(p, n, l)
	}
	for path := range live {
		if _, ok := recorded[path]; !ok && (!parts || below(path, want)) {
			r.tree(path, "not recorded")
		}
	}
	return nil
}

// below says whether path lies in a directory that a partial recording shows.
func below(path string, want []node) bool {
	for _, n := range want {
		if strings.HasPrefix(path, n.Path+"/") {
			return true
		}
	}
	return false
}

// tree reports a difference unless the list of exceptions has it.
func (r *rig) tree(path, what string) {
	for _, x := range treeExceptions {
		if ok, err := filepath.Match(x.pattern, filepath.Base(path)); ok && err == nil {
			return
		}
	}
	r.differ("tree: " + path + ": " + what)
}

func (r *rig) matchNode(p *replay.Player, want, got node) {
	if want.Octal != got.Octal || want.Owner != got.Owner {
		r.tree(want.Path, fmt.Sprintf("mode %s owner %s, recorded %s %s", got.Octal, got.Owner, want.Octal, want.Owner))
	}
	if err := p.Names().Match(want.Target, got.Target); err != nil {
		r.tree(want.Path, err.Error())
	}
	if want.Content == nil || got.Content == nil {
		return
	}
	if err := p.Names().Match(*want.Content, *got.Content); err != nil {
		r.tree(want.Path, err.Error())
	}
}

// walk lists a live tree under the recorded names of its paths.
func (r *rig) walk(p *replay.Player, root string) (map[string]node, error) {
	out := map[string]node{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		n := node{Path: p.Names().Recorded(path), Octal: fmt.Sprintf("%04o", st.Mode&0o7777), Owner: fmt.Sprintf("%d:%d", st.Uid, st.Gid)}
		switch {
		case d.Type()&fs.ModeSymlink != 0:
			if n.Target, err = os.Readlink(path); err != nil {
				return err
			}
		case d.Type().IsRegular():
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			content := string(text)
			n.Content = &content
		}
		out[n.Path] = n
		return nil
	})
	return out, err
}
