package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// patience is how long a page may take to be as it is to be shown.
const patience = 30 * time.Second

// look is a screen and a colour scheme.
type look struct {
	name          string
	width, height int64 // CSS pixels
	phone         bool
	scheme        string // light or dark
}

var looks = []look{
	{"390-light", 390, 844, true, "light"},
	{"390-dark", 390, 844, true, "dark"},
	{"1280-light", 1280, 800, false, "light"},
	{"1280-dark", 1280, 800, false, "dark"},
}

// view is one picture: what is at path, after script has run and until has become
// true.
type view struct {
	name, path    string
	script, until string
	only          func(look) bool
}

func onPhone(l look) bool  { return l.phone }
func onLaptop(l look) bool { return !l.phone }

// entrance is what is seen without an account.
var entrance = []view{
	{name: "sign-in", path: "/sign-in"},
	{name: "sign-up", path: "/sign-up"},
	{name: "sign-in-refused", path: "/sign-in", script: `
		document.getElementById("email").value = "nobody@example.com";
		document.getElementById("password").value = "not the password";
		document.getElementById("password").form.requestSubmit()`, until: `document.querySelector(".notice")`},
}

// rooms are what someone sees who has signed in.
func rooms(someone person) []view {
	const live = `document.documentElement.dataset.live === "on"`
	const open = `document.getElementById("detail").open`
	opening := `document.querySelector("#task-` + someone.remarkable + ` .task-title").click()`
	return []view{
		{name: "tasks", path: "/tasks", until: live},
		{name: "today", path: "/today", until: live},
		{name: "upcoming", path: "/upcoming", until: live},
		{name: "calendar", path: "/calendar", until: live},
		{name: "done", path: "/done", until: live},
		{name: "by-hand", path: "/tasks?sort=hand", until: live},
		{name: "selection", path: "/tasks", script: `document.querySelector("[data-pick]").click();
			[...document.querySelectorAll(".pick")].slice(1, 4).forEach((box) => box.click())`, until: live},
		{name: "when", path: "/tasks", script: `document.querySelector(".task [data-when]").click()`, until: live},
		{name: "tagging", path: "/tasks", script: `[...document.querySelectorAll(".pick")].slice(0, 2).forEach((box) => box.click());
			document.querySelector("[data-tagging]").click()`, until: live},
		{name: "tag", path: "/tags/work", until: live},
		{name: "tag-options", path: "/tags/work", script: `document.querySelector(".tag-menu summary").click()`, until: live},
		{name: "by-priority", path: "/tasks?sort=priority", until: live},
		{name: "nothing-found", path: "/tasks?search=submarine", until: live},
		{name: "filtered", path: "/tasks?priority=high&tags=work", until: live},
		{name: "filters", path: "/tasks", script: `document.querySelector(".filter-menu summary").click()`, until: live},
		{name: "adding", path: "/tasks", script: `document.getElementById("new-title").focus()`, until: live},
		{name: "understood", path: "/tasks", script: `const title = document.getElementById("new-title");
			title.focus(); title.value = "Team lunch every other Friday at noon #work p1";
			title.dispatchEvent(new Event("input", {bubbles: true}))`, until: `document.querySelectorAll("#understood .chip").length > 2`},
		{name: "sidebar", path: "/tasks", script: `document.getElementById("sidebar").showPopover()`, until: live, only: onPhone},
		{name: "account-menu", path: "/tasks", script: `document.querySelector(".account summary").click()`, until: live, only: onLaptop},
		{name: "row", path: "/tasks", script: `document.querySelector(".task-title").focus()`, until: live, only: onLaptop},
		{name: "recurring", path: "/recurring", until: live + ` && document.querySelector(".series")`},
		{name: "recurring-new", path: "/recurring/new?title=Review+the+budget", until: `document.querySelector(".preview-next")`},
		{name: "recurring-custom", path: "/recurring/new?title=Review+the+budget", script: `
			document.querySelector('[name="preset"][value="custom"]').click();
			document.querySelector('[name="freq"]').value = "MONTHLY";
			document.querySelector('[name="monthly"][value="nth"]').click();
			document.querySelector('[name="ends"][value="after"]').click();
			document.querySelector('[name="count"]').value = "12";
			document.querySelector('[name="count"]').dispatchEvent(new Event("change", {bubbles: true}));
			document.querySelector(".builder-rule").scrollIntoView()`, until: `document.querySelectorAll(".preview-next li").length >= 5`},
		{
			name: "series", path: "/recurring", script: `document.querySelector(".series .task-title").click()`,
			until: `document.querySelector(".preview-next")`,
		},
		{name: "reminders", path: "/reminders", until: live + ` && document.querySelector(".reminder")`},
		{name: "notifications", path: "/notifications", until: live + ` && document.querySelector(".notice-row")`},
		{name: "details", path: "/tasks", script: opening, until: open},
		{name: "details-below", path: "/tasks", script: opening, until: open + ` && (document.querySelector(".detail-history").open = true) &&
			document.querySelector(".moments") && (document.getElementById("detail").scrollTop = 1000)`},
		{name: "details-page", path: "/tasks/" + someone.remarkable},
		{name: "keys", path: "/tasks", script: `document.querySelector("[data-keys]").click()`, until: live},
		{name: "settings", path: "/settings"},
		{name: "settings-channels", path: "/settings", script: `document.getElementById("channels-heading").scrollIntoView()`},
		{name: "settings-data", path: "/settings", script: `document.getElementById("data-heading").scrollIntoView()`},
		{name: "not-found", path: "/nowhere"},
		{name: "chat", path: "/today", script: talk(), until: `document.querySelector(".chat-intro") && !document.querySelector(".chat-turn")`},
		{
			name: "chat-series", path: "/today", script: talk("Water the balcony every Saturday at 9 AM"),
			until: answered("Water the balcony every Saturday at 9 AM", "completed"),
		},
		{
			name: "conversation", path: "/today", script: talk("Water the balcony every Saturday at 9 AM", "What is due today?"),
			until: answered("What is due today?", "completed"),
		},
		{
			name: "chat-question", path: "/tasks", script: talk("Show #errands tasks", "Delete the task parcel"),
			until: answered("Delete the task parcel", "waiting"),
		},
		{
			name: "chat-history", path: "/tasks", script: `document.querySelector("[data-chat-open]").click();
			document.querySelector('[hx-get="/chat/history"]').click()`, until: `document.querySelector(".chat-session")`,
		},
		{
			name: "chat-closed", path: "/tasks", script: `document.querySelector("[data-chat-open]").click();
			document.querySelector("[data-chat-close]").click()`, until: live,
		},
	}
}

