package docker

import (
	"fmt"

	"github.com/moby/moby/api/types/jsonstream"
)

// progress is what is known of a pull, by layer.
type progress map[string]layer

type layer struct {
	done          bool
	current, size int64 // bytes of the download
}

// note takes in one of the engine's messages, whose words are those that docker
// prints for people.
func (p progress) note(m jsonstream.Message) {
	l := p[m.ID]
	switch m.Status {
	case "Pulling fs layer", "Waiting":
	case "Downloading":
		if m.Progress != nil {
			l.current, l.size = m.Progress.Current, max(m.Progress.Total, m.Progress.Current)
		}
	case "Verifying Checksum", "Download complete", "Extracting":
		l.current = l.size
	case "Pull complete", "Already exists":
		l.current, l.done = l.size, true
	default:
		return // of the whole image
	}
	p[m.ID] = l
}

// String is empty before there is anything to tell.
func (p progress) String() string {
	if len(p) == 0 {
		return ""
	}
	var done int
	var current, size int64
	for _, l := range p {
		if l.done {
			done++
		}
		current += l.current
		size += l.size
	}
	text := fmt.Sprintf("%d of %d layers", done, len(p))
	if size > 0 {
		text += fmt.Sprintf(", %d MiB of %d MiB", current>>20, (size+1<<20-1)>>20)
	}
	return text
}
