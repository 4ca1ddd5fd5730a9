package offline_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/services/api/assistant/assistanttest"
	"github.com/rondohq/rondo/services/api/assistant/chat"
	"github.com/rondohq/rondo/services/api/assistant/offline"
	"github.com/rondohq/rondo/services/api/task"
)

func setup(t *testing.T) (*assistanttest.Bundle, *chat.Conversation) {
	t.Helper()
	b := assistanttest.New(t)
	s, _ := b.Replica(t, b.Registry, offline.Responder{})
	return b, s
}

// in is an instant from the bundle's clock on.
func in(b *assistanttest.Bundle, d time.Duration) *time.Time {
	at := b.Now.Add(d)
	return &at
}

const day = 24 * time.Hour

// Each conversation begins with a list of its own. What is said is answered in words and
// with cards; the state of the list is what counts.
func TestPlainSentencesDoWhatTheySay(t *testing.T) {
	t.Parallel()
	b, s := setup(t)
	type said struct {
		says  string
		words string   // of the answer
		cards []string // their titles; nil: whatever they are
	}
	for name, test := range map[string]struct {
		talk  []said
		query string // that finds one row of what came of it
	}{
		"SC-001 a recurring task": {
			[]said{{"Team sync every Friday 2 PM", "Added: every week on Friday at 2:00 PM.", []string{"Team sync"}}},
			`SELECT count(*) FROM series WHERE user_id = $1 AND title = 'Team sync' AND rrule = 'FREQ=WEEKLY;BYDAY=FR'
				AND timezone = 'Europe/Berlin' AND dtstart = '2026-11-27 14:00'`,
		},
		"SC-002 a reminder before a task that is new": {
			[]said{{"remind me 15 minutes before the dentist tomorrow at 3pm", "Added. I will remind you on Wed 25 Nov, 14:45.", []string{"dentist", "dentist"}}},
			`SELECT count(*) FROM reminders r JOIN tasks t ON t.id = r.task_id WHERE r.user_id = $1 AND t.title = 'dentist'
				AND t.due_at = '2026-11-25 15:00+01' AND r.scheduled_for = '2026-11-25 14:45+01'`,
		},
		"SC-002 a reminder of a task that is there": {
			[]said{{"remind me about the report tomorrow at 9", "I will remind you on Wed 25 Nov, 09:00.", []string{"Report"}}},
			`SELECT count(*) FROM reminders r JOIN tasks t ON t.id = r.task_id WHERE r.user_id = $1 AND t.title = 'Report' AND r.scheduled_for = '2026-11-25 09:00+01'`,
		},
		"SC-002 before a task that is there": {
			[]said{{"remind me 15 minutes before the report", "I will remind you on Tue 24 Nov, 17:45.", []string{"Report"}}},
			`SELECT count(*) FROM reminders r JOIN tasks t ON t.id = r.task_id WHERE r.user_id = $1 AND t.title = 'Report' AND r.scheduled_for = '2026-11-24 17:45+01'`,
		},
		"SC-003 priority and tag": {
			[]said{
				{"Finish the slides high priority #work", "Added.", []string{"Finish the slides"}},
				{"show high priority tasks", "1 task.", []string{"Finish the slides"}},
				{"show #work tasks", "2 tasks.", nil},
				{"find tasks tagged work", "2 tasks.", nil},
			},
			`SELECT count(*) FROM tasks t JOIN task_tags j ON j.task_id = t.id JOIN tags g ON g.id = j.tag_id
				WHERE t.user_id = $1 AND t.title = 'Finish the slides' AND t.priority = 'high' AND g.name = 'work'`,
		},
		"SC-004 search": {
			[]said{
				{"find grocery", "1 task.", []string{"Weekly GROCERY run"}},
				{"search for grocery", "1 task.", []string{"Weekly GROCERY run"}},
				{"find unicorns", "Nothing matches.", []string{}},
			},
			`SELECT 1 WHERE $1::uuid IS NOT NULL`,
		},
		"complete": {
			[]said{{"mark the report done", "Completed.", []string{"Report"}}},
			`SELECT count(*) FROM tasks WHERE user_id = $1 AND title = 'Report' AND status = 'completed'`,
		},
		"complete what was shown": {
			[]said{{"find grocery", "1 task.", nil}, {"complete it", "Completed.", []string{"Weekly GROCERY run"}}},
			`SELECT count(*) FROM tasks WHERE user_id = $1 AND title = 'Weekly GROCERY run' AND status = 'completed'`,
		},
		"complete and reopen": {
			[]said{{"I finished the report", "Completed.", nil}, {"reopen the report", "Reopened.", nil}},
			`SELECT count(*) FROM tasks WHERE user_id = $1 AND title = 'Report' AND status = 'pending'`,
		},
		"move to a day": {
			[]said{{"move the report to friday", "Changed.", []string{"Report"}}},
			`SELECT count(*) FROM tasks WHERE user_id = $1 AND title = 'Report' AND due_at = '2026-11-27 23:59:59+01'`,
		},
		"move it to a time": {
			[]said{{"Call Ada", "Added.", nil}, {"move it to tomorrow at 9", "Changed.", []string{"Call Ada"}}},
			`SELECT count(*) FROM tasks WHERE user_id = $1 AND title = 'Call Ada' AND due_at = '2026-11-25 09:00+01'`,
		},
		"postpone": {
			[]said{{"postpone the report by 2 days", "Changed.", nil}},
			`SELECT count(*) FROM tasks WHERE user_id = $1 AND title = 'Report' AND due_at = '2026-11-26 18:00+01'`,
		},
		"postpone what has no date": {
			[]said{{"postpone the weekly grocery run by 2 days", "It has no date that could be moved. Say when it is due, such as “move it to Friday”.", nil}},
			`SELECT count(*) FROM tasks WHERE user_id = $1 AND title = 'Weekly GROCERY run' AND due_at IS NULL`,
		},
		"rename": {
			[]said{{"rename the report to Quarterly report", "Changed.", []string{"Quarterly report"}}},
			`SELECT count(*) FROM tasks WHERE user_id = $1 AND title = 'Quarterly report'`,
		},
		"priority": {
			[]said{{"make the report high priority", "Changed.", nil}},
			`SELECT count(*) FROM tasks WHERE user_id = $1 AND title = 'Report' AND priority = 'high'`,
		},
		"another tag": {
			[]said{{"add #home to the report", "Changed.", nil}},
			`SELECT count(*) / 2 FROM tasks t JOIN task_tags j ON j.task_id = t.id WHERE t.user_id = $1 AND t.title = 'Report'`,
		},
		"take a tag off": {
			[]said{{"remove the tag work from the report", "Changed.", []string{"Report"}}},
			`SELECT count(*) FROM tasks t WHERE t.user_id = $1 AND t.title = 'Report' AND NOT EXISTS (SELECT 1 FROM task_tags j WHERE j.task_id = t.id)`,
		},
		"raise a priority": {
			[]said{{"raise the priority of the report", "Changed.", nil}},
			`SELECT count(*) FROM tasks WHERE user_id = $1 AND title = 'Report' AND priority = 'high'`,
		},
		"bring forward": {
			[]said{{"bring the report forward by 2 days", "Changed.", nil}},
			`SELECT count(*) FROM tasks WHERE user_id = $1 AND title = 'Report' AND due_at = '2026-11-22 18:00+01'`,
		},
		"complete a part of the list": {
			[]said{{"complete all tasks tagged work", "Completed.", []string{"Report"}}},
			`SELECT count(*) FROM tasks WHERE user_id = $1 AND title = 'Report' AND status = 'completed'`,
		},
		"what is in no part of the list": {
			[]said{{"complete all tasks tagged unicorn", "Nothing on your list is like that.", nil}},
			`SELECT count(*) FROM tasks WHERE user_id = $1 AND title = 'Report' AND status = 'pending'`,
		},
		"complete what has not come": {
			[]said{{"finish gym", "“Gym” repeats, and nothing of it has come due. Say “skip the next gym” to leave one out.", nil}},
			`SELECT count(*) FROM series WHERE user_id = $1 AND status IN ('pending', 'active')`,
		},
		"pause until": {
			[]said{{"pause gym until january", "I can pause it, but not start it again by myself. Say “pause” with its name now, and “resume” when it is time.", nil}},
			`SELECT count(*) FROM series WHERE user_id = $1 AND status IN ('pending', 'active')`,
		},
		"pause, resume, skip": {
			[]said{
				{"pause gym", "Paused.", []string{"Gym"}},
				{"resume it", "It goes on.", []string{"Gym"}},
				{"skip the next gym", "Skipped.", []string{"Gym"}},
			},
			`SELECT count(*) FROM tasks WHERE user_id = $1 AND title = 'Gym' AND status = 'skipped'`,
		},
		"pause what does not repeat": {
			[]said{{"pause the report", "That is no repeating task. I can only do that to one that repeats.", nil}},
			`SELECT count(*) FROM tasks WHERE user_id = $1 AND title = 'Report' AND status = 'pending'`,
		},
		"snooze": {
			[]said{{"snooze it an hour", "I will remind you on Tue 24 Nov, 18:00.", []string{"Report"}}},
			`SELECT count(*) FROM reminders WHERE user_id = $1 AND scheduled_for = '2026-11-24 18:00+01'`,
		},
		"lists": {
			[]said{
				{"what is overdue?", "1 task.", []string{"Old bill"}},
				{"what's due today?", "1 task.", []string{"Report"}},
				{"what did I finish today?", "1 task.", []string{"Swept"}},
				{"give me a summary of my day", "1 overdue, 1 due today, 0 due tomorrow.", []string{"Old bill", "Report"}},
				{"show my recurring tasks", "1 repeating task.", []string{"Gym"}},
				{"what tags do I have?", "#work (1)", []string{}},
				{"what reminders do I have?", "There are no reminders to come.", []string{}},
			},
			`SELECT 1 WHERE $1::uuid IS NOT NULL`,
		},
		"what is not clear is asked": {
			[]said{
				{"complete it", "Which one do you mean? Please name it.", nil},
				{"mark the unicorn done", "I find nothing open called “unicorn”.", nil},
				{"snooze", "Until when?", nil},
			},
			`SELECT count(*) FROM tasks WHERE user_id = $1 AND title = 'Report' AND status = 'pending'`,
		},
		"a title stays one": {
			[]said{{"The 5th Wave", "Added.", []string{"The 5th Wave"}}, {"delete old photos", "Added.", []string{"delete old photos"}}},
			`SELECT count(*) FROM tasks WHERE user_id = $1 AND title = 'delete old photos'`,
		},
	} {
		p := b.Person(t, s)
		list(t, b, p.ID)
		for _, said := range test.talk {
			heard := p.Say(t, said.says)
			require.Equal(t, chat.Completed, heard.Turn.Status, "%s: %s", name, said.says)
			require.Equal(t, said.words, heard.Text, "%s: %s", name, said.says)
			if said.cards != nil {
				require.Equal(t, said.cards, heard.Titles(), "%s: %s", name, said.says)
			}
			require.Equal(t, "offline", heard.End.By)
			require.NotEmpty(t, heard.End.Suggestions)
		}
		require.Equal(t, 1, b.Count(t, test.query, p.ID), name)
	}
}

