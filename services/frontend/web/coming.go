package web

import (
	"slices"
	"strings"
	"time"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/view"
)

// comingDays is how far ahead a list shows what recurring tasks will bring.
const comingDays = 31

// isComing is the status of a row that is no task yet.
const isComing = "upcoming"

// coming is the span for which a list shows what recurring tasks will bring. None, for
// most lists: from is then zero.
func (v *visit) coming(r room, f filter) (from, before time.Time) {
	if f.status != statusOpen {
		return time.Time{}, time.Time{}
	}
	if r.kind == upcoming {
		from = v.locale.StartOfDay(v.now, 1)
		return from, v.locale.StartOfDay(v.now, 1+comingDays)
	}
	if day, ok := v.dueDay(f); ok {
		return day, v.locale.StartOfDay(day, 1)
	}
	return time.Time{}, time.Time{}
}

// occurrences are those of a span that the filter lets through, as rows. A list does
// without them rather than fail.
func (v *visit) occurrences(from, before time.Time, r room, f filter) []apiclient.Task {
	if !before.After(from) || from.IsZero() {
		return nil
	}
	calendar, err := v.api.Calendar(v.r.Context(), from, before, v.locale.Zone.String(), 0)
	if err != nil {
		if fault.CodeOf(err) != fault.Unavailable {
			v.server.Log.WarnContext(v.r.Context(), "what is to come could not be had", "error", err)
		}
		return nil
	}
	var rows []apiclient.Task
	for _, o := range calendar.Upcoming {
		if r.takes(o, f) {
			rows = append(rows, rowOf(o))
		}
	}
	return rows
}

// takes says whether the room with its filter shows an occurrence.
func (r room) takes(o apiclient.ToCome, f filter) bool {
	wanted := f.tags
	if r.kind == tagged {
		wanted = append([]string{r.tag}, wanted...)
	}
	for _, tag := range wanted {
		if !slices.ContainsFunc(o.Tags, func(has string) bool { return strings.EqualFold(has, tag) }) {
			return false
		}
	}
	return (len(f.priorities) == 0 || slices.Contains(f.priorities, o.Priority)) &&
		strings.Contains(strings.ToLower(o.Title), strings.ToLower(f.search))
}

// rowOf is an occurrence in the shape of the task that it will be.
func rowOf(o apiclient.ToCome) apiclient.Task {
	series := o.SeriesID.String()
	return apiclient.Task{
		Title: o.Title, Priority: o.Priority, Status: isComing, Tags: o.Tags, SeriesID: &series, OccurrenceAt: &o.OccurrenceAt, DueAt: &o.DueAt,
	}
}

// merge puts what is to come among tasks that are sorted by their due date, as far as
// they reach: until is where the next page begins; zero on the last one.
func merge(tasks, coming []apiclient.Task, from, until time.Time) []apiclient.Task {
	coming = slices.DeleteFunc(coming, func(o apiclient.Task) bool {
		return o.DueAt.Before(from) || !until.IsZero() && !o.DueAt.Before(until)
	})
	all := append(slices.Clone(tasks), coming...)
	slices.SortStableFunc(all, func(a, b apiclient.Task) int { return a.DueAt.Compare(*b.DueAt) })
	return all
}

// comingURL leads to the series of a row that is no task yet, at its occurrence.
func comingURL(task apiclient.Task) string {
	if task.Status != isComing {
		return ""
	}
	return view.RecurringPath + "/" + *task.SeriesID + view.FromOccurrence(task.OccurrenceAt.Format(time.RFC3339))
}
