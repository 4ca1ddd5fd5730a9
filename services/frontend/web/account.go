package web

import (
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/text"
	"github.com/rondohq/rondo/services/frontend/view"
)

func (s *Server) home(v *visit) error {
	if v.session == nil {
		return v.redirect(view.SignInPath)
	}
	return v.redirect(view.InboxPath)
}

func (s *Server) notFound(*visit) error {
	return fault.New(fault.NotFound, "There is no such page.")
}

func (s *Server) showSignIn(v *visit) error {
	if v.session != nil {
		return v.redirect(view.InboxPath)
	}
	form := view.AccountForm{Errors: map[string]string{}}
	switch q := v.r.URL.Query(); {
	case q.Has("expired"):
		form.Notice = s.text.Account.Expired
	case q.Has("gone"):
		form.Notice = s.text.Settings.Gone
	case q.Has("bye"):
		form.Notice = s.text.Toasts.SignedOut
	}
	return v.show(http.StatusOK, view.SignIn(v.page(s.text.Rooms.SignIn), form))
}

func (s *Server) signIn(v *visit) error {
	form := view.AccountForm{Email: strings.TrimSpace(v.r.PostForm.Get("email")), Errors: map[string]string{}}
	password := v.r.PostForm.Get("password")
	for field, value := range map[string]string{"email": form.Email, "password": password} {
		if value == "" {
			form.Errors[field] = s.text.Fields.Required
		}
	}
	again := func(status int) error {
		return v.show(status, view.SignIn(v.page(s.text.Rooms.SignIn), form))
	}
	if len(form.Errors) > 0 {
		return again(http.StatusBadRequest)
	}
	grant, err := s.API.Visitor(v.r.RemoteAddr).SignIn(v.r.Context(), form.Email, password)
	if err != nil {
		switch fault.CodeOf(err) {
		case fault.Unauthenticated, fault.Invalid:
			form.Problem = s.text.Errors.WrongPassword
		default:
			form.Problem = accountProblem(err, s.text)
		}
		return again(statusOf(err))
	}
	return v.begin(grant)
}

// begin starts a session and shows the first room. A session that the browser
// had before ends, so that its cookie is of no more use.
func (v *visit) begin(grant apiclient.Grant) error {
	s, ctx := v.server, v.r.Context()
	if v.session != nil {
		if err := s.Sessions.End(ctx, v.session); err != nil {
			s.Log.WarnContext(ctx, "a session could not be ended", "error", err)
		}
	}
	started, err := s.Sessions.Start(ctx, grant.Token, grant.User)
	if err != nil {
		return fault.New(fault.Unavailable, "%s", s.text.Errors.Sessions).Because("sessions_unavailable", err)
	}
	s.cookies.SetSession(v.w, started)
	return v.redirect(view.InboxPath)
}

func (s *Server) showSignUp(v *visit) error {
	if v.session != nil {
		return v.redirect(view.InboxPath)
	}
	form := view.AccountForm{Key: uuid.NewString(), Zones: text.Zones(""), Errors: map[string]string{}}
	return v.show(http.StatusOK, view.SignUp(v.page(s.text.Rooms.SignUp), form))
}

func (s *Server) signUp(v *visit) error {
	form := view.AccountForm{
		Key: uuid.NewString(), Email: strings.TrimSpace(v.r.PostForm.Get("email")),
		DisplayName: strings.TrimSpace(v.r.PostForm.Get("display_name")), Timezone: v.r.PostForm.Get("timezone"),
		Errors: map[string]string{},
	}
	password := v.r.PostForm.Get("password")
	again := func(status int) error {
		form.Zones = text.Zones(form.Timezone)
		return v.show(status, view.SignUp(v.page(s.text.Rooms.SignUp), form))
	}
	if address, err := mail.ParseAddress(form.Email); err != nil || address.Address != form.Email {
		form.Errors["email"] = s.text.Fields.Email
	}
	if utf8.RuneCountInString(password) < minSecret {
		form.Errors["password"] = s.text.Fields.PasswordShort
	}
	checkProfile(form.DisplayName, form.Timezone, form.Errors, s.text.Fields)
	if len(form.Errors) > 0 {
		return again(http.StatusBadRequest)
	}
	grant, err := s.API.Visitor(v.r.RemoteAddr).SignUp(v.r.Context(), apiclient.SignUp{
		Email: form.Email, Password: password, DisplayName: form.DisplayName, Timezone: form.Timezone,
	}, v.r.PostForm.Get(view.KeyField))
	if fault.CodeOf(err) == fault.Conflict {
		form.Errors["email"] = s.text.Errors.EmailTaken
		return again(http.StatusConflict)
	}
	if err != nil {
		if form.Problem = explain(err, form.Errors, s.text); form.Problem != "" {
			form.Problem = accountProblem(err, s.text)
		}
		return again(statusOf(err))
	}
	return v.begin(grant)
}

func accountProblem(err error, t *text.Catalogue) string {
	if fault.CodeOf(err) == fault.Unavailable {
		return t.Errors.Sessions
	}
	return sentence(t, asFault(err))
}

func checkProfile(name, zone string, errors map[string]string, t text.Fields) {
	switch {
	case name == "":
		errors["display_name"] = t.Required
	case utf8.RuneCountInString(name) > maxName:
		errors["display_name"] = t.NameLong
	}
	if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		errors["timezone"] = t.Timezone
	}
}

func (s *Server) signOut(v *visit) error {
	ctx := v.r.Context()
	if err := v.api.SignOut(ctx); err != nil {
		// The session goes all the same; the token expires by itself.
		s.Log.WarnContext(ctx, "a token could not be revoked", "error", err)
	}
	if err := s.Sessions.End(ctx, v.session); err != nil {
		return fault.New(fault.Unavailable, "%s", s.text.Errors.Sessions).Because("sessions_unavailable", err)
	}
	s.cookies.ClearSession(v.w)
	v.w.Header().Set("Clear-Site-Data", `"storage"`)
	return v.redirect(view.SignInPath + "?bye=1")
}

func (s *Server) setTheme(v *visit) error {
	theme := v.r.PostForm.Get("theme")
	if !slices.Contains([]string{"", "light", "dark"}, theme) {
		return fault.New(fault.Invalid, "There is no such theme.")
	}
	s.cookies.SetTheme(v.w, theme)
	return v.redirect(v.back())
}

// stream is open as long as the tab and the session are.
func (s *Server) stream(v *visit) error {
	cookie := s.cookies.Session(v.r)
	s.Hub.Stream(v.w, v.r, v.session.User.ID, func() bool {
		_, err := s.Sessions.Load(v.r.Context(), cookie)
		return !isNone(err) // a store that is away says nothing about the session
	})
	return nil
}
