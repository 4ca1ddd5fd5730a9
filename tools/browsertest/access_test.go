package browsertest

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/rondohq/rondo/platform/modeltest"
)

//go:embed vendor/axe/axe.min.js
var axe string

// look chooses the colour scheme.
func (b *tab) look(scheme string) {
	b.t.Helper()
	b.do("looking "+scheme, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err
	}))
}

// audit runs axe over what is shown.
func (b *tab) audit(what string) {
	b.t.Helper()
	b.until(what+" rests", `!document.querySelector(".htmx-request") && document.getAnimations().every(a => a.playState !== "running")`)
	found := ask[[]string](b, `axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v =>
		v.id + ": " + v.help + "\n" + v.nodes.slice(0, 4).map(n => "    " + n.html.slice(0, 200) + " | " + n.any.map(a => a.message).join(" ")).join("\n")))`)
	if len(found) > 0 {
		b.t.Errorf("%s:\n%s", what, strings.Join(found, "\n"))
	}
}

// accessRooms are the rooms, with what is done in them before they are looked at.
var accessRooms = []struct {
	name, path, script, until string
	phone                     bool // also looked at on a phone, where it is arranged in another way
}{
	{name: "all tasks", path: "/tasks", phone: true},
	{name: "adding", path: "/tasks", script: `(t => { t.focus(); t.value = "Lunch every Friday at noon #work p1"; t.dispatchEvent(new Event("input", {bubbles: true})); })(document.getElementById("new-title"))`, until: `document.querySelector("#understood .chip")`, phone: true},
	{name: "by hand", path: "/tasks?sort=hand", phone: true},
	{name: "filtered", path: "/tasks?priority=high"},
	{name: "nothing found", path: "/tasks?search=submarine"},
	{name: "filters", path: "/tasks", script: `document.querySelector(".filter-menu summary").click()`},
	{name: "selection", path: "/tasks", script: `document.querySelector("[data-pick]").click(); document.querySelector(".pick").click()`, until: `!document.getElementById("bulk").hidden`, phone: true},
	{name: "when", path: "/tasks", script: `document.querySelector(".task [data-when]").click()`, until: `document.getElementById("when").open`, phone: true},
	{name: "tagging", path: "/tasks", script: `document.querySelector(".pick").click(); document.querySelector("[data-tagging]").click()`, until: `document.getElementById("tagging").open`},
	{name: "details", path: "/tasks", script: `document.querySelector("#list .task-title").click()`, until: `document.getElementById("detail").open`, phone: true},
	{name: "keys", path: "/tasks", script: `document.querySelector("[data-keys]").click()`, until: `document.getElementById("keys").open`},
	{name: "account menu", path: "/tasks", script: `document.querySelector(".account summary").click()`},
	{name: "today", path: "/today"},
	{name: "upcoming", path: "/upcoming"},
	{name: "calendar", path: "/calendar", phone: true},
	{name: "done", path: "/done"},
	{name: "a tag", path: "/tags/home", script: `document.querySelector(".tag-menu summary").click()`},
	{name: "recurring", path: "/recurring"},
	{name: "the builder", path: "/recurring/new", script: `document.querySelector('[name="preset"][value="custom"]').click(); document.querySelector(".builder-more").open = true`, until: `document.querySelector(".preview-next")`, phone: true},
	{name: "a series", path: "/recurring", script: `document.querySelector(".series .task-title").click()`, until: `document.querySelector(".occurrences")`},
	{name: "reminders", path: "/reminders"},
	{name: "notifications", path: "/notifications"},
	{name: "a conversation", path: "/tasks", script: `document.querySelector("[data-chat-open]").click(); htmx.ajax("GET", "/chat",
		{source: document.getElementById("chat"), target: "#chat-view", swap: "outerHTML", values: {session: localStorage.getItem("audited")}})`, until: `document.querySelector(".chat-consent")`, phone: true},
	{name: "earlier conversations", path: "/tasks", script: `document.querySelector("[data-chat-open]").click(); document.querySelector('[hx-get="/chat/history"]').click()`, until: `document.querySelector(".chat-session")`, phone: true},
	{name: "settings", path: "/settings", script: `document.querySelector("#delete-heading + details").open = true`, phone: true},
	{name: "not found", path: "/nowhere"},
}

