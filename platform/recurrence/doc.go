// Package recurrence says when something that repeats happens next: recurrence
// rules of RFC 5545 in the user's own time zone.
//
// The text, its parts and their normal form are those of rrule-go; the walk is
// ours, because a library that walks from DTSTART needs milliseconds for an old
// rule and for ever for one that cannot fire (see docs/adr/0008).
//
// # What a rule means
//
// Occurrences are computed on the wall clock and then placed in the zone, as
// RFC 5545 §3.3.10 asks (with erratum 4271):
//
//   - An invalid date (30 February) is no occurrence and is not counted.
//   - A time that the clock skips is read with the offset before the gap: 02:30
//     becomes 03:30. It is counted. If the rule also has an occurrence at 03:30,
//     both are counted and they are one instant.
//   - A time that the clock shows twice is the first of the two. So an hourly
//     rule has no occurrence in the repeated hour.
//   - Occurrences are what the rule yields from DTSTART on. DTSTART is the first
//     of them if it matches the rule; RFC 5545 leaves the other case undefined.
//   - What the rule leaves out comes from DTSTART: the time of day, and the day
//     if no part names one (with BYWEEKNO: the day of the week).
//   - With BYWEEKNO the year is that of the weeks: week 1 may begin in December.
//   - BYSETPOS counts the whole period, also the part before DTSTART.
//
// A Rule never changes and may be used by many goroutines.
package recurrence
