package browsertest

import (
	"context"
	"fmt"
	"testing"
	"unicode/utf8"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The modifiers of a key, as the protocol has them.
const (
	alt   = 1
	ctrl  = 2
	shift = 8
)

// chord presses a key together with modifiers.
func (b *tab) chord(modifiers int64, key string) {
	b.t.Helper()
	first, _ := utf8.DecodeRuneInString(key)
	k := kb.Keys[first]
	b.do("pressing "+k.Key, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
			_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, input.DispatchKeyEventParams{
				Type: kind, Key: k.Key, Code: k.Code, WindowsVirtualKeyCode: k.Windows, Modifiers: modifiers,
			})
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// mouse moves, presses or releases the left button at a point.
func mouse(kind input.DispatchMouseEventType, x, y float64) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		params := input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: input.MouseButtonLeft, ClickCount: 1}
		if kind == input.DispatchMouseEventTypeMouseMoved {
			params.ClickCount, params.Buttons = 0, 1
		}
		_, err := cdp.Call(ctx, t, input.DispatchMouseEvent, params)
		return err
	})
}

// drag drags the row of a title to the middle of an element, or to a part of its
// height from 0 to 1.
func (b *tab) drag(title, to string, part float64) {
	b.t.Helper()
	b.shows(title)
	at := func(element string, part float64) (x, y float64) {
		box := ask[[]float64](b, fmt.Sprintf(`(e => { const r = e.getBoundingClientRect();
			return [r.left + Math.min(r.width / 2, 60), r.top + r.height * %f]; })(%s)`, part, element))
		return box[0], box[1]
	}
	b.do("showing both", script(fmt.Sprintf(`[%s, %s].forEach(e => e.scrollIntoView({block: "nearest"}))`, to, rowOf(title))))
	fromX, fromY := at(rowOf(title), 0.5)
	toX, toY := at(to, part)
	b.do("dragging "+title,
		mouse(input.DispatchMouseEventTypeMousePressed, fromX, fromY),
		mouse(input.DispatchMouseEventTypeMouseMoved, fromX+10, fromY+4),
		mouse(input.DispatchMouseEventTypeMouseMoved, (fromX+toX)/2, (fromY+toY)/2),
		mouse(input.DispatchMouseEventTypeMouseMoved, toX, toY))
	b.until("the target is marked", `document.querySelector("[data-over]") !== null`)
	b.do("dropping", mouse(input.DispatchMouseEventTypeMouseReleased, toX, toY))
}

