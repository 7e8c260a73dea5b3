package master

import (
	"slices"
	"strings"
)

const maxIDLength = 255

// validateID holds for the ids of tasks, executors and frameworks, which end
// up as directory names (src/common/validation.cpp, validateID).
func validateID(id string) error {
	switch {
	case id == "":
		return refusef("ID must not be empty")
	case len(id) > maxIDLength:
		return refusef("ID must not be greater than %d characters", maxIDLength)
	case id == "." || id == "..":
		return refusef("'%s' is disallowed", id)
	case strings.ContainsFunc(id, badInID):
		return refusef("'%s' contains invalid characters", id)
	}
	return nil
}

func badInID(r rune) bool { return r < ' ' || r == 0x7f || r == '/' || r == '\\' }

// validateRole checks one role name, a path of components
// (src/common/roles.cpp).
func validateRole(role string) error {
	switch {
	case role == "*":
		return nil
	case strings.HasPrefix(role, "/"):
		return refusef("Role '%s' cannot start with a slash", role)
	case strings.HasSuffix(role, "/"):
		return refusef("Role '%s' cannot end with a slash", role)
	case strings.Contains(role, "//"):
		return refusef("Role '%s' cannot contain two adjacent slashes", role)
	case role == "":
		return refusef("Role names cannot be the empty string")
	}
	for _, component := range strings.Split(role, "/") {
		if err := validateRoleComponent(role, component); err != nil {
			return err
		}
	}
	return nil
}

func validateRoleComponent(role, component string) error {
	switch {
	case slices.Contains([]string{".", "..", "*"}, component):
		return refusef("Role '%s' cannot include '%s' as a component", role, component)
	case strings.HasPrefix(component, "-"):
		return refusef("Role component '%s' is invalid because it starts with a dash", component)
	case strings.ContainsAny(component, " \t\n\v\f\r\b"):
		return refusef("Role component '%s' is invalid because it contains backspace or whitespace", component)
	}
	return nil
}
