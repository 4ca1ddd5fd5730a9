package recurrence

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/teambition/rrule-go"
)

// Limits of a rule. They are generous: they bound what a call costs, not what
// people may want.
const (
	// MaxRuleLength is the longest rule in characters; one that names every day
	// of the year is shorter.
	MaxRuleLength = 4096
	// MaxInterval is the largest INTERVAL.
	MaxInterval = 999_999_999
	// MaxCount is the largest COUNT.
	MaxCount = 1_000_000_000
	// MaxDates is the largest number of extra dates, and of exceptions.
	MaxDates = 1000
)

// Limits of a rule that is stored and fires for real, see Storable.
const (
	// ShortestInterval is the least time between two occurrences.
	ShortestInterval = 5 * time.Minute
	// Horizon is how long after its start a series must have begun.
	Horizon = 10 * 366 * 24 * time.Hour
)

// Spec is a recurrence as it is stored and sent.
type Spec struct {
	// RRule is a rule of RFC 5545 §3.3.10, "FREQ=WEEKLY;BYDAY=FR". "RRULE:" before
	// it is accepted. It may be empty if there are RDates.
	RRule string `json:"rrule"`
	// Start is DTSTART on the wall clock of Zone.
	Start Local `json:"dtstart"`
	// Zone is the IANA name of a time zone.
	Zone string `json:"timezone"`
	// RDates are occurrences besides those of the rule; ExDates are none, whatever
	// the rule or RDates say.
	RDates  []Local `json:"rdate,omitempty"`
	ExDates []Local `json:"exdate,omitempty"`
}

// Error says why a recurrence is refused.
type Error struct {
	// Part is what to mend: a part of the rule such as "BYDAY", "RRULE" for all of
	// it, or another field of Spec by its JSON name.
	Part string
	// Reason is a sentence for people.
	Reason string
}

func (e *Error) Error() string { return e.Part + ": " + e.Reason }

func errorf(part, format string, args ...any) *Error {
	return &Error{Part: part, Reason: fmt.Sprintf(format, args...)}
}

// Rule is a recurrence that was understood. It never changes.
type Rule struct {
	spec    Spec
	zone    *time.Location
	option  *rrule.ROption // nil: there are only RDates
	pattern *pattern       // nil: the same
	last    int64          // the last occurrence by COUNT, in seconds of Local
	until   int64          // Unix time
	rdates  []int64        // Unix times, sorted
	exdates []int64
}

const forever = 1 << 62

// Parse reads and checks a recurrence. Errors are of type *Error. A rule that can
// never fire is refused. It takes well below a millisecond whatever the input.
func Parse(spec Spec) (*Rule, error) {
	zone, err := loadZone(spec.Zone)
	if err != nil {
		return nil, err
	}
	r := &Rule{spec: spec, zone: zone, last: forever, until: forever}
	if r.rdates, err = instants("rdate", spec.RDates, zone); err != nil {
		return nil, err
	}
	if r.exdates, err = instants("exdate", spec.ExDates, zone); err != nil {
		return nil, err
	}
	if spec.RRule == "" {
		if len(spec.RDates) == 0 {
			return nil, errorf("RRULE", "There is neither a rule nor a date.")
		}
		// DTSTART is the first occurrence of a set without a rule, RFC 5545 §3.8.5.2.
		r.rdates = sortedUnique(append(r.rdates, spec.Start.In(zone).Unix()))
		return r, nil
	}
	option, err := parseRRule(spec.RRule, zone)
	if err != nil {
		return nil, err
	}
	if err := r.setRule(option); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Rule) setRule(option rrule.ROption) error {
	pattern, err := newPattern(&option, r.spec.Start)
	if err != nil {
		return err
	}
	if option.Interval == 1 {
		option.Interval = 0 // the default, which String leaves out
	}
	r.option, r.pattern = &option, pattern
	if option.Count > 0 {
		last, beyond, err := pattern.nth(int64(option.Count) - 1)
		if err != nil {
			return err
		}
		if !beyond {
			r.last = last
		}
	}
	if !option.Until.IsZero() {
		r.until = option.Until.Unix()
		if _, ok := r.nextOfRule(-forever); !ok {
			return errorf("UNTIL", "The rule never fires: it ends before its first occurrence.")
		}
	}
	return nil
}

func instants(part string, dates []Local, zone *time.Location) ([]int64, error) {
	if len(dates) > MaxDates {
		return nil, errorf(part, "There may be at most %d dates; these are %d.", MaxDates, len(dates))
	}
	unix := make([]int64, len(dates))
	for i, date := range dates {
		unix[i], _ = date.resolve(zone)
	}
	return sortedUnique(unix), nil
}

func sortedUnique(unix []int64) []int64 {
	slices.Sort(unix)
	return slices.Compact(unix)
}

// Spec is what the rule was made from.
func (r *Rule) Spec() Spec { return r.spec }

// Count is how many occurrences the rule itself has; 0: it has no COUNT.
func (r *Rule) Count() int {
	if r.option == nil {
		return 0
	}
	return r.option.Count
}

// Zone is the time zone that the rule is in.
func (r *Rule) Zone() *time.Location { return r.zone }