// talk opens the panel, begins a conversation and says something, one after the other.
func talk(texts ...string) string {
	said, err := json.Marshal(texts)
	if err != nil {
		panic(err) // strings can always be encoded
	}
	return `const holds = (what) => new Promise((then) => {
			const timer = setInterval(() => { if (what()) { clearInterval(timer); then(); } }, 30);
		});
		const turns = () => [...document.querySelectorAll(".chat-turn")];
		const field = document.getElementById("chat-text");
		(async () => {
			document.querySelector("[data-chat-open]").click();
			const session = () => document.getElementById("chat-view").dataset.session;
			await holds(session);
			const before = session();
			document.querySelector("[data-chat-new]").click();
			await holds(() => session() && session() !== before);
			for (const text of ` + string(said) + ` ?? []) {
				field.value = text;
				field.form.requestSubmit();
				await holds(() => turns().at(-1)?.querySelector("[data-said]").textContent === text && turns().at(-1).dataset.status !== "running");
			}
			field.blur();
		})()`
}

// answered is the expression for a status of the last turn, in which the text was said.
func answered(text, status string) string {
	return fmt.Sprintf(`(t => t?.querySelector("[data-said]").textContent === %q && t.dataset.status === %q)
		([...document.querySelectorAll(".chat-turn")].at(-1))`, text, status)
}

// camera takes pictures of a site.
type camera struct {
	site    string
	browser context.Context //nolint:containedctx // chromedp's handle of the browser
	chosen  []string        // views by name; none: all
}

// album takes every picture in one look, in a browser profile of its own.
func (c camera) album(someone person, l look, folder string, out io.Writer) error {
	tab, closeTab, err := c.open(l, 1)
	if err != nil {
		return err
	}
	defer closeTab()
	if err := os.MkdirAll(filepath.Join(folder, l.name), 0o750); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	take := func(views []view) error {
		for _, v := range views {
			if v.only != nil && !v.only(l) || len(c.chosen) > 0 && !slices.Contains(c.chosen, v.name) {
				continue
			}
			picture, err := c.picture(tab, v)
			if err != nil {
				return fmt.Errorf("%s in %s: %w", v.name, l.name, err)
			}
			file := filepath.Join(folder, l.name, v.name+".png")
			if err := os.WriteFile(file, picture, 0o644); err != nil { //nolint:gosec // a picture for everybody
				return fmt.Errorf("writing a picture: %w", err)
			}
			fmt.Fprintln(out, file)
		}
		return nil
	}
	if err := take(entrance); err != nil {
		return err
	}
	if err := c.signIn(tab, someone); err != nil {
		return err
	}
	return take(rooms(someone))
}

// A readmePicture is a view in a look, for README.
type readmePicture struct {
	file string // in its folder
	view string // by name
	look look
	chat bool // with the panel of the assistant
}

var readmePictures = []readmePicture{
	{"tasks.png", "chat-series", look{"", 1280, 800, false, "light"}, true},
	{"recurring.png", "recurring-custom", look{"", 1280, 800, false, "light"}, false},
	{"phone.png", "upcoming", look{"", 390, 844, true, "dark"}, false},
}