// rowOf is the expression for the row of a title.
func rowOf(title string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("#list [data-task]")].find(r => r.querySelector(".task-title").textContent.trim().endsWith(%q))`, title)
}

// focusOn puts the focus on the row of a title.
func (b *tab) focusOn(title string) {
	b.t.Helper()
	b.shows(title)
	b.do("focusing "+title, script(rowOf(title)+`.querySelector(".task-title").focus()`))
}

// row waits until an expression about the row of a title, called r, holds.
func (b *tab) row(title, expression string) {
	b.t.Helper()
	b.until(title+" "+expression, fmt.Sprintf(`(r => r && (%s))(%s)`, expression, rowOf(title)))
}

func (b *tab) visit(path string) {
	b.t.Helper()
	b.do("going to "+path, chromedp.Navigate(url(path)))
	b.until(path+" is ready", `document.documentElement.dataset.ready === "yes" && document.documentElement.dataset.live === "on"`)
}

func TestKeysChangeTheFocusedTask(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	b.add("Only one")
	b.focusOn("Only one")
	b.press("1")
	b.row("Only one", `r.querySelector(".meta-high") !== null`)
	b.press("s")
	b.until("s asks when", `document.getElementById("when").open`)
	b.press("t")
	b.row("Only one", `r.querySelector(".meta-today") !== null`)
	b.until("the dialog is over", `!document.getElementById("when").open`)
	b.until("the focus is back on the task", `document.activeElement.closest(".task") !== null`)
	b.press("t")
	b.until("t asks for a tag", `document.activeElement.id === "tagging-value"`)
	b.do("naming the tag", insert("home"))
	b.press(kb.Enter)
	b.row("Only one", `r.querySelector(".meta-tag")?.textContent.includes("home")`)
	b.press("z")
	b.row("Only one", `r.querySelector(".meta-tag") === null`)
	b.focusOn("Only one")
	b.press("e")
	b.until("e renames", `document.activeElement.matches(".rename-input")`)
	b.press(kb.Escape)
	b.until("Escape leaves the title", `document.activeElement.closest(".task") !== null && !document.querySelector(".rename-input")`)
	b.press("o")
	b.until("o opens the details", `document.getElementById("detail").open`)
	b.press(kb.Escape)
	b.until("Escape closes them", `!document.getElementById("detail").open`)
	b.focusOn("Only one")
	b.press(kb.Delete)
	b.hides("Only one")
}

func TestSeveralTasksAreSelectedAndChangedAtOnce(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	for _, title := range []string{"three", "two", "one"} {
		b.add(title)
	}
	b.focusOn("one")
	b.press("v")
	b.chord(shift, kb.ArrowDown)
	b.until("two are selected", `document.querySelector(".bulk-count").textContent === "2 selected"`)
	b.press("3")
	b.row("one", `r.textContent.includes("Low")`)
	b.row("two", `r.textContent.includes("Low")`)
	b.row("three", `!r.textContent.includes("Low")`)
	b.until("the selection is over", `document.getElementById("bulk").hidden`)
	b.focusOn("one")
	b.chord(ctrl, "a")
	b.until("all are selected", `document.querySelector(".bulk-count").textContent === "3 selected"`)
	b.do("completing by the bar", chromedp.Click(chromedp.CSS(`#bulk [value="complete"]`)))
	b.until("nothing is left", listed+`.length === 0`)
	b.until("it says what was done", `document.getElementById("toasts").textContent.includes("Completed 3 tasks")`)
	b.press("z")
	b.until("all are back", listed+`.length === 3`)
}

func TestTasksAreReorderedByDraggingAndByKeyboard(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	for _, title := range []string{"one", "two", "three"} {
		b.add(title)
	}
	b.visit("/tasks?sort=hand")
	b.until("by hand, the oldest is first", listed+`.join() === "one,two,three"`)
	b.drag("three", rowOf("one"), 0.2)
	b.until("three is first", listed+`.join() === "three,one,two"`)
	b.focusOn("three")
	b.chord(alt, kb.ArrowDown)
	b.until("it has moved down", listed+`.join() === "one,three,two"`)
	b.until("the focus went along", `document.activeElement.textContent === "three"`)
	b.until("the answer is there", `!document.querySelector(".htmx-request")`)
	b.do("reloading", chromedp.Reload(), chromedp.WaitVisible(chromedp.CSS("#new-title")))
	b.until("it stays", listed+`.join() === "one,three,two"`)
}

func TestTasksAreRescheduledByDraggingAndByKeyboard(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	b.add("Movable")
	b.drag("Movable", `document.querySelector('#rooms [href="/upcoming"]')`, 0.5)
	b.row("Movable", `r.querySelector(".meta-due") !== null`)
	b.visit("/upcoming")
	b.row("Movable", `r.dataset.day`)
	day := ask[string](b, rowOf("Movable")+".dataset.day")
	b.focusOn("Movable")
	b.chord(alt, kb.ArrowDown)
	b.row("Movable", fmt.Sprintf("r.dataset.day > %q", day))
	b.visit("/calendar")
	b.until("the month is shown", `document.querySelectorAll(".month .day").length >= 28`)
	b.drag("Movable", `document.querySelector(".month tr:last-child td:last-child")`, 0.7)
	last := ask[string](b, `document.querySelector(".month tr:last-child td:last-child").dataset.day`)
	b.row("Movable", fmt.Sprintf("r.dataset.day === %q", last))
	b.focusOn("Movable")
	b.chord(alt, kb.ArrowUp)
	b.row("Movable", fmt.Sprintf("r.dataset.day < %q", last))
	b.press("z")
	b.row("Movable", fmt.Sprintf("r.dataset.day === %q", last))
}
