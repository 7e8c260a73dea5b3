package volumes

import "time"

// Label is one label of a task.
type Label struct{ Key, Value string }

// Volume is one dataset as a task asked for it.
type Volume struct {
	Label    string // key of the label it came from
	Name     string // of the dataset
	Path     string // container path: relative to the sandbox, or absolute
	ReadOnly bool
	Size     int64         // bytes, at creation; 0 means the operator's default
	Create   bool          // default true
	Dataset  string        // explicit dataset id, or ""
	Timeout  time.Duration // acquire deadline of this volume; 0 means the operator's
}

// Request is everything that a task's labels ask for.
type Request struct {
	Volumes []Volume // in the order of their label keys
	Command string   // flocker.command; "" when absent or blank
	User    string   // flocker.user; "" when absent
	Image   string   // flocker.image; "" when absent
	// ImageFile is flocker.image-file: a clean path relative to the sandbox; "" when absent.
	ImageFile string
}
