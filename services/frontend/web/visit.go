package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/session"
	"github.com/rondohq/rondo/services/frontend/text"
	"github.com/rondohq/rondo/services/frontend/view"
	"github.com/rondohq/rondo/services/internal/problem"
)

// maxForm bounds a form, in bytes. Undoing a change of many
// tasks names them all.
const maxForm = 256 << 10

// meWithin is how long a page waits for the account; it is remembered, too.
const meWithin = 2 * time.Second

// visit is one request by one browser.
type visit struct {
	server  *Server
	w       http.ResponseWriter
	r       *http.Request
	session *session.Session // nil: not signed in
	secret  []byte           // of the CSRF token
	api     apiclient.Caller
	locale  text.Locale
	now     time.Time

	token string // for the page; made once
}

// errForged refuses a form that was not sent from a page of ours.
var errForged = fault.New(fault.Forbidden, "CSRF token or origin is wrong.").Because("forged", nil)

// reasonSaid marks a fault whose message is from the catalogue, for people to read.
const reasonSaid = "said"

// serve does what all routes have in common, in this order: headers, session,
// protection against forgery, the route itself, and what to show when it fails.
func (s *Server) serve(route Route) http.Handler {
	return compress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.setHeaders(w)
		v := &visit{server: s, w: w, r: r, now: s.Now()}
		v.locale = text.NewLocale(s.text, "", r.Header.Get("Accept-Language"))
		if err := v.enter(route); err != nil {
			v.fail(err)
		}
	}))
}

func (v *visit) enter(route Route) error {
	writes := v.r.Method != http.MethodGet && v.r.Method != http.MethodHead
	if writes {
		limit := int64(maxForm)
		if isUpload(v.r) {
			limit = maxUpload
		}
		v.r.Body = http.MaxBytesReader(v.w, v.r.Body, limit)
		if err := v.server.origins.Check(v.r); err != nil {
			return errForged
		}
		if err := v.parseForm(); err != nil {
			if _, large := errors.AsType[*http.MaxBytesError](err); large {
				return fault.New(fault.TooLarge, "The form is too large.")
			}
			return fault.New(fault.Invalid, "The form could not be read.")
		}
	}
	if err := v.identify(); err != nil {
		return err
	}
	if v.session == nil && route.Access == Member {
		return session.ErrNone
	}
	if writes {
		token := v.r.Header.Get(view.CSRFHeader)
		if token == "" {
			token = v.r.PostForm.Get(view.CSRFField)
		}
		if !session.CSRFMatches(v.secret, token) {
			return errForged
		}
	}
	return route.Handle(v)
}

// parseForm reads a form, with its file where it has one.
func (v *visit) parseForm() error {
	if !isUpload(v.r) {
		return v.r.ParseForm() //nolint:wrapcheck // enter says what it means
	}
	const inMemory = 1 << 20
	return v.r.ParseMultipartForm(inMemory) //nolint:wrapcheck // enter says what it means
}

// identify finds the session, renews it when it is due, and with it the account
// that it remembers.
func (v *visit) identify() error {
	s, ctx := v.server, v.r.Context()
	v.secret = s.cookies.VisitSecret(v.r)
	cookie := s.cookies.Session(v.r)
	if cookie == "" {
		v.api = s.API.Visitor(v.r.RemoteAddr)
		return nil
	}
	found, err := s.Sessions.Load(ctx, cookie)
	if errors.Is(err, session.ErrNone) {
		s.cookies.ClearSession(v.w)
		v.api = s.API.Visitor(v.r.RemoteAddr)
		return nil
	}
	if err != nil {
		return fault.New(fault.Unavailable, "%s", s.text.Errors.Sessions).Because("sessions_unavailable", err)
	}
	v.admit(found)
	if found.Stale(v.now) || v.wantsFresh() {
		return v.renew(found)
	}
	return nil
}

// wantsFresh says that the account as the session remembers it will not do: a page that
// is opened shows what another device has just changed, and so does a tab that was told.
func (v *visit) wantsFresh() bool {
	return v.r.Header.Get("Sec-Fetch-Mode") == "navigate" || v.r.Header.Get(view.FreshHeader) != ""
}

