package text

// Chat is the conversation with the assistant. What the assistant itself says is the
// api's.
type Chat struct {
	Title, Open, Close, New, History, HistoryEmpty, Back string
	Log, Field, Placeholder, Send, Stop                  string
	Speak, SpeakDenied                                   string
	// Greeting and Hints stand in a conversation that has not begun: what can be said when
	// a language model answers, and what when only rules do.
	Greeting, ModelHint, RulesHint string
	// Examples are put into the field, since they change something; Questions are asked.
	Examples, Questions                                                []string
	You, Answer, Working, Confirm, Cancel, Again, Stopped, Suggestions string
	WaitsForYou                                                        string
	Forget                                                             func(title string) string
	Unreachable, Busy, Long, Empty, Gone                               string
	MoreCards                                                          func(n int) string
	// ReminderStatus is said of a reminder that is no longer to come.
	ReminderStatus map[string]string
	// Tools are what the assistant does, by the tool's name; Other is any other.
	Tools map[string]ToolText
	Other ToolText
}

// ToolText says what a tool does, has done, or could not do.
type ToolText struct{ Doing, Done, Failed string }

// Tool finds the text of a tool.
func (c Chat) Tool(name string) ToolText {
	if text, ok := c.Tools[name]; ok {
		return text
	}
	return c.Other
}
