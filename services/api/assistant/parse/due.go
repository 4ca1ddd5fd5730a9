package parse

import "time"

// dueTime is a day with or without a time of the day, or an instant.
type dueTime struct {
	date

	hour, minute int
	hasTime      bool
	instant      time.Time
}

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

func (p *parser) passed(d dueTime) bool { return p.instant(d).Before(p.now) }

// instant is when it is, in the zone of now.
func (p *parser) instant(d dueTime) time.Time {
	if !d.instant.IsZero() {
		return d.instant
	}
	return d.at(d.hour, d.minute, p.zone)
}