func TestNoRoomHasAnAccessibilityViolation(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	for _, text := range []string{"Call Tom tomorrow at 5pm #home p1", "Water the plants", "Read the report today p3", "Sync every Friday 2 PM #home"} {
		b.do("adding "+text, chromedp.SetValue(chromedp.CSS("#new-title"), text), chromedp.SendKeys(chromedp.CSS("#new-title"), "\r"))
		b.until("it is added", `document.getElementById("new-title").value === "" && !document.querySelector("#composer.htmx-request")`)
	}
	b.add("Finished")
	b.button("Complete “Finished”")
	b.hides("Finished")
	b.do("reminders", script(`(async () => {
		const row = [...document.querySelectorAll("#list [data-task]")].find(r => r.textContent.includes("Call Tom")).dataset.task;
		const post = (values) => htmx.ajax("POST", "/tasks/" + row + "/reminders", {source: document.body, target: "#live", swap: "none", values});
		await post({before: "15"});
		await post({before: "at", at: new Date().toLocaleString("sv-SE").slice(0, 16).replace(" ", "T")});
	})()`))
	b.until("a reminder has come", `document.querySelector(".toast-notice")`)
	b.do("bringing axe", script("(() => {"+axe+"})()"))
	b.until("nothing has been said", `document.querySelector(".chat-intro")?.checkVisibility()`)
	for _, scheme := range []string{"dark", "light"} {
		b.look(scheme)
		b.audit("a toast, and a new conversation")
	}
	// The rules ask the same, should the model be dead by now.
	if model != nil {
		model.On("delete all my tasks", modeltest.Use("find_tasks", `{}`), modeltest.UseFound("cancel_tasks", `{"ids": [%s]}`))
	}
	b.say("delete all my tasks")
	b.turn("delete all my tasks", `t.querySelector(".chat-consent")`)
	b.do("keeping the conversation", script(`localStorage.setItem("audited", document.getElementById("chat-view").dataset.session)`))
	for _, look := range []struct {
		scheme string
		width  int64
	}{{"light", 1280}, {"dark", 1280}, {"dark", 390}} {
		t.Run(fmt.Sprintf("%s at %d", look.scheme, look.width), func(t *testing.T) {
			t.Parallel()
			tab := b.another()
			tab.t = t
			tab.do("sizing", chromedp.EmulateViewport(look.width, 900))
			tab.look(look.scheme)
			for _, room := range accessRooms {
				if look.width < 1280 && !room.phone {
					continue // nothing else is arranged there
				}
				tab.do("going to "+room.path, chromedp.Navigate(url(room.path)))
				tab.until(room.path+" is ready", `document.documentElement.dataset.ready === "yes"`)
				tab.do("bringing axe", script("(() => {"+axe+"})()"))
				if room.script != "" {
					tab.do(room.name, script(`(() => {`+room.script+`})()`))
				}
				if room.until != "" {
					tab.until(room.name, room.until)
				}
				tab.audit(room.name)
			}
		})
	}
}

func TestTheEntranceHasNoAccessibilityViolation(t *testing.T) {
	t.Parallel()
	b := open(t)
	for _, scheme := range []string{"light", "dark"} {
		b.look(scheme)
		for _, path := range []string{"/sign-in", "/sign-up"} {
			b.do("going to "+path, chromedp.Navigate(url(path)))
			b.until(path+" is ready", `document.documentElement.dataset.ready === "yes"`)
			b.do("bringing axe", script("(() => {"+axe+"})()"))
			b.audit(path + ", " + scheme)
		}
	}
}
