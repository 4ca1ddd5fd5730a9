package web

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/text"
	"github.com/rondohq/rondo/services/frontend/view"
)

// maxUpload bounds a file to import, in bytes: the api's 10 MiB and the form around it.
const maxUpload = 10<<20 + 64<<10

// The parts of the settings, which a form that is refused is shown in again.
const (
	partProfile  = "profile"
	partPassword = "password"
	partQuiet    = "quiet"
	partTokens   = "tokens"
	partFeeds    = "feeds"
	partImport   = "import"
	partDelete   = "delete"
)

func (s *Server) showSettings(v *visit) error {
	return v.settings(http.StatusOK, v.settingsForm())
}

// settingsForm is what the settings hold.
func (v *visit) settingsForm() view.SettingsForm {
	user := v.session.User
	form := view.SettingsForm{
		DisplayName: user.DisplayName, Timezone: user.Timezone, NotifyEmail: user.NotifyEmail, Errors: map[string]string{},
		TokenScope: "read", TokenDays: "90",
	}
	if user.QuietHours != nil {
		form.QuietFrom, form.QuietTo = user.QuietHours.From, user.QuietHours.To
	}
	return form
}

// settings shows them. What besides the account cannot be had is left out.
func (v *visit) settings(status int, form view.SettingsForm) error {
	t := v.server.text
	form.Zones = text.Zones(form.Timezone)
	var tokens []apiclient.Token
	var channels []apiclient.Channel
	var browsers []apiclient.Subscription
	var feeds []apiclient.Feed
	group, ctx := errgroup.WithContext(v.r.Context())
	group.Go(func() (err error) { tokens, err = v.api.Tokens(ctx); return err })
	group.Go(func() (err error) { channels, err = v.api.Channels(ctx); return err })
	group.Go(func() (err error) { browsers, err = v.api.Subscriptions(ctx); return err })
	group.Go(func() (err error) { feeds, err = v.api.Feeds(ctx); return err })
	if err := group.Wait(); err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	for _, feed := range feeds {
		row := view.Feed{ID: feed.ID, Name: feed.Name, Tasks: feed.ShowAs == "tasks", Used: t.Settings.NeverUsed}
		if feed.LastUsedAt != nil {
			row.Used = t.Settings.LastUsed(v.locale.Moment(v.now, *feed.LastUsedAt))
		}
		form.Feeds = append(form.Feeds, row)
	}
	for _, token := range tokens {
		row := view.Token{ID: token.ID, Name: token.Name, Writes: slices.Contains(token.Scopes, "write"), Used: t.Settings.NeverUsed}
		if token.LastUsedAt != nil {
			row.Used = t.Settings.LastUsed(v.locale.Moment(v.now, *token.LastUsedAt))
		}
		switch {
		case token.ExpiresAt == nil:
			row.Expires = t.Settings.NeverExpires
		case token.ExpiresAt.Before(v.now):
			row.Expires = t.Settings.Expired
		default:
			row.Expires = t.Settings.Expires(v.locale.Day(v.now, *token.ExpiresAt))
		}
		form.Tokens = append(form.Tokens, row)
	}
	for _, channel := range channels {
		switch channel.Name {
		case "email":
			form.EmailAvailable = channel.Available
		case "push":
			form.PushKey = channel.PublicKey
			form.PushAvailable = channel.Available
		}
	}
	for _, browser := range browsers {
		form.Browsers = append(form.Browsers, view.Browser{
			ID: browser.ID, Endpoint: browser.Endpoint, Since: v.locale.Day(v.now, browser.CreatedAt),
		})
	}
	p := v.shell(view.SettingsPath, t.Account.SettingsTitle)
	return v.showMain(status, &p, view.SettingsMain(p, form))
}

// saveSettings saves the profile.
func (s *Server) saveSettings(v *visit) error {
	form := v.settingsForm()
	form.DisplayName, form.Timezone = strings.TrimSpace(v.r.PostForm.Get("display_name")), v.r.PostForm.Get("timezone")
	checkProfile(form.DisplayName, form.Timezone, form.Errors, s.text.Fields)
	return v.change(partProfile, form, apiclient.Change{"display_name": form.DisplayName, "timezone": form.Timezone})
}

