// Package web is the web application: it turns requests into calls of the api
// service and the answers into pages. Every form works without script; with it,
// only the part of the page that changes is sent.
package web

import (
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/asset"
	"github.com/rondohq/rondo/services/frontend/live"
	"github.com/rondohq/rondo/services/frontend/session"
	"github.com/rondohq/rondo/services/frontend/text"
	"github.com/rondohq/rondo/services/frontend/view"
)

// Config is what a Server is made of.
type Config struct {
	API       *apiclient.Client
	Sessions  *session.Sessions
	Hub       *live.Hub
	Assets    *asset.Set
	PublicURL *url.URL // as people type it
	Log       *slog.Logger
	// Now is time.Now, except in tests that show dates.
	Now func() time.Time
}

// Server handles the routes of the application.
type Server struct {
	Config

	cookies session.Cookies
	text    *text.Catalogue
	origins *http.CrossOriginProtection
	secure  bool
}

// New makes a Server.
func New(config Config) (*Server, error) {
	secure := config.PublicURL.Scheme == "https"
	s := &Server{
		Config: config, cookies: session.NewCookies(secure), text: text.English(),
		origins: http.NewCrossOriginProtection(), secure: secure,
	}
	// Behind a proxy that changes the Host header, the public origin is ours too.
	origin := url.URL{Scheme: config.PublicURL.Scheme, Host: config.PublicURL.Host}
	if err := s.origins.AddTrustedOrigin(origin.String()); err != nil {
		return nil, err //nolint:wrapcheck // says what is wrong with the URL
	}
	return s, nil
}

// Access is who may use a route.
type Access int

const (
	// Anyone may; the page shows whether they are signed in.
	Anyone Access = iota
	// Member is somebody who is signed in; others are sent to sign in.
	Member
)

// Route is one entry of the table that Register and the tests read.
type Route struct {
	Pattern string // of net/http's ServeMux
	Access  Access
	Handle  func(*visit) error
}

