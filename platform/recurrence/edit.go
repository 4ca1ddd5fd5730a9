package recurrence

import (
	"slices"
	"sort"
	"time"
)

// Storable says whether a recurrence may be stored as a series that fires for
// real; Parse also accepts what one may only want to look at. Errors are *Error.
func (r *Rule) Storable() error {
	if gap := r.shortestGap(); gap > 0 && gap < ShortestInterval {
		part := "FREQ"
		switch {
		case len(r.option.Bysecond) > 1:
			part = "BYSECOND"
		case len(r.option.Byminute) > 1:
			part = "BYMINUTE"
		}
		return errorf(part, "A series may fire every %d minutes at most; this one fires every %v.", int(ShortestInterval.Minutes()), gap)
	}
	first, ok := r.next(-forever)
	if !ok {
		return errorf("exdate", "The exceptions leave no occurrence.")
	}
	if start := r.spec.Start.In(r.zone).Unix(); first-start > int64(Horizon.Seconds()) {
		return errorf("dtstart", "The first occurrence is on %s, more than 10 years after the start.",
			time.Unix(first, 0).In(r.zone).Format("January 2, 2006"))
	}
	return nil
}

// shortestGap is the least time between two occurrences of one day, if the rule
// has several in a day; else 0.
func (r *Rule) shortestGap() time.Duration {
	if r.pattern == nil {
		return 0
	}
	gap := int64(r.pattern.clock.shortestGap())
	if r.pattern.unit > 0 {
		units := r.pattern.beat.shortestGap() * r.pattern.unit
		if gap == 0 || r.pattern.clock.size == 1 {
			gap = units
		}
		gap = min(gap, units)
	}
	return time.Duration(gap) * time.Second
}

// Skip is the recurrence without one occurrence. The error is an *Error for an
// instant that is none.
func (r *Rule) Skip(at time.Time) (Spec, error) {
	local, err := r.local(at)
	if err != nil {
		return Spec{}, err
	}
	spec := r.spec
	spec.RDates, spec.ExDates = slices.Clone(spec.RDates), append(slices.Clone(spec.ExDates), local)
	return spec, nil
}

// Split cuts the recurrence in two at an occurrence, to change "this and
// following": before ends just before it, and following starts with it and has
// what remains of COUNT. hasBefore is false if at is the first occurrence.
func (r *Rule) Split(at time.Time) (before Spec, hasBefore bool, following Spec, err error) {
	local, err := r.local(at)
	if err != nil {
		return Spec{}, false, Spec{}, err
	}
	first, _ := r.next(-forever)
	hasBefore = first < at.Unix()
	before, following = r.spec, r.spec
	before.RDates, following.RDates = r.divide(r.spec.RDates, at)
	before.ExDates, following.ExDates = r.divide(r.spec.ExDates, at)
	following.Start = local
	if r.option == nil {
		return before, hasBefore, following, nil
	}

	// At an extra date the rule goes on where it would have, or not at all.
	start, ok := r.pattern.next(local.seconds)
	if !ok || start > r.last || (Local{seconds: start}).In(r.zone).Unix() > r.until {
		following.RRule = ""
		return before, hasBefore, following, nil
	}
	option := *r.option
	option.Count, option.Until = 0, at.Add(-time.Second)
	before.RRule = option.RRuleString()

	following.Start = Local{seconds: start}
	option = *r.option
	if option.Count > 0 {
		option.Count -= r.rank(following.Start)
	}
	following.RRule = option.RRuleString()
	return before, hasBefore, following, nil
}

// local is what the wall clock of the rule shows at an occurrence: where the
// clock skips a time, the one that the rule names.
func (r *Rule) local(at time.Time) (Local, error) {
	if !r.Occurs(at) {
		return Local{}, errorf("occurrence", "There is no occurrence at %s.", at.In(r.zone).Format(time.RFC3339))
	}
	local := LocalOf(at, r.zone)
	if r.pattern == nil {
		return local, nil
	}
	from, _, offset, before, _ := zoneAt(at.Unix(), r.zone)
	if gap := offset - before; gap > 0 && at.Unix() < from+gap {
		skipped := Local{seconds: local.seconds - gap}
		if found, ok := r.pattern.next(skipped.seconds); ok && found == skipped.seconds && found <= r.last {
			return skipped, nil
		}
	}
	return local, nil
}

// rank is how many times of the rule are before one on the wall clock.
func (r *Rule) rank(local Local) int {
	return sort.Search(r.option.Count, func(n int) bool {
		at, beyond, err := r.pattern.nth(int64(n))
		return err != nil || beyond || at >= local.seconds
	})
}

// divide is the dates before an instant and the others.
func (r *Rule) divide(dates []Local, at time.Time) (before, following []Local) {
	for _, date := range dates {
		if date.In(r.zone).Before(at) {
			before = append(before, date)
		} else {
			following = append(following, date)
		}
	}
	return before, following
}