// renew reads the account again, and begins the session's lifetime anew when it is time.
func (v *visit) renew(found *session.Session) error {
	s, ctx := v.server, v.r.Context()
	before := found.User
	asking, cancel := context.WithTimeout(ctx, meWithin)
	defer cancel()
	user, err := v.api.Me(asking)
	switch {
	case err == nil:
		found.User = user
	case fault.CodeOf(err) == fault.Unauthenticated:
		return err //nolint:wrapcheck // a fault of the api
	}
	stale := found.Stale(v.now)
	if !stale && reflect.DeepEqual(before, found.User) {
		return nil
	}
	// The account as it was remembered will do until the api is back.
	if err := s.Sessions.Save(ctx, found); err != nil {
		s.Log.WarnContext(ctx, "a session could not be renewed", "error", err)
	}
	if stale {
		s.cookies.SetSession(v.w, found)
	}
	v.admit(found)
	return nil
}

// admit makes the visit that of a session's owner.
func (v *visit) admit(member *session.Session) {
	v.session, v.secret = member, member.CSRF
	v.api = v.server.API.As(member.Token)
	v.locale = text.NewLocale(v.server.text, member.User.Timezone, v.r.Header.Get("Accept-Language"))
}

// setHeaders are those of every page. Style and script come only from our own
// files, nothing may frame us, and nothing of a page is kept by caches.
func (s *Server) setHeaders(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
		"font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "+
		"form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(self), payment=(), usb=()")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "HX-Request, HX-Target, Cookie, Accept-Encoding")
	if s.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
}

// byScript says that htmx asked, which replaces a part of the page.
func (v *visit) byScript() bool { return v.r.Header.Get("Hx-Request") == "true" }

// target is the id of the element that htmx is going to replace.
func (v *visit) target() string { return v.r.Header.Get("Hx-Target") }

// page is what surrounds the content of this visit.
func (v *visit) page(title string) view.Page {
	if v.secret == nil {
		v.secret = v.server.cookies.Visit(v.w, v.r)
	}
	if v.token == "" {
		v.token = session.CSRFToken(v.secret)
	}
	p := view.Page{
		T: v.server.text, Assets: v.server.Assets, Title: title, Theme: v.server.cookies.Theme(v.r),
		CSRF: v.token, Path: v.r.URL.EscapedPath(), Back: v.r.URL.RequestURI(), Now: v.now,
		ChatOpen: chatOpen(v.r),
	}
	if v.session != nil {
		p.User = &v.session.User
	}
	return p
}

// show answers with a whole page.
func (v *visit) show(status int, content templ.Component) error {
	return v.render(status, content)
}

// part answers htmx with parts of the page, in this order.
func (v *visit) part(status int, contents ...templ.Component) error {
	v.w.Header().Set("Rondo-Part", "1") // without it, app.js does not show the answer
	return v.render(status, templ.Join(contents...))
}

func (v *visit) render(status int, content templ.Component) error {
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	// The status is sent; all that can fail now is the connection.
	if err := content.Render(v.r.Context(), v.w); err != nil && v.r.Context().Err() == nil {
		v.server.Log.WarnContext(v.r.Context(), "a page was cut short", "error", err)
	}
	return nil
}