// Routes are all pages and actions. Every method but GET changes something and
// needs a CSRF token; serve checks it before Handle is called.
func (s *Server) Routes() []Route {
	return []Route{
		{"GET /{$}", Anyone, s.home},
		{"GET " + view.SignInPath, Anyone, s.showSignIn},
		{"POST " + view.SignInPath, Anyone, s.signIn},
		{"GET " + view.SignUpPath, Anyone, s.showSignUp},
		{"POST " + view.SignUpPath, Anyone, s.signUp},
		{"POST /sign-out", Member, s.signOut},
		{"POST /theme", Anyone, s.setTheme},

		{"GET " + view.InboxPath, Member, s.showRoom(inbox)},
		{"GET " + view.TodayPath, Member, s.showRoom(today)},
		{"GET " + view.UpcomingPath, Member, s.showRoom(upcoming)},
		{"GET " + view.CalendarPath, Member, s.showCalendar},
		{"GET " + view.DonePath, Member, s.showRoom(done)},
		{"GET /tags/{tag}", Member, s.showTagRoom},
		{"GET " + view.SettingsPath, Member, s.showSettings},
		{"POST " + view.SettingsPath, Member, s.saveSettings},
		{"POST /settings/quiet", Member, s.saveQuiet},
		{"POST /settings/email", Member, s.saveEmail},
		{"POST /settings/password", Member, s.savePassword},
		{"POST /settings/tokens", Member, s.addToken},
		{"POST /settings/tokens/{id}/revoke", Member, s.revokeToken},
		{"POST /settings/feeds", Member, s.addFeed},
		{"POST /settings/feeds/{id}/revoke", Member, s.revokeFeed},
		{"GET /feeds/{token}", Anyone, s.readFeed},
		{"POST /settings/import", Member, s.importTasks},
		{"POST /settings/delete", Member, s.deleteAccount},
		{"GET /export", Member, s.export},
		{"POST /filters", Member, s.saveFilter},
		{"POST /filters/remove", Member, s.dropFilter},

		{"POST /tasks", Member, s.addTask},
		{"GET " + view.QuickAddPath, Member, s.showUnderstood},
		{"GET " + view.AroundPath, Member, s.showAround},
		{"GET /tasks/{id}", Member, s.showTask},
		{"POST /tasks/{id}", Member, s.saveTask},
		{"GET /tasks/{id}/title", Member, s.showRename},
		{"POST /tasks/{id}/title", Member, s.rename},
		{"POST /tasks/{id}/complete", Member, s.completeTask},
		{"POST /tasks/{id}/reopen", Member, s.reopenTask},
		{"POST /tasks/{id}/delete", Member, s.deleteTask},
		{"POST /tasks/{id}/move", Member, s.moveTask},
		{"POST /tasks/batch", Member, s.batch},
		{"POST /undo", Member, s.undo},
		{"GET /tasks/{id}/history", Member, s.showHistory},
		{"POST /tasks/{id}/subtasks", Member, s.addSubtask},
		{"POST /tasks/{id}/toggle", Member, s.toggleSubtask},
		{"POST /tasks/{id}/reminders", Member, s.addReminder},
		{"GET " + view.RecurringPath, Member, s.showSeries},
		{"POST " + view.RecurringPath, Member, s.addSeries},
		{"GET " + view.NewSeriesPath, Member, s.showNewSeries},
		{"POST " + view.PreviewPath, Member, s.previewRule},
		{"GET /recurring/{id}", Member, s.showOneSeries},
		{"POST /recurring/{id}", Member, s.saveSeries},
		{"POST /recurring/{id}/pause", Member, s.pauseSeries},
		{"POST /recurring/{id}/resume", Member, s.resumeSeries},
		{"POST /recurring/{id}/skip", Member, s.skipOccurrence},
		{"POST /recurring/{id}/cancel", Member, s.cancelSeries},
		{"POST /recurring/{id}/restore", Member, s.restoreSeries},

		{"GET " + view.RemindersPath, Member, s.showReminders},
		{"POST /reminders/{id}/cancel", Member, s.cancelReminder},
		{"POST /reminders/{id}/restore", Member, s.restoreReminder},
		{"POST /reminders/{id}/snooze", Member, s.snoozeReminder},
		{"GET " + view.NoticesPath, Member, s.showNotices},
		{"GET /notifications/toasts", Member, s.noticeToasts},
		{"POST /notifications/read", Member, s.readNotices},
		{"POST /notifications/{id}/read", Member, s.readNoticeAlone},
		{"POST /notifications/{id}/done", Member, s.finishNotice},
		{"POST /push", Member, s.subscribe},
		{"POST /push/{id}/remove", Member, s.unsubscribe},

		{"POST /tag/{id}/rename", Member, s.renameTag},
		{"POST /tag/{id}/delete", Member, s.deleteTag},

		{"GET " + view.ChatPath, Member, s.showChat},
		{"GET /chat/history", Member, s.showChatHistory},
		{"GET /chat/cards", Member, s.showChatCards},
		{"POST /chat/turns", Member, s.say},
		{"GET /chat/turns/{id}/stream", Member, s.streamTurn},
		{"POST /chat/turns/{id}/consent", Member, s.answerQuestion},
		{"POST /chat/turns/{id}/stop", Member, s.stopTurn},
		{"POST /chat/sessions/{id}/forget", Member, s.forgetChat},

		{"GET /stream", Member, s.stream},
		{"GET /sw.js", Anyone, s.serviceWorker},
		{"GET /manifest.webmanifest", Anyone, s.manifest},
		{"GET /offline", Anyone, s.offline},
		{"GET /", Anyone, s.notFound},
	}
}

// Register adds the routes and the assets to mux.
func (s *Server) Register(mux *http.ServeMux) {
	for _, route := range s.Routes() {
		mux.Handle(route.Pattern, s.serve(route))
	}
	mux.Handle("GET "+asset.Prefix, s.Assets)
}
