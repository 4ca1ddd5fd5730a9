package text

import (
	"strings"
	"time"
)

// maxZone is the longest name of a time zone, in bytes.
const maxZone = 64

// Zone reads the name of an IANA time zone. It says what is wrong with a name that
// is none; empty when nothing is.
func Zone(name string) (zone *time.Location, message string) {
	if name == "" {
		return nil, "is required"
	}
	// Go reads more names than IANA has: Local, and directories of the machine's files.
	zone, err := time.LoadLocation(name)
	if err != nil || len(name) > maxZone || name == "Local" || strings.HasPrefix(name, "posix") || strings.HasPrefix(name, "right/") {
		return nil, `must be the name of an IANA time zone, such as "Europe/Berlin"`
	}
	return zone, ""
}