// redirect sends the browser to a path of ours.
func (v *visit) redirect(path string) error {
	if v.byScript() {
		v.w.Header().Set("Rondo-Part", "1")
		v.w.Header().Set("Hx-Redirect", path)
		v.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}

// aim tells htmx to replace another element than it meant to.
func (v *visit) aim(selector, swap string) {
	v.w.Header().Set("Hx-Retarget", selector)
	v.w.Header().Set("Hx-Reswap", swap)
}

// back is the path and query that a form without script returns to. What is not
// a path of ours becomes the first room.
func (v *visit) back() string { return local(v.r.PostForm.Get("back")) }

func local(target string) string {
	parsed, err := url.Parse(target)
	if err != nil || parsed.Host != "" || parsed.Scheme != "" || !strings.HasPrefix(target, "/") ||
		strings.HasPrefix(target, "//") || strings.ContainsAny(target, "\\\r\n\t") {
		return view.InboxPath
	}
	return target
}

// id is the id in the path.
func (v *visit) id() (uuid.UUID, error) {
	id, err := uuid.Parse(v.r.PathValue("id"))
	if err != nil {
		return uuid.Nil, fault.New(fault.NotFound, "There is no such thing.")
	}
	return id, nil
}

// fail shows what went wrong and what to do next.
func (v *visit) fail(err error) {
	ctx, t := v.r.Context(), v.server.text
	if errors.Is(err, session.ErrNone) || fault.CodeOf(err) == fault.Unauthenticated {
		v.leave(ctx)
		return
	}
	f, known := errors.AsType[*fault.Error](err)
	if !known {
		v.server.Log.ErrorContext(ctx, "request failed", "error", err)
		f = fault.New(fault.Internal, "%s", t.Errors.InternalTitle)
	} else if f.Code == fault.Unavailable || f.Code == fault.Internal {
		v.server.Log.WarnContext(ctx, "request failed", "error", err)
	}
	status := problem.Status(f.Code)
	if v.byScript() {
		v.aim("#toasts", "beforeend")
		_ = v.part(status, view.ToastAlone(v.page(""), view.Toast{Message: sentence(t, f), Alarm: true}))
		return
	}
	_ = v.show(status, v.failure(f))
}

// failure is a page about err, within the application where somebody is signed in.
func (v *visit) failure(f *fault.Error) templ.Component {
	t := v.server.text
	m := view.Message{Title: t.Errors.InternalTitle, Hint: t.Errors.InternalHint, ActionLabel: t.Retry, ActionURL: v.retryURL(), Art: "away"}
	switch {
	case f.Code == fault.NotFound:
		m = view.Message{Title: t.Errors.NotFoundTitle, Hint: t.Errors.NotFoundHint, ActionLabel: t.Back, ActionURL: "/", Art: "search"}
	case f.Reason == errForged.Reason:
		m = view.Message{Title: t.Errors.ForgeryTitle, Hint: t.Errors.ForgeryHint, ActionLabel: t.Back, ActionURL: "/", Art: "away"}
	case f.Code == fault.Unavailable:
		m.Title, m.Hint = t.Errors.UnreachableTitle, t.Errors.UnreachableNow
	case f.Code != fault.Internal:
		m.Title, m.Hint, m.ActionLabel = t.Errors.Check, sentence(t, f), t.Back
	}
	p := v.page(m.Title)
	if v.session == nil {
		return view.MessagePage(p, m)
	}
	if f.Code != fault.Unavailable {
		_, _ = v.sidebar(&p) // a page about a failure must not fail for want of tags
	}
	return within(view.App(p), view.MessageMain(p, m))
}

// retryURL is the page itself, or where the form was.
func (v *visit) retryURL() string {
	if v.r.Method == http.MethodGet {
		return v.r.URL.RequestURI()
	}
	return v.back()
}

// leave ends a session that is no longer good, and asks to sign in.
func (v *visit) leave(ctx context.Context) {
	if v.session != nil {
		if err := v.server.Sessions.End(ctx, v.session); err != nil {
			v.server.Log.WarnContext(ctx, "a session could not be ended", "error", err)
		}
	}
	target := view.SignInPath
	if v.server.cookies.Session(v.r) != "" {
		v.server.cookies.ClearSession(v.w)
		target += "?expired=1"
	}
	_ = v.redirect(target)
}

// within puts the content into a component that has children.
func within(outer, content templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return outer.Render(templ.WithChildren(ctx, content), w) //nolint:wrapcheck // render logs it
	})
}

// sentence is what a person is told about f.
func sentence(t *text.Catalogue, f *fault.Error) string {
	if f.Reason == errForged.Reason {
		return t.Errors.ForgeryTitle + ". " + t.Errors.ForgeryHint
	}
	if f.Reason == reasonSaid {
		return f.Message
	}
	switch f.Code {
	case fault.NotFound:
		return t.Errors.TaskGone
	case fault.RateLimited:
		return t.Errors.TooMany
	case fault.TooLarge:
		return t.Errors.TooLarge
	case fault.Unavailable:
		return t.Toasts.Offline
	case fault.Internal:
		return t.Errors.InternalTitle + ". " + t.Errors.InternalHint
	case fault.Conflict, fault.Stale:
		return t.Errors.ConflictHint
	case fault.Forbidden, fault.MethodNotAllowed:
		return t.Errors.NotAllowed
	case fault.Invalid, fault.Unprocessable, fault.UnsupportedMedia, fault.Unauthenticated:
	}
	return t.Errors.Check
}
