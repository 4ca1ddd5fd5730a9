package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// person is an account made for the pictures.
type person struct {
	email, password string
	token           string
	// remarkable is the id of a task that uses every field.
	remarkable string
}

// zone is where the person lives.
const zone = "Europe/Berlin"

// item is one task of the person; the day counts from today, and a clock of
// "" means that the task has no time of day.
type item struct {
	title, notes string
	priority     string // medium where it is ""
	tags         []string
	due          *day
	done         bool
}

type day struct {
	days  int
	clock string // 15:04
}

// on is a day without a time.
func on(days int) *day { return &day{days: days} }

// items are in the order of being written down: the last one is the newest.
var items = []item{
	{title: "Book the dentist", priority: "low", tags: []string{"health"}, due: on(-9), done: true},
	{title: "Send Elif the photos from Sunday", tags: []string{"family"}, done: true},
	{title: "Renew the library card", tags: []string{"errands"}, due: on(-2), done: true},
	{title: "Pay the electricity bill", priority: "high", tags: []string{"home"}, due: on(-1), done: true},
	{title: "Learn the second page of the Schubert", priority: "low", tags: []string{"piano"}},
	{title: "Find a present for Jonas", notes: "He liked the map of the lakes at Lena's.", tags: []string{"family"}, due: on(12)},
	{title: "Compare train and night bus to Vienna", tags: []string{"travel"}, due: on(9)},
	{title: "Sort the photos of last summer", priority: "low"},
	{
		title: "Plan the workshop on incident reviews", tags: []string{"work"}, due: &day{6, "10:00"},
		notes: "Half a day, twelve people. Ask Priya for last year's notes.",
	},
	{title: "Dinner with Amara and Tom", tags: []string{"friends"}, due: &day{4, "19:30"}},
	{title: "Change the filter of the kitchen tap", priority: "low", tags: []string{"home"}, due: on(3)},
	{title: "Return the parcel", tags: []string{"errands"}, due: on(-1)},
	{title: "Review Mateo's draft of the release notes", tags: []string{"work"}, due: &day{1, "11:00"}},
	{title: "Call the landlord about the heating", priority: "high", tags: []string{"home"}, due: &day{0, "23:15"}},
	{title: "Buy tomatoes, basil and good olive oil", tags: []string{"errands"}, due: on(0)},
	{title: "Run 5 km along the river", tags: []string{"health"}, due: on(0)},
	{
		title: "Finish the slides for the meetup", priority: "high", tags: []string{"work", "talks"}, due: &day{2, "17:00"},
		notes: `Three things to say:
– what broke, and how we noticed
– the two changes that helped
– what we would do differently

Keep it under twenty minutes.`,
	},
}

// remarkable is the item whose details are shown.
var remarkable = len(items) - 1

// settle makes an account whose tasks lie around now.
func settle(ctx context.Context, api string, now time.Time) (person, error) {
	someone := person{email: "maya." + strings.ToLower(rand.Text()[:6]) + "@example.com", password: rand.Text()}
	var granted struct{ Token string }
	err := call(ctx, api, "", "/api/auth/sign-up", map[string]string{
		"email": someone.email, "password": someone.password, "display_name": "Maya Lindqvist", "timezone": zone,
	}, &granted)
	if err != nil {
		return person{}, err
	}
	someone.token = granted.Token
	location, err := time.LoadLocation(zone)
	if err != nil {
		return person{}, fmt.Errorf("the zone of the pictures: %w", err)
	}
	for i, item := range items {
		var made struct{ ID string }
		if err := call(ctx, api, someone.token, "/api/tasks", item.body(now.In(location)), &made); err != nil {
			return person{}, err
		}
		if i == remarkable {
			someone.remarkable = made.ID
		}
		if !item.done {
			continue
		}
		if err := call(ctx, api, someone.token, "/api/tasks/"+made.ID+"/complete", nil, nil); err != nil {
			return person{}, err
		}
	}
	return someone, recur(ctx, api, someone, now.In(location))
}

// recur adds what repeats, and reminders, of which one comes up at once.
func recur(ctx context.Context, api string, someone person, now time.Time) error {
	for _, series := range []map[string]any{
		{"title": "Pay the rent", "rrule": "FREQ=MONTHLY;BYMONTHDAY=1", "priority": "high", "tags": []string{"home"}},
		{"title": "Water the plants", "rrule": "FREQ=DAILY;INTERVAL=3", "mode": "completion", "tags": []string{"home"}},
		{
			"title": "Team sync", "rrule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "tags": []string{"work"},
			"dtstart": now.AddDate(0, 0, 1).Format("2006-01-02") + "T09:30:00", "reminder_offsets": []int{15},
		},
	} {
		if err := call(ctx, api, someone.token, "/api/tasks/recurring", series, nil); err != nil {
			return err
		}
	}
	for _, title := range []string{"Draw the timeline", "Ask Priya for her photos of the dashboard"} {
		subtask := map[string]any{"title": title, "parent_id": someone.remarkable}
		if err := call(ctx, api, someone.token, "/api/tasks", subtask, nil); err != nil {
			return err
		}
	}
	for _, reminder := range []map[string]any{
		{"task_id": someone.remarkable, "offset_minutes": 60},
		{"task_id": someone.remarkable, "remind_at": now.UTC().Format(time.RFC3339)},
	} {
		if err := call(ctx, api, someone.token, "/api/reminders", reminder, nil); err != nil {
			return err
		}
	}
	return nil
}

// body is the item as api takes it.
func (i item) body(now time.Time) map[string]any {
	body := map[string]any{"title": i.title, "description": i.notes, "tags": slices.Concat([]string{}, i.tags)}
	if i.priority != "" {
		body["priority"] = i.priority
	}
	if i.due != nil {
		body["due_at"] = i.due.after(now).UTC().Format(time.RFC3339)
	}
	return body
}

// after is the instant, as the web application would choose it: a day without a
// time ends at its last second.
func (d day) after(now time.Time) time.Time {
	year, month, date := now.Date()
	clock, err := time.Parse("15:04", d.clock)
	if err != nil {
		return time.Date(year, month, date+d.days, 23, 59, 59, 0, now.Location())
	}
	return time.Date(year, month, date+d.days, clock.Hour(), clock.Minute(), 0, 0, now.Location())
}

// call posts to api.
func call(ctx context.Context, api, token, path string, body, into any) error {
	var data bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&data).Encode(body); err != nil {
			return fmt.Errorf("encoding a request: %w", err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, api+path, &data)
	if err != nil {
		return fmt.Errorf("making a request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("calling api: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // reading is over
	answer, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return fmt.Errorf("reading the answer: %w", err)
	case resp.StatusCode >= http.StatusBadRequest:
		return fmt.Errorf("POST %s: %s: %s", path, resp.Status, answer)
	case into == nil:
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("decoding the answer: %w", err)
	}
	return nil
}
