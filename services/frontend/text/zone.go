package text

import (
	_ "embed"
	"strings"
)

// zones.txt lists one name of each zone of the IANA time zone database that
// people choose by city (its zone.tab), and UTC.
//
//go:embed zones.txt
var zones string

// Zones are the names of time zones to choose from. The one that is in use comes
// first when it is not among them, as an older name for a zone may be.
func Zones(current string) []string {
	names := strings.Fields(zones)
	for _, name := range names {
		if name == current || current == "" {
			return names
		}
	}
	return append([]string{current}, names...)
}
