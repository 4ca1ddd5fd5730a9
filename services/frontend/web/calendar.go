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
	// maxCalendar is how many tasks a month shows at most.
	maxCalendar = 1000
	// perDay is how many of them a day names; it counts the others.
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

	tasks, err := v.dueWithin(start, end)
	switch {
	case err != nil && fault.CodeOf(err) == fault.Unavailable:
		v.server.Log.WarnContext(v.r.Context(), "the calendar could not be had", "error", err)
		c.Error = true
		return c, p, nil
	case err != nil:
		return c, p, err
	}
	c.Full = len(tasks) == maxCalendar
	byDay := map[string][]view.Task{}
	for _, task := range tasks {
		row := v.row(task)
		row.Due = v.timeOnly(row.Due, *task.DueAt)
		day := task.DueAt.In(v.locale.Zone).Format(dateLayout)
		byDay[day] = append(byDay[day], row)
	}
	for day := start; day.Before(end); day = day.AddDate(0, 0, 1) {
		if day.Weekday() == weekStart {
			c.Weeks = append(c.Weeks, nil)
		}
		date := day.Format(dateLayout)
		cell := view.CalendarDay{
			Date: date, Number: strconv.Itoa(day.Day()), Label: v.locale.Heading(v.now, day), Tasks: byDay[date],
			Today: date == today.Format(dateLayout), Outside: day.Month() != first.Month(),
			URL: room{}.url(readFilter(url.Values{"due": {date}}, room{})),
		}
		if len(cell.Tasks) > perDay {
			cell.More = len(cell.Tasks) - perDay + 1
			cell.Tasks = cell.Tasks[:perDay-1]
		}
		last := len(c.Weeks) - 1
		c.Weeks[last] = append(c.Weeks[last], cell)
	}
	return c, p, nil
}

// dueWithin are the open tasks from start until before end, at most maxCalendar.
func (v *visit) dueWithin(start, end time.Time) ([]apiclient.Task, error) {
	query := apiclient.Query{
		Statuses: open(), DueAfter: start, DueBefore: end, SortBy: "due_at", SortOrder: "asc", Limit: apiLimit,
	}
	var tasks []apiclient.Task
	for {
		page, err := v.api.Tasks(v.r.Context(), query)
		if err != nil {
			return nil, err //nolint:wrapcheck // a fault of the api
		}
		tasks = append(tasks, page.Items...)
		if query.Cursor = page.NextCursor; query.Cursor == "" || len(tasks) >= maxCalendar {
			return tasks[:min(len(tasks), maxCalendar)], nil
		}
	}
}