// list is what somebody has to do: one overdue, one today, one without a date, one done.
func list(t *testing.T, b *assistanttest.Bundle, user uuid.UUID) {
	t.Helper()
	ctx := t.Context()
	b.Task(t, user, task.Draft{Title: "Old bill", DueAt: in(b, -day)})
	b.Task(t, user, task.Draft{Title: "Weekly GROCERY run"})
	swept := b.Task(t, user, task.Draft{Title: "Swept"})
	_, err := b.Services.Tasks.Complete(ctx, user, swept, nil)
	require.NoError(t, err)
	b.Notify(t, user, b.Task(t, user, task.Draft{Title: "Report", DueAt: in(b, time.Hour), Tags: []string{"work"}}))
	_, err = b.Tools.Call(ctx, b.Caller(user, ""), "create_recurring_task", []byte(`{"title": "Gym", "rrule": "FREQ=DAILY"}`))
	require.NoError(t, err)
}

func TestDeletingWaitsForConsent(t *testing.T) {
	t.Parallel()
	b, s := setup(t)
	for says, test := range map[string]struct{ asks, gone string }{
		"delete the report":                {"Delete 1 task?", "Report"},
		"delete the task old bill":         {"Delete 1 task?", "Old bill"},
		"cancel the weekly grocery run":    {"Delete 1 task?", "Weekly GROCERY run"},
		"delete all my tasks":              {"Delete 3 tasks?", "Report"},
		"delete all tasks tagged work":     {"Delete 1 task?", "Report"},
		"delete everything due today":      {"Delete 1 task?", "Report"},
		"delete overdue tasks":             {"Delete 1 task?", "Old bill"},
		"delete everything":                {"Delete 3 tasks?", "Old bill"},
		"cancel all overdue tasks":         {"Delete 1 task?", "Old bill"},
		"stop the gym series":              {"End 1 repeating task?", ""},
		"cancel the recurring task gym":    {"End 1 repeating task?", ""},
		"please delete the report, thanks": {"Delete 1 task?", "Report"},
	} {
		p := b.Person(t, s)
		list(t, b, p.ID)
		open := func() int {
			return b.Count(t, `SELECT (SELECT count(*) FROM tasks WHERE user_id = $1 AND status = 'pending')
				+ (SELECT count(*) FROM series WHERE user_id = $1 AND status <> 'cancelled')`, p.ID)
		}
		before := open()
		heard := p.Say(t, says)
		require.Equal(t, chat.Waiting, heard.Turn.Status, "%s: %s", says, heard.Text)
		require.Equal(t, test.asks, heard.Question.Text, says)
		require.Equal(t, before, open(), says)

		refused := p.Agree(t, heard, false)
		require.Equal(t, chat.Completed, refused.Turn.Status)
		require.Equal(t, before, open(), says)

		heard = p.Say(t, says)
		done := p.Say(t, "yes") // as good as the button
		require.Equal(t, chat.Completed, done.Turn.Status)
		require.Equal(t, chat.Completed, p.Hear(t, heard.Turn.ID).Turn.Status)
		require.Less(t, open(), before, says)
		if test.gone != "" {
			require.Equal(t, 1, b.Count(t, `SELECT count(*) FROM tasks WHERE user_id = $1 AND title = $2 AND status = 'cancelled'`, p.ID, test.gone), says)
		}
	}
}

