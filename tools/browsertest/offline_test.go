package browsertest

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	neturl "net/url"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A line leads to the application and can be cut.
type line struct {
	*httptest.Server

	down atomic.Bool
	// deaf lets requests arrive whose answers get lost.
	deaf atomic.Bool
}

func newLine(t *testing.T) *line {
	t.Helper()
	target, err := neturl.Parse(url(""))
	if err != nil {
		t.Fatal(err)
	}
	l := &line{}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // it is our origin, as behind any proxy
	}}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.down.Load() {
			panic(http.ErrAbortHandler)
		}
		if l.deaf.Load() && r.Method == http.MethodPost {
			proxy.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { l.CloseClientConnections(); l.Close() })
	return l
}

func (l *line) cut() {
	l.down.Store(true)
	l.CloseClientConnections()
}

func TestWithoutAConnectionTheListStaysAndChangesAreSentOnce(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	b := signUpAt(t, l.URL)
	for _, title := range []string{"Stays", "Done offline"} {
		b.add(title)
	}
	b.until("the service worker is there", `navigator.serviceWorker.controller !== null`)
	b.do("a copy is made", chromedp.Navigate(l.URL+"/tasks"))
	b.until("of the list", `document.documentElement.dataset.live === "on" && caches.open("pages").then(c => c.match(location.href)).then(Boolean)`)
	b.shows("Done offline")

	l.cut()
	b.do("reloading without a connection", chromedp.Navigate(l.URL+"/tasks"))
	b.until("the list is there", `document.documentElement.dataset.ready === "yes"`)
	b.shows("Done offline")
	b.do("a room never visited", chromedp.Navigate(l.URL+"/done"))
	b.until("it says why it is not there", `document.body.textContent.includes("You are offline")`)
	b.do("back to the list", chromedp.Navigate(l.URL+"/tasks"))
	b.until("the list is there", `document.documentElement.dataset.ready === "yes"`)
	b.button("Complete “Done offline”")
	b.press("n")
	b.do("adding", insert("Added offline"))
	b.press(kb.Enter)
	b.until("both wait", `document.getElementById("waiting").textContent.includes("2 changes wait")`)
	b.until("the list shows it", `document.querySelector(".is-waiting-new")?.textContent === "Added offline"`)
	b.do("reloading", chromedp.Reload())
	b.until("they still wait", `document.getElementById("waiting")?.textContent.includes("2 changes wait")`)

	// The answer to the first try gets lost, so that it is sent again.
	l.deaf.Store(true)
	l.down.Store(false)
	b.do("trying", script(`document.getElementById("waiting").click()`))
	b.until("nothing came back", `document.getElementById("waiting").textContent.includes("2 changes wait")`)
	l.deaf.Store(false)
	b.do("trying again", script(`document.getElementById("waiting").click()`))
	b.until("nothing waits", `document.getElementById("waiting").hidden`)
	b.do("reloading", chromedp.Navigate(l.URL+"/tasks"))
	b.until("all is there, once", listed+`.join() === "Added offline,Stays"`)
}

func TestAChangeThatNoLongerFitsIsShown(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	b := signUpAt(t, l.URL)
	b.add("Gone by then")
	id := ask[string](b, rowOf("Gone by then")+".dataset.task")
	l.cut()
	b.do("a change of a task that is nobody's", script(`htmx.ajax("POST", "/tasks/`+id[:len(id)-4]+`0000/complete", {source: "#bulk", target: "#list", values: {was: "pending"}}).catch(() => {})`))
	b.until("it waits", `!document.getElementById("waiting").hidden`)
	l.down.Store(false)
	b.do("trying", script(`document.getElementById("waiting").click()`))
	b.until("it says that it could not be sent", `document.getElementById("toasts").textContent.includes("could not be sent")`)
	b.until("it does not stay", `document.getElementById("waiting").hidden`)
	b.shows("Gone by then")
}

func TestSigningOutLeavesNothingOnTheDevice(t *testing.T) {
	t.Parallel()
	b := signUpAt(t, newLine(t).URL) // storage belongs to an origin, which is this test's alone
	b.until("the service worker is there", `navigator.serviceWorker.controller !== null`)
	b.do("reloading", chromedp.Reload(), chromedp.WaitVisible(chromedp.CSS("#new-title")))
	b.until("a copy is kept", `caches.open("pages").then(c => c.keys()).then(k => k.length > 0)`)
	b.do("signing out", script(`document.querySelector('form[action="/sign-out"]').requestSubmit()`))
	b.until("the entrance is shown", `document.querySelector("#password") !== null`)
	b.until("no copy is left", `caches.keys().then(names => !names.includes("pages"))`)
}
