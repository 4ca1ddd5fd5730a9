package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/view"
)

const (
	monthLayout = "2006-01"
	// perDay is how many tasks a day names; it counts the others.
	perDay     = 4
	daysOfWeek = 7
)

// showCalendar shows one month.
func (s *Server) showCalendar(v *visit) error {
	calendar, p, err := v.calendar(v.r.URL.Query().Get("month"))
	if err != nil {
		return err
	}
	status := http.StatusOK
	if calendar.Error {
		status = http.StatusServiceUnavailable
	}
	if _, err := v.sidebar(&p); err != nil {
		return err
	}
	switch {
	case v.byScript() && v.target() == view.ListID:
		return v.part(status, view.CalendarMonth(p, calendar), view.Around(p))
	case v.byScript() && v.target() == view.MainID:
		return v.part(status, view.CalendarMain(p, calendar), view.Navigated(p))
	}
	return v.show(status, within(view.App(p), view.CalendarMain(p, calendar)))
}

// calendar is the month of a yyyy-mm, or of today where that is none.
func (v *visit) calendar(month string) (view.Calendar, view.Page, error) {
	today := v.now.In(v.locale.Zone)
	first, err := time.ParseInLocation(monthLayout, month, v.locale.Zone)
	if err != nil || first.Year() < 1970 || first.Year() > 9998 {
		first = time.Date(today.Year(), today.Month(), 1, 0, 0, 0, 0, v.locale.Zone)
	}
	at := func(month time.Time) string {
		return view.CalendarPath + "?" + url.Values{"month": {month.Format(monthLayout)}}.Encode()
	}
	days := v.server.text.Days
	c := view.Calendar{
		URL: at(first), Title: days.Months[first.Month()-1] + " " + strconv.Itoa(first.Year()),
		Previous: at(first.AddDate(0, -1, 0)), Next: at(first.AddDate(0, 1, 0)), Current: view.CalendarPath,
	}
	p := v.page(c.Title)
	p.Path, p.Back = view.UpcomingPath, c.URL
	weekStart := v.locale.WeekStart()
	for i := range daysOfWeek {
		c.Weekdays = append(c.Weekdays, days.Weekdays[(int(weekStart)+i)%daysOfWeek])
	}
	start := first.AddDate(0, 0, -((int(first.Weekday()) - int(weekStart) + daysOfWeek) % daysOfWeek))
	end := first.AddDate(0, 1, 0)
	end = end.AddDate(0, 0, (daysOfWeek-(int(end.Weekday())-int(weekStart)+daysOfWeek)%daysOfWeek)%daysOfWeek)

	shown, err := v.api.Calendar(v.r.Context(), start, end, v.locale.Zone.String(), perDay)
	switch {
	case err != nil && fault.CodeOf(err) == fault.Unavailable:
		v.server.Log.WarnContext(v.r.Context(), "the calendar could not be had", "error", err)
		c.Error = true
		return c, p, nil
	case err != nil:
		return c, p, err //nolint:wrapcheck // a fault of the api
	}
	c.Full = !shown.Complete
	byDay := v.byDay(shown)
	for day := start; day.Before(end); day = day.AddDate(0, 0, 1) {
		if day.Weekday() == weekStart {
			c.Weeks = append(c.Weeks, nil)
		}
		date := day.Format(dateLayout)
		cell := byDay[date]
		cell.Date, cell.Number, cell.Label = date, strconv.Itoa(day.Day()), v.locale.Heading(v.now, day)
		cell.Today, cell.Outside = date == today.Format(dateLayout), day.Month() != first.Month()
		cell.URL = room{}.url(readFilter(url.Values{"due": {date}}, room{}))
		last := len(c.Weeks) - 1
		c.Weeks[last] = append(c.Weeks[last], cell)
	}
	return c, p, nil
}

// byDay are the days on which something falls, by their date.
func (v *visit) byDay(shown apiclient.Calendar) map[string]view.CalendarDay {
	days := map[string]view.CalendarDay{}
	coming := map[string][]apiclient.Task{}
	for _, o := range shown.Upcoming {
		date := o.DueAt.In(v.locale.Zone).Format(dateLayout)
		coming[date] = append(coming[date], rowOf(o))
		days[date] = view.CalendarDay{Coming: len(coming[date])}
	}
	for _, day := range shown.Days {
		filled := days[day.Date]
		filled.Count = day.Count
		days[day.Date] = v.filled(filled, merge(day.Items, coming[day.Date], time.Time{}, time.Time{}))
		delete(coming, day.Date)
	}
	for date, rows := range coming {
		days[date] = v.filled(days[date], rows)
	}
	return days
}

// filled is a day with the first of its rows, and the number of the others.
func (v *visit) filled(day view.CalendarDay, rows []apiclient.Task) view.CalendarDay {
	named := perDay
	if all := day.Count + day.Coming; all > perDay {
		named--
		day.More = all - named
	}
	for _, task := range rows[:min(named, len(rows))] {
		row := v.row(task)
		row.Due = v.timeOnly(row.Due, *task.DueAt)
		day.Tasks = append(day.Tasks, row)
	}
	return day
}