// change changes the account, and shows the form again where it cannot be.
func (v *visit) change(part string, form view.SettingsForm, change apiclient.Change) error {
	form.Part = part
	if len(form.Errors) > 0 {
		return v.settings(http.StatusBadRequest, form)
	}
	user, err := v.api.SaveSettings(v.r.Context(), change)
	if err != nil && refusedInput(err) {
		form.Problem = explain(err, form.Errors, v.server.text)
		return v.settings(statusOf(err), form)
	}
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	v.remember(user)
	return v.redirect(with(view.SettingsPath, "did", didSettings))
}

// remember keeps the account as it is now in the session.
func (v *visit) remember(user apiclient.User) {
	v.session.User = user
	if err := v.server.Sessions.Save(v.r.Context(), v.session); err != nil {
		v.server.Log.WarnContext(v.r.Context(), "a session keeps its old profile for some minutes", "error", err)
	}
}

func (s *Server) saveQuiet(v *visit) error {
	form := v.settingsForm()
	form.QuietFrom, form.QuietTo = v.r.PostForm.Get("quiet_from"), v.r.PostForm.Get("quiet_to")
	if form.QuietFrom == "" && form.QuietTo == "" || v.r.PostForm.Get("quiet") == "off" {
		return v.change(partQuiet, form, apiclient.Change{"quiet_hours": nil})
	}
	for name, clock := range map[string]string{"quiet_from": form.QuietFrom, "quiet_to": form.QuietTo} {
		if _, err := time.Parse(timeLayout, clock); err != nil {
			form.Errors[name] = s.text.Fields.Time
		}
	}
	if form.QuietFrom == form.QuietTo {
		form.Errors["quiet_to"] = s.text.Settings.QuietSame
	}
	return v.change(partQuiet, form, apiclient.Change{"quiet_hours": apiclient.QuietHours{From: form.QuietFrom, To: form.QuietTo}})
}

func (s *Server) saveEmail(v *visit) error {
	return v.change(partQuiet, v.settingsForm(), apiclient.Change{"notify_email": v.r.PostForm.Get("email") == "on"})
}

func (s *Server) savePassword(v *visit) error {
	form := v.settingsForm()
	current, wanted := v.r.PostForm.Get("current_password"), v.r.PostForm.Get("password")
	if current == "" {
		form.Errors["current_password"] = s.text.Fields.Required
	}
	if tooShort(wanted, minSecret) {
		form.Errors["password"] = s.text.Fields.PasswordShort
	}
	if len(form.Errors) > 0 {
		form.Part = partPassword
		return v.settings(http.StatusBadRequest, form)
	}
	_, err := v.api.SaveSettings(v.r.Context(), apiclient.Change{"current_password": current, "password": wanted})
	if err != nil && refusedInput(err) {
		form.Part = partPassword
		form.Problem = explain(err, form.Errors, s.text)
		return v.settings(statusOf(err), form)
	}
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	return v.redirect(with(view.SettingsPath, "did", didSettings))
}

// addToken makes an API token and shows its secret, this once.
func (s *Server) addToken(v *visit) error {
	form := v.settingsForm()
	form.Part = partTokens
	form.TokenName = strings.TrimSpace(v.r.PostForm.Get("name"))
	form.TokenScope, form.TokenDays = v.r.PostForm.Get("scope"), v.r.PostForm.Get("days")
	scopes := []string{"read"}
	if form.TokenScope == "write" {
		scopes = append(scopes, "write")
	}
	var expires *time.Time
	if days := map[string]int{"30": 30, "90": 90, "365": 365}[form.TokenDays]; days > 0 {
		at := v.now.AddDate(0, 0, days)
		expires = &at
	}
	if form.TokenName == "" {
		form.Errors["name"] = s.text.Fields.Required
		return v.settings(http.StatusBadRequest, form)
	}
	token, err := v.api.CreateToken(v.r.Context(), form.TokenName, scopes, expires)
	if err != nil && refusedInput(err) {
		form.Problem = asFault(saidOf(err)).Message
		return v.settings(statusOf(err), form)
	}
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	form.Secret, form.TokenName = token.Secret, ""
	return v.settings(http.StatusOK, form)
}

