package browsertest

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// choose clicks the radio button or box of a name and value.
func (b *tab) choose(name, value string) {
	b.t.Helper()
	b.do("choosing "+value, script(fmt.Sprintf(`document.querySelector('[name=%q][value=%q]').click()`, name, value)))
}

func TestARuleIsBuiltAndShownAsTheEngineReadsIt(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	b.visit("/recurring")
	b.until("it says that there is none", `document.querySelector("#list .empty-title") !== null`)
	b.do("a new one", chromedp.Click(chromedp.CSS("#new-series")), chromedp.WaitVisible(chromedp.CSS("#series-title")))
	b.do("naming it", chromedp.SetValue(chromedp.CSS("#series-title"), "Review the budget"),
		chromedp.SetValue(chromedp.CSS("#series-start"), "2031-01-06"), chromedp.SetValue(chromedp.CSS("#series-time"), "09:00"))
	b.choose("preset", "weekdays")
	b.until("a preset is said in words", `document.querySelector(".preview-sentence")?.textContent.includes("weekday")`)
	b.choose("preset", "custom")
	b.do("every two weeks", chromedp.SetValue(chromedp.CSS("#series-interval"), "2"))
	b.choose("byday", "MO")
	b.choose("byday", "TH")
	b.until("the rule is said in words", `document.querySelector(".preview-sentence")?.textContent.includes("Every 2 weeks on Monday and Thursday at 9:00 AM")`)
	// The same that anybody gets from the api.
	preview := `fetch("` + url("/") + `").then(() => [...document.querySelectorAll(".preview-next time")].map(e => e.dateTime.slice(0, 10)).join())`
	if got, want := ask[string](b, preview), "2031-01-06,2031-01-09,2031-01-20,2031-01-23,2031-02-03"; got != want {
		t.Errorf("the next five are %s, not %s", got, want)
	}
	b.choose("ends", "after")
	b.do("three times", chromedp.SetValue(chromedp.CSS(`[name="count"]`), "3"),
		script(`document.querySelector('[name="count"]').dispatchEvent(new Event("change", {bubbles: true}))`))
	b.until("then it is over", `document.querySelector(".preview-next")?.textContent.includes("Then it is over")`)
	b.do("saving", chromedp.Submit(chromedp.CSS("#series-form")))
	b.until("it is in the room", `location.pathname === "/recurring" && document.querySelector(".series-sentence")?.textContent.includes("Every 2 weeks on Monday and Thursday")`)
	b.until("it is scheduled", `document.querySelector(".series .meta")?.textContent.includes("Monday")`)

	b.button("Pause “Review the budget”")
	b.until("it is paused", `document.querySelector(".series .meta")?.textContent.includes("Paused")`)
	b.button("Resume “Review the budget”")
	b.until("it goes on", `document.querySelector(".series .meta")?.textContent.includes("Next")`)
	b.do("opening it", script(`document.querySelector(".series .task-title").click()`))
	b.until("its form has the rule", `document.querySelector("#series-interval")?.value === "2" && document.querySelector('[name="byday"][value="TH"]').checked`)
	b.do("changing the title", chromedp.SetValue(chromedp.CSS("#series-title"), "Look at the budget"), chromedp.Submit(chromedp.CSS("#series-form")))
	b.until("it has changed", `document.getElementById("room-title")?.textContent === "Look at the budget"`)
	b.visit("/recurring")
	b.button("End “Look at the budget”")
	b.until("it is gone", `document.querySelector(".series") === null`)
	b.press("z")
	b.until("undo makes it again", `document.querySelector(".series .task-title")?.textContent === "Look at the budget"`)
}

func TestARuleThatIsWrongIsNamedWhileItIsBuilt(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	b.visit("/recurring/new")
	b.choose("preset", "rule")
	b.do("nonsense", chromedp.SetValue(chromedp.CSS("#series-rrule"), "FREQ=WEEKLY;BYDAY=XX"),
		script(`document.getElementById("series-rrule").dispatchEvent(new Event("change", {bubbles: true}))`))
	b.until("it says what is wrong", `document.querySelector("#rule-preview .field-error")?.textContent.includes("XX")`)
}

func TestWhatIsTypedIsUnderstood(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	labels := `[...document.querySelectorAll("#understood .chip")].map(e => e.textContent.trim()).join("|")`
	b.press("n")
	b.do("typing", insert("Call Tom tomorrow at 5pm #phone p1"))
	b.until("the chips say what was understood", labels+`.startsWith("Tomorrow, ") && `+labels+`.endsWith("|phone|High")`)
	b.press(kb.Enter)
	b.row("Call Tom", `r.querySelector(".meta-tag").textContent.includes("phone") && r.querySelector(".meta-high") !== null`)
	b.row("Call Tom", `r.querySelector("time").textContent.startsWith("Tomorrow, ")`)
	b.until("the field is empty again", `document.getElementById("new-title").value === "" && document.querySelector("#understood .chip") === null`)

	b.do("a title with a date in it", insert("Buy bread Friday"))
	b.until("it is taken for a date", `document.querySelector('#understood [data-plain="Friday"]') !== null`)
	b.do("but it is text", script(`document.querySelector('#understood [data-plain]').click()`))
	b.until("the chip says so", `document.querySelector('#understood [data-meaning="Friday"]') !== null`)
	b.press(kb.Enter)
	b.row("Buy bread Friday", `r.querySelector("time") === null`)

	b.do("a rule", insert("Team sync every Friday 2 PM"))
	b.until("the rule is said in words", labels+`.includes("Friday at 2:00 PM")`)
	b.press(kb.Enter)
	b.until("it says that it repeats", `document.getElementById("toasts").textContent.includes("“Team sync” will repeat: Every")`)
	b.visit("/recurring")
	b.until("it is in the room", `document.querySelector(".series .task-title")?.textContent === "Team sync"`)
}

