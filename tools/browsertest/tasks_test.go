package browsertest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// button clicks the button with an accessible name, as a screen reader would say it.
func (b *tab) button(name string) {
	b.t.Helper()
	selector := fmt.Sprintf(`[aria-label=%q]`, name)
	b.until("there is a button "+name, fmt.Sprintf("document.querySelector(%q)", selector))
	b.do("clicking "+name, script(fmt.Sprintf("document.querySelector(%q).click()", selector))) // some show only under the pointer
}

// script runs JavaScript for its effect.
func script(text string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Evaluate[any]("void ("+text+")")(ctx, t)
		return err
	})
}

// insert types text where the focus is.
func insert(text string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: text})
		return err
	})
}

func (b *tab) titles() []string { return ask[[]string](b, listed) }

func TestATaskIsAddedFinishedReopenedAndDeletedWithUndo(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	b.add("Water the plants")
	b.button("Complete “Water the plants”")
	b.hides("Water the plants")
	b.do("undo", chromedp.Click(chromedp.CSS("#toasts [data-undo]")))
	b.shows("Water the plants")
	b.button("Delete “Water the plants”")
	b.hides("Water the plants")
	b.until("it offers undo", `document.querySelector("#toasts [data-undo]")`) // the stream may be quicker than the answer
	b.press("z")
	b.shows("Water the plants")
}

func TestATaskIsRenamedInPlaceAndEditedInItsDetails(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	b.add("Draft")
	b.button("Rename “Draft”")
	b.until("the title is being written", `document.activeElement.matches(".rename-input")`)
	b.do("renaming", script(`document.activeElement.select()`), insert("Write report"))
	b.press(kb.Enter)
	b.shows("Write report")
	b.do("opening the details",
		chromedp.Click(chromedp.CSS(".task-title")),
		chromedp.WaitVisible(chromedp.CSS(`#detail[open] #detail-form [name="description"]`)),
		chromedp.SetValue(chromedp.CSS(`#detail-form [name="description"]`), "With figures"),
		chromedp.SetValue(chromedp.CSS(`#detail-form [name="tags"]`), "work"),
		chromedp.SetValue(chromedp.CSS(`#detail-form [name="due"]`), "2030-05-17"),
		chromedp.Submit(chromedp.CSS("#detail-form")))
	b.until("the row shows the tag", `document.querySelector("#list .meta-tag")?.textContent.includes("work")`)
	b.until("the row shows the due date", `document.querySelector("#list time")?.dateTime.startsWith("2030-05-17")`)
	b.until("the navigation has the tag", `document.querySelector('#rooms a[href="/tags/work"]') !== null`)
}

func TestSearchFindsInTitlesAndFiltersNarrow(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	b.add("Buy GROCERY bags")
	b.add("Call the plumber")
	b.press("/")
	b.do("searching", chromedp.SendKeys(chromedp.CSS("#search"), "grocery"))
	b.hides("Call the plumber")
	b.shows("Buy GROCERY bags")
	b.do("searching in vain", chromedp.SendKeys(chromedp.CSS("#search"), "nowhere"))
	b.until("it says that nothing matches", `document.querySelector("#list .empty-title") !== null`)
}

func TestSortingByPriorityPutsHighFirst(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	for _, priority := range []string{"low", "high", "medium"} {
		b.do("choosing "+priority,
			chromedp.Focus(chromedp.CSS("#new-title")),
			chromedp.SetValue(chromedp.CSS(`#composer [name="priority"]`), priority))
		b.add(priority)
	}
	b.do("sorting", script(`(s => { s.value = "priority"; s.dispatchEvent(new Event("change", {bubbles: true})); })(document.querySelector('[name="sort"]'))`))
	b.until("high comes first", listed+`.join() === "high,medium,low"`)
}

func TestTheKeyboardSuffices(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	b.press("n")
	b.until("n leads to the composer", `document.activeElement.id === "new-title"`)
	b.do("typing", insert("By keyboard"))
	b.press(kb.Enter)
	b.shows("By keyboard")
	b.press(kb.Escape)
	b.press("?")
	b.until("? shows the keys", `document.getElementById("keys").open`)
	b.press(kb.Escape)
	b.until("Escape closes them", `!document.getElementById("keys").open`)
	b.press("j")
	b.until("j leads into the list", `document.activeElement.closest(".task") !== null`)
	b.press("x")
	b.hides("By keyboard")
	b.press("g")
	b.press("d")
	b.until("g d leads to what is done", `location.pathname === "/done"`)
	b.shows("By keyboard")
}

func TestEveryOpenTabShowsAChange(t *testing.T) {
	t.Parallel()
	first := signUp(t)
	second := first.another()
	second.do("opening the list", chromedp.Navigate(url("/tasks")), chromedp.WaitVisible(chromedp.CSS("#new-title")))
	second.until("the stream is open", `document.documentElement.dataset.live === "on"`)
	stranger := signUp(t)
	first.add("Seen everywhere")
	second.shows("Seen everywhere")
	second.button("Complete “Seen everywhere”")
	first.hides("Seen everywhere")
	if titles := stranger.titles(); len(titles) != 0 {
		t.Errorf("another person sees %v", titles)
	}
}

func TestAReloadKeepsTheSessionAndSignOutEndsIt(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	b.add("Still here")
	b.do("reloading", chromedp.Reload(), chromedp.WaitVisible(chromedp.CSS("#new-title")))
	b.shows("Still here")
	b.do("signing out", script(`document.querySelector('form[action="/sign-out"]').requestSubmit()`))
	b.until("the entrance is shown", `document.querySelector("#password") !== null`)
	b.do("going back in by address", chromedp.Navigate(url("/tasks")))
	b.until("it asks to sign in", `document.querySelector("#password") !== null`)
}

func TestTextNeverBecomesMarkup(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	hostile := `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`
	b.add(hostile)
	b.do("reloading", chromedp.Reload(), chromedp.WaitVisible(chromedp.CSS("#new-title")))
	b.shows(hostile)
	if n := ask[int](b, `document.querySelectorAll("#list img, #list script").length`); n != 0 || ask[string](b, "document.title") == "owned" {
		t.Errorf("the title became %d elements", n)
	}
}

func TestAFormWithoutItsTokenIsRefused(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	status := ask[int](b, `fetch("/tasks", {method: "POST", body: new URLSearchParams({title: "Forged"})}).then(r => r.status)`)
	if status != 403 {
		t.Errorf("a forged form is answered with %d", status)
	}
	if slices.Contains(b.titles(), "Forged") {
		t.Error("a forged task was added")
	}
}

func TestWhatIsWrongWithANewTaskIsSaidAndNothingTypedIsLost(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	b.do("a time without a day", script(`document.querySelector('#composer [name="time"]').value = "10:00"`))
	b.do("adding", chromedp.SetValue(chromedp.CSS("#new-title"), "Kept"), chromedp.SendKeys(chromedp.CSS("#new-title"), "\r"))
	b.until("it says what is missing", `document.getElementById("new-due-error") !== null`)
	b.until("the title is still there", `document.getElementById("new-title").value === "Kept"`)
}
