package inputs

import (
	"errors"
	"fmt"
)

// Need is something that a component cannot do without.
type Need struct {
	What  string
	There bool
}

// Check names everything that is missing for a component, joined; nil if nothing is.
func Check(token, name string, needs ...Need) error {
	var wrong []error
	for _, need := range needs {
		if !need.There {
			wrong = append(wrong, fmt.Errorf("%s %q: %s is missing", token, name, need.What))
		}
	}
	return errors.Join(wrong...)
}
