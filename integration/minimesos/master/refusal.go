package master

import "fmt"

// refusal is why the master does not do what it was asked to, in the words of
// Mesos. It ends up in a response, an ERROR event or a TaskStatus.
type refusal string

func (r refusal) Error() string { return string(r) }

func refusef(format string, args ...any) error {
	return refusal(fmt.Sprintf(format, args...))
}

// firstError runs checks in order and returns what the first failing one says.
func firstError(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}