// String is the rule in its normal form, as rrule-go and python-dateutil read it:
// upper case, lists in order, UNTIL in UTC. It is empty if there is no rule.
func (r *Rule) String() string {
	if r.option == nil {
		return ""
	}
	return r.option.RRuleString()
}

// Next is the first occurrence after an instant, in the rule's zone; false: there
// is none.
func (r *Rule) Next(after time.Time) (time.Time, bool) {
	unix, ok := r.next(after.Unix())
	if !ok {
		return time.Time{}, false
	}
	return time.Unix(unix, 0).In(r.zone), true
}

// Occurs says whether there is an occurrence at an instant.
func (r *Rule) Occurs(at time.Time) bool {
	unix, ok := r.next(at.Unix() - 1)
	return ok && at.Equal(time.Unix(unix, 0))
}

// All is every occurrence in order.
func (r *Rule) All() iter.Seq[time.Time] { return r.from(-forever) }

// After is every occurrence after an instant, in order.
func (r *Rule) After(after time.Time) iter.Seq[time.Time] { return r.from(after.Unix()) }

func (r *Rule) from(after int64) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		for {
			unix, ok := r.next(after)
			if !ok || !yield(time.Unix(unix, 0).In(r.zone)) {
				return
			}
			after = unix
		}
	}
}

// First is the first n occurrences, or with after the first n after it. finished
// says that no more follow.
func (r *Rule) First(n int, after *time.Time) (occurrences []time.Time, finished bool) {
	unix := int64(-forever)
	if after != nil {
		unix = after.Unix()
	}
	occurrences = make([]time.Time, 0, max(n, 0))
	for occurrence := range r.from(unix) {
		if len(occurrences) >= n {
			return occurrences, false
		}
		occurrences = append(occurrences, occurrence)
	}
	return occurrences, true
}

// Between is the occurrences from an instant, included, to another, not included;
// at most limit of them.
func (r *Rule) Between(from, to time.Time, limit int) []time.Time {
	var occurrences []time.Time
	for occurrence := range r.After(from.Add(-1)) {
		if len(occurrences) >= limit || !occurrence.Before(to) {
			break
		}
		occurrences = append(occurrences, occurrence)
	}
	return occurrences
}

// NextAfterCompletion is when something is due again that was done at an instant,
// if the rule counts from there ("3 days after I finish it"): the rule is laid
// anew from the local date of done, at the time of day of Start, and its first
// occurrence after that is the answer. COUNT is the caller's to count; extra
// dates don't apply. False: the rule has ended, or never fires from there.
func (r *Rule) NextAfterCompletion(done time.Time) (time.Time, bool) {
	if r.option == nil {
		return time.Time{}, false
	}
	anew := &Rule{spec: r.spec, zone: r.zone, last: forever, until: forever, exdates: r.exdates}
	anew.spec.Start = LocalOf(done, r.zone).At(r.spec.Start)
	option := *r.option
	option.Count = 0
	if err := anew.setRule(option); err != nil {
		return time.Time{}, false
	}
	return anew.Next(anew.spec.Start.In(r.zone))
}

// next is Next in Unix time.
func (r *Rule) next(after int64) (int64, bool) {
	for {
		unix, ok := r.nextOfRule(after)
		if i, _ := slices.BinarySearch(r.rdates, after+1); i < len(r.rdates) && (!ok || r.rdates[i] < unix) {
			unix, ok = r.rdates[i], true
		}
		if !ok {
			return 0, false
		}
		if _, excluded := slices.BinarySearch(r.exdates, unix); !excluded {
			return unix, true
		}
		after = unix
	}
}

// nextOfRule is the first instant after another at which the rule fires.
//
// The later of two times on the wall clock is the later of two instants, except
// around a gap: what the clock skips falls together with the time after the gap.
// So there may be two candidates, one in the gap and one after it.
func (r *Rule) nextOfRule(after int64) (int64, bool) {
	if r.pattern == nil {
		return 0, false
	}
	after = max(after, r.pattern.start+unixOfLocalZero-longestShift)
	from, _, offset, before, _ := zoneAt(after, r.zone)
	wall := after + 1 + offset - unixOfLocalZero
	best := r.candidate(wall, wall, after)
	if gap := offset - before; gap > 0 && after < from+gap {
		best = min(best, r.candidate(wall-gap, wall, after))
	}
	return best, best < forever && best <= r.until
}

// candidate is the first instant after another at which a time on the wall clock
// from a given one on falls, or forever. wall is what the clock shows after it.
func (r *Rule) candidate(local, wall, after int64) int64 {
	best := int64(forever)
	for {
		found, ok := r.pattern.next(local)
		if !ok || found > r.last {
			return best
		}
		unix, gapEnd := Local{seconds: found}.resolve(r.zone)
		if unix > after {
			best = min(best, unix)
			if gapEnd == (Local{}) {
				return best
			}
			local = max(gapEnd.seconds, wall) // what follows the gap may come first
			continue
		}
		// The clock shows found twice, and after is or follows the second time.
		from, _, _, before, _ := zoneAt(after, r.zone)
		local = max(found+1, wall, from+before-unixOfLocalZero)
	}
}