func TestWhatItCannotDoItSays(t *testing.T) {
	t.Parallel()
	b, s := setup(t)
	p := b.Person(t, s)
	for _, says := range []string{"What is the capital of France?", "Where is my car?", "Can you write me a poem?"} {
		require.Contains(t, p.Say(t, says).Text, "cannot answer that", says)
	}
	for _, says := range []string{"hello", "help", "what can you do?", "Who are you?"} {
		require.Contains(t, p.Say(t, says).Text, "I keep your tasks", says)
	}
	require.Equal(t, "You are welcome.", p.Say(t, "thanks").Text)
	require.Equal(t, "There is nothing to agree to at the moment.", p.Say(t, "yes").Text)
	require.Zero(t, b.Count(t, `SELECT count(*) FROM tasks`))
}

func TestManyAreChangedOnlyWithConsent(t *testing.T) {
	t.Parallel()
	b, s := setup(t)
	p := b.Person(t, s)
	for _, title := range []string{"a1", "a2", "a3", "a4"} {
		b.Task(t, p.ID, task.Draft{Title: title, DueAt: in(b, -day)})
	}
	heard := p.Say(t, "complete all overdue tasks")
	require.NotNil(t, heard.Question, heard.Text)
	require.Equal(t, "Complete 4 tasks?", heard.Question.Text)
	require.Len(t, heard.Question.Cards, 4)
	require.Equal(t, "Completed 4 tasks.", p.Agree(t, heard, true).Text)
	require.Equal(t, 4, b.Count(t, `SELECT count(*) FROM tasks WHERE status = 'completed'`))
	// What was shown last is what "them" means.
	heard = p.Say(t, "delete them")
	require.Equal(t, "Delete 4 tasks?", heard.Question.Text)
}