// readme writes the pictures for README, finer than the screen: they are shown smaller.
func (c camera) readme(ctx context.Context, someone person, folder string, out io.Writer) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	for _, p := range readmePictures {
		if err := c.print(someone, p, filepath.Join(folder, p.file), out); err != nil {
			return fmt.Errorf("%s: %w", p.file, err)
		}
	}
	return ctx.Err() //nolint:wrapcheck // says all
}

func (c camera) print(someone person, p readmePicture, file string, out io.Writer) error {
	tab, closeTab, err := c.open(p.look, 1.25)
	if err != nil {
		return err
	}
	defer closeTab()
	if err := c.signIn(tab, someone); err != nil {
		return err
	}
	if !p.chat {
		if _, err := chromedp.Run(tab, chromedp.Evaluate[any](`document.cookie = "rondo_chat=closed; path=/"`)); err != nil {
			return fmt.Errorf("closing the panel: %w", err)
		}
	}
	views := rooms(someone)
	i := slices.IndexFunc(views, func(v view) bool { return v.name == p.view })
	picture, err := c.picture(tab, views[i])
	if err != nil {
		return err
	}
	small, err := reduce(picture)
	if err != nil {
		return err
	}
	if len(small) > maxReadme {
		return fmt.Errorf("the picture has %d bytes, more than %d", len(small), maxReadme)
	}
	if err := os.WriteFile(file, small, 0o644); err != nil { //nolint:gosec // a picture for everybody
		return fmt.Errorf("writing a picture: %w", err)
	}
	fmt.Fprintf(out, "%s (%d KB)\n", file, len(small)/1000)
	return nil
}

// open opens a tab with the look; scale is the number of dots per CSS pixel.
func (c camera) open(l look, scale float64) (tab context.Context, closeTab func(), err error) {
	tab, closeTab = chromedp.NewContext(c.browser, chromedp.WithNewBrowserContext())
	size := []chromedp.EmulateViewportOption{chromedp.EmulateScale(scale)}
	if l.phone {
		size = append(size, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait)
	}
	media := chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: l.scheme},
			{Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err //nolint:wrapcheck // open wraps it
	})
	if err := chromedp.Do(tab, chromedp.EmulateViewport(l.width, l.height, size...), media); err != nil {
		closeTab()
		return nil, nil, fmt.Errorf("opening a tab: %w", err)
	}
	return tab, closeTab, nil
}

func (c camera) signIn(tab context.Context, someone person) error {
	ctx, cancel := context.WithTimeout(tab, patience)
	defer cancel()
	err := chromedp.Do(ctx,
		chromedp.Navigate(c.site+"/sign-in"),
		chromedp.SendKeys(chromedp.CSS("#email"), someone.email),
		chromedp.SendKeys(chromedp.CSS("#password"), someone.password),
		chromedp.Submit(chromedp.CSS("#password")),
		chromedp.WaitVisible(chromedp.CSS("#new-title")))
	if err != nil {
		return fmt.Errorf("signing in: %w", err)
	}
	return nil
}

// picture is what a view looks like, as PNG.
func (c camera) picture(tab context.Context, v view) ([]byte, error) {
	ctx, cancel := context.WithTimeout(tab, patience)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(c.site+v.path)); err != nil {
		return nil, fmt.Errorf("going to %s: %w", v.path, err)
	}
	if err := until(ctx, `document.documentElement.dataset.ready`); err != nil {
		return nil, err
	}
	if v.script != "" {
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[any]("void (() => {"+v.script+"})()")); err != nil {
			return nil, fmt.Errorf("preparing: %w", err)
		}
	}
	for _, condition := range []string{
		v.until,
		`document.fonts.status === "loaded"`,
		`!document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling")`,
		`document.getAnimations().every((a) => a.playState !== "running")`,
	} {
		if err := until(ctx, condition); err != nil {
			return nil, err
		}
	}
	wider, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.scrollingElement.scrollWidth - document.documentElement.clientWidth`))
	if err != nil {
		return nil, fmt.Errorf("measuring: %w", err)
	}
	if wider > 0 {
		return nil, fmt.Errorf("the page is %d pixels wider than the window", wider)
	}
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return nil, fmt.Errorf("taking a picture: %w", err)
	}
	return picture, nil
}

// until waits for a JavaScript expression to become true, also across a navigation.
func until(ctx context.Context, expression string) error {
	if expression == "" {
		return nil
	}
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for {
		// While one page goes and the next comes there is nothing to ask.
		holds, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if err == nil && holds {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("in vain: %s (%w)", expression, ctx.Err())
		}
	}
}

// reduce writes a PNG again as small as it gets without losing anything.
func reduce(picture []byte) ([]byte, error) {
	decoded, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, fmt.Errorf("reading the picture: %w", err)
	}
	var small bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&small, decoded); err != nil {
		return nil, fmt.Errorf("writing the picture: %w", err)
	}
	if small.Len() < len(picture) {
		return small.Bytes(), nil
	}
	return picture, nil
}
