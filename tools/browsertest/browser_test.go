// Package browsertest uses the web application as a person does: in a real browser,
// on the real stack.
package browsertest

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/rondohq/rondo/platform/modeltest"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/browser"
	"github.com/rondohq/rondo/tools/internal/trialtest"
)

// patience is how long the page may take for anything that has to happen at all.
const patience = 30 * time.Second

var (
	stack    *trialtest.Platform
	chromium context.Context
	// model is the language model that the stack is configured with.
	model *modeltest.Server
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	path, err := browser.Find(context.Background(), os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var closeBrowser func()
	chromium, closeBrowser = browser.Start(context.Background(), path) //nolint:fatcontext // it is made once
	defer closeBrowser()
	if err := chromedp.Do(chromium); err != nil {
		fmt.Fprintln(os.Stderr, "starting the browser:", err)
		return 1
	}
	// Whoever works on these tests can spare themself the start of a stack.
	if base, err := strconv.Atoi(os.Getenv("RONDO_PORT_BASE")); err == nil {
		stack = &trialtest.Platform{Plan: topology.LaptopPorts(base)}
		// It has been started with this address as its OPENAI_BASE_URL.
		if address := os.Getenv("RONDO_MODEL"); address != "" {
			if model, err = modeltest.NewAt(address); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		}
		return m.Run()
	}
	model = modeltest.New()
	return trialtest.Main(m, func(p *trialtest.Platform) { stack = p },
		"OPENAI_BASE_URL="+model.URL(), "OPENAI_API_KEY="+rand.Text(), "OPENAI_MODEL=scripted")
}

// A tab is one tab of one person's browser. What the page complains of to the
// console fails the test: among it is everything the Content-Security-Policy stops.
type tab struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // chromedp's handle of the tab

	email, password string // of the account, where one was made
}

// open opens a tab in a profile of its own, 1280 by 800.
func open(t *testing.T) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	return prepare(t, ctx)
}

// another opens a tab beside one, in the same profile.
func (b *tab) another() *tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	b.t.Cleanup(cancel)
	return prepare(b.t, ctx)
}

func prepare(t *testing.T, ctx context.Context) *tab { //nolint:revive // the test comes first, as everywhere
	t.Helper()
	b := &tab{t: t, ctx: ctx}
	// The first run opens the tab, which lives as long as this context.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *log.EventEntryAdded:
			// A refused form is an answer, not a defect of the page.
			if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
				t.Errorf("the page complains: %s %s", e.Entry.Text, e.Entry.URL)
			}
		case *runtime.EventExceptionThrown:
			t.Errorf("the page throws: %s %s", e.ExceptionDetails.Text, e.ExceptionDetails.URL)
		}
	}); err != nil {
		t.Fatal(err)
	}
	// Every tab counts as looked at, as it would on a wide screen.
	focused := chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
		return err
	})
	b.do("sizing a tab", chromedp.EmulateViewport(1280, 800), focused)
	return b
}

// do runs actions; it fails the test when they do not end.
func (b *tab) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		text := b.says()
		b.t.Fatalf("%s: %v\nthe page says:\n%s", what, err, text)
	}
}

// until waits for a JavaScript expression to become true, also across a navigation.
func (b *tab) until(what, expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for {
		// While one page goes and the next comes there is nothing to ask.
		holds, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Promise.resolve("+expression+").then(Boolean)", chromedp.EvalAwaitPromise))
		if err == nil && holds {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			b.t.Fatalf("in vain: %s (%v)\nthe page says:\n%s", what, err, b.says())
		}
	}
}

// says is the text of the page, for the message of a failure.
func (b *tab) says() string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](
		`"at: " + location + "\nfocus: " + document.activeElement.outerHTML.slice(0, 200) + "\n" +
			document.getElementById("main")?.innerText.slice(0, 2000) + "\n" +
			document.getElementById("chat-view")?.innerText.slice(-1000) + "\n" + document.getElementById("toasts")?.innerText`))
	return text
}

// ask evaluates a JavaScript expression, and waits when it is a promise.
func ask[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// press types one key where the focus is. The browser makes the character itself,
// so that a shortcut can keep it from being typed.
func (b *tab) press(key string) {
	b.t.Helper()
	first, _ := utf8.DecodeRuneInString(key)
	k := kb.Keys[first]
	b.do("pressing "+k.Key, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		params := input.DispatchKeyEventParams{
			Type: input.DispatchKeyEventTypeKeyDown, Key: k.Key, Code: k.Code, Text: k.Text, WindowsVirtualKeyCode: k.Windows,
		}
		if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, params); err != nil {
			return err
		}
		params.Type, params.Text = input.DispatchKeyEventTypeKeyUp, ""
		_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, params)
		return err
	}))
}

func url(path string) string { return stack.Public(topology.Frontend) + path }

// signUp makes an account by the form and lands in the list.
func signUp(t *testing.T) *tab {
	t.Helper()
	return signUpAt(t, url(""))
}

// signUpAt does it at another address of the application.
func signUpAt(t *testing.T, site string) *tab {
	t.Helper()
	b := open(t)
	b.email, b.password = strings.ToLower(rand.Text())+"@example.com", rand.Text()
	b.do("signing up",
		chromedp.Navigate(site+"/sign-up"),
		chromedp.SendKeys(chromedp.CSS("#display-name"), "Ada"),
		chromedp.SendKeys(chromedp.CSS("#email"), b.email),
		chromedp.SendKeys(chromedp.CSS("#password"), b.password),
		chromedp.Submit(chromedp.CSS("#password")),
		chromedp.WaitVisible(chromedp.CSS("#new-title")),
	)
	b.until("the stream is open", `document.documentElement.dataset.live === "on"`)
	return b
}

// signIn opens another device of the same person.
func signIn(t *testing.T, someone *tab) *tab {
	t.Helper()
	b := open(t)
	b.do("signing in",
		chromedp.Navigate(url("/sign-in")),
		chromedp.SendKeys(chromedp.CSS("#email"), someone.email),
		chromedp.SendKeys(chromedp.CSS("#password"), someone.password),
		chromedp.Submit(chromedp.CSS("#password")),
		chromedp.WaitVisible(chromedp.CSS("#new-title")),
	)
	b.until("the stream is open", `document.documentElement.dataset.live === "on"`)
	return b
}

// add adds a task from the composer. What is understood of it is no part of its title.
func (b *tab) add(typed string) {
	b.t.Helper()
	b.do("adding "+typed,
		chromedp.SetValue(chromedp.CSS("#new-title"), typed),
		chromedp.SendKeys(chromedp.CSS("#new-title"), "\r"))
	b.until("the list shows "+typed, fmt.Sprintf(`%s.some(title => %q.startsWith(title))`, listed, typed))
}

// listed is the expression for the titles in the list.
const listed = `[...document.querySelectorAll("#list .task-title")].map(e => e.textContent)`

func (b *tab) shows(title string) {
	b.t.Helper()
	b.until("the list shows "+title, fmt.Sprintf(`%s.includes(%q)`, listed, title))
}

func (b *tab) hides(title string) {
	b.t.Helper()
	b.until("the list no longer shows "+title, fmt.Sprintf(`!%s.includes(%q)`, listed, title))
}