func TestAReminderComesUpAsAToastInEveryTab(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	second := b.another()
	second.visit("/today")
	b.add("Take the bread out")
	b.do("opening the details", chromedp.Click(chromedp.CSS("#list .task-title")), chromedp.WaitVisible(chromedp.CSS("#task-reminders")))
	b.do("a reminder for now", script(`(() => {
		const form = document.querySelector("#task-reminders .detail-add");
		form.elements.before.value = "at";
		// Instants within the last minute mean now; the field has the person's wall clock.
		const now = new Date().toLocaleString("sv-SE", { timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone });
		form.elements.at.value = now.slice(0, 16).replace(" ", "T");
		form.requestSubmit();
	})()`))
	toast := `[...document.querySelectorAll("#toasts .toast-notice")].some(e => e.textContent.includes("Take the bread out"))`
	b.until("the toast comes up", toast)
	second.until("in the other tab, too", toast)
	second.until("the badge counts it", `document.querySelector("#badge-side:not([hidden])")?.textContent.includes("1")`)
	second.do("snoozing", script(`document.querySelector('.toast-notice [name="for"]').click()`))
	second.until("it is answered", `!`+toast)
	b.until("here, too", `!`+toast)
	second.visit("/reminders")
	second.until("it will come again", `document.querySelector(".reminder .task-title")?.textContent === "Take the bread out"`)
	second.visit("/notifications")
	second.until("it is kept", `document.querySelector(".notice-row .task-title")?.textContent === "Take the bread out"`)
	second.do("done", script(`document.querySelector('.notice-row [aria-label^="Complete"]').click()`))
	b.visit("/done")
	b.shows("Take the bread out")
}

func TestWhatIsToComeIsShownAndWhatWasSkippedComesBack(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	b.press("n")
	b.do("typing", insert("Water the plants every day at 9"))
	b.press(kb.Enter)
	b.until("it says that it repeats", `document.getElementById("toasts").textContent.includes("will repeat")`)
	b.visit("/recurring")
	b.until("it is scheduled", `document.querySelector(".series .meta")?.textContent.includes("Next")`)
	coming := `[...document.querySelectorAll("#list .coming .task-title")].filter(e => e.textContent === "Water the plants")`
	b.visit("/upcoming")
	b.until("a month of it is to come", coming+`.length >= 29`)
	b.until("day by day", `document.querySelectorAll("#list .group").length >= 29`)
	b.do("opening one", script(coming+`[3].click()`))
	b.until("it leads to its series", `location.search.startsWith("?from=") && document.querySelector('[name="scope"]') !== null`)
	b.visit("/calendar")
	b.do("the next month", script(`[...document.querySelectorAll(".calendar-bar a")].pop().click()`))
	b.until("it fills the month", `document.querySelectorAll(".day-coming").length >= 28`)

	b.visit("/recurring")
	next := ask[string](b, `document.querySelector(".series .meta").textContent`)
	b.button("Skip the next time of “Water the plants”")
	b.until("another is the next", fmt.Sprintf(`document.querySelector(".series .meta")?.textContent !== %q`, next))
	b.press("z")
	b.until("it is undone", `[...document.querySelectorAll("#toasts .toast")].some(e => e.textContent.includes("Put back"))`)
	b.visit("/tasks")
	b.shows("Water the plants")
}

func TestACancelledReminderComesBackWithinTheDetails(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	b.add("Dentist tomorrow at 15:00")
	b.do("opening the details", chromedp.Click(chromedp.CSS("#list .task-title")), chromedp.WaitVisible(chromedp.CSS("#task-reminders")))
	reminders := `document.querySelectorAll("#task-reminders .detail-list li").length`
	b.do("a reminder", script(`document.querySelector("#task-reminders .detail-add").requestSubmit()`))
	b.until("it is set", reminders+` === 1`)
	b.do("cancelling it", chromedp.Click(chromedp.CSS("#task-reminders .detail-list button")))
	b.until("it is gone", reminders+` === 0`)
	b.do("undoing", chromedp.Click(chromedp.CSS("#task-reminders .detail-undo button")))
	b.until("it is back, and the details are still open", reminders+` === 1 && document.getElementById("detail").open`)
}
