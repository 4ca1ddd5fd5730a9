package recurrence

import (
	"strings"
	"sync"
	"time"
)

// zoneLife is how long a loaded zone is used, so that an update of the system's
// zone data is seen without a restart.
const zoneLife = time.Hour

type cachedZone struct {
	location *time.Location
	loaded   time.Time
}

// zones holds the zones in use by name; time.LoadLocation reads a file each time.
var zones sync.Map

// loadZone finds a zone by its IANA name, in the system's zone data or, if the
// program imports it, in time/tzdata.
func loadZone(name string) (*time.Location, error) {
	if zone, ok := zones.Load(name); ok {
		if zone, ok := zone.(cachedZone); ok && time.Since(zone.loaded) < zoneLife {
			return zone.location, nil
		}
	}
	if !plausibleZone(name) {
		return nil, errorf("timezone", "%s is no time zone. Use an IANA name such as Europe/Berlin or UTC.", quote(name))
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return nil, errorf("timezone", "%s is no time zone that is known here. Use an IANA name such as Europe/Berlin or UTC.", quote(name))
	}
	zones.Store(name, cachedZone{location: location, loaded: time.Now()})
	return location, nil
}

// plausibleZone keeps out what LoadLocation understands but means something else:
// the machine's own zone, and data that counts leap seconds.
func plausibleZone(name string) bool {
	switch {
	case name == "", name == "Local", name == "localtime", strings.HasPrefix(name, "right/"), strings.HasPrefix(name, "posix/"):
		return false
	}
	for _, r := range name {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (r < '0' || r > '9') && !strings.ContainsRune("/_+-", r) {
			return false
		}
	}
	return true
}