func (s *Server) revokeToken(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	if err := v.api.RevokeToken(v.r.Context(), id); err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	return v.redirect(with(view.SettingsPath, "did", didSettings))
}

// export passes the file on as the api makes it.
func (s *Server) export(v *visit) error {
	format := v.r.URL.Query().Get("format")
	if format != "csv" && format != "ics" {
		format = "json"
	}
	res, err := v.api.Export(v.r.Context(), format)
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	defer func() { _ = res.Body.Close() }() // reading is over
	for _, name := range []string{"Content-Type", "Content-Disposition"} {
		v.w.Header().Set(name, res.Header.Get(name))
	}
	// Downloads take longer than pages may.
	_ = http.NewResponseController(v.w).SetWriteDeadline(time.Now().Add(5 * time.Minute))
	if _, err := io.Copy(v.w, res.Body); err != nil {
		s.Log.WarnContext(v.r.Context(), "an export was cut short", "error", err)
		panic(http.ErrAbortHandler) // the browser must not take it for the whole file
	}
	return nil
}

// importTasks reads a file of tasks.
func (s *Server) importTasks(v *visit) error {
	form := v.settingsForm()
	form.Part = partImport
	file, header, err := v.r.FormFile("file")
	if err != nil {
		form.Errors["file"] = s.text.Settings.ChooseFile
		return v.settings(http.StatusBadRequest, form)
	}
	defer func() { _ = file.Close() }() // only read
	kind := "application/json"
	switch strings.ToLower(filepath.Ext(header.Filename)) {
	case ".csv":
		kind = "text/csv"
	case ".ics":
		kind = "text/calendar"
	}
	ctx, cancel := context.WithTimeout(v.r.Context(), time.Minute)
	defer cancel()
	result, err := v.api.Import(ctx, file, kind, uuid.NewString())
	if err != nil && (refusedInput(err) || fault.CodeOf(err) == fault.UnsupportedMedia) {
		form.Problem = importProblem(err)
		return v.settings(statusOf(err), form)
	}
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	form.Imported = s.text.Settings.Imported(result.Created, result.Skipped)
	form.Part = ""
	return v.settings(http.StatusOK, form)
}

// importProblem is what the api says of a file, with the first rows that it names.
func importProblem(err error) string {
	f := asFault(err)
	const named = 5
	lines := []string{f.Message}
	for _, field := range f.Fields[:min(len(f.Fields), named)] {
		lines = append(lines, fmt.Sprintf("%s: %s.", field.Name, field.Message))
	}
	return strings.Join(lines, " ")
}

// deleteAccount ends the account and the session.
func (s *Server) deleteAccount(v *visit) error {
	form := v.settingsForm()
	form.Part = partDelete
	password := v.r.PostForm.Get("password")
	if password == "" {
		form.Errors["delete_password"] = s.text.Fields.Required
		return v.settings(http.StatusBadRequest, form)
	}
	err := v.api.DeleteAccount(v.r.Context(), password)
	switch {
	case err != nil && refusedInput(err):
		form.Errors["delete_password"] = s.text.Settings.NotPassword
		return v.settings(statusOf(err), form)
	case err != nil && fault.CodeOf(err) == fault.RateLimited:
		form.Errors["delete_password"] = s.text.Errors.TooMany
		return v.settings(statusOf(err), form)
	case err != nil:
		return err //nolint:wrapcheck // a fault of the api
	}
	if err := s.Sessions.End(v.r.Context(), v.session); err != nil {
		s.Log.WarnContext(v.r.Context(), "a session could not be ended", "error", err)
	}
	s.cookies.ClearSession(v.w)
	v.w.Header().Set("Clear-Site-Data", `"storage"`)
	return v.redirect(view.SignInPath + "?gone=1")
}

// isUpload says whether a request carries a file.
func isUpload(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "multipart/form-data"
}
