package web

import (
	"io"
	"net/http"
	"strings"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/view"
)

// addFeed makes a private calendar and shows its address, this once.
func (s *Server) addFeed(v *visit) error {
	form := v.settingsForm()
	form.Part = partFeeds
	form.FeedName, form.FeedShow = strings.TrimSpace(v.r.PostForm.Get("name")), v.r.PostForm.Get("show")
	if form.FeedName == "" {
		form.Errors["feed_name"] = s.text.Fields.Required
		return v.settings(http.StatusBadRequest, form)
	}
	show := "events"
	if form.FeedShow == "tasks" {
		show = "tasks"
	}
	feed, err := v.api.CreateFeed(v.r.Context(), form.FeedName, show)
	if err != nil && refusedInput(err) {
		form.Problem = asFault(saidOf(err)).Message
		return v.settings(statusOf(err), form)
	}
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	form.FeedAddress, form.FeedName = s.PublicURL.JoinPath(feed.Path).String(), ""
	return v.settings(http.StatusOK, form)
}

func (s *Server) revokeFeed(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	if err := v.api.RevokeFeed(v.r.Context(), id); err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	return v.redirect(with(view.SettingsPath, "did", didSettings))
}

// readFeed passes a calendar on, so that its address is that of the application.
func (s *Server) readFeed(v *visit) error {
	res, err := s.API.Visitor(v.r.RemoteAddr).ReadFeed(v.r.Context(), v.r.PathValue("token"), v.r.Header.Get("If-None-Match"))
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	defer func() { _ = res.Body.Close() }() // reading is over
	switch {
	case res.StatusCode == http.StatusNotFound:
		return fault.New(fault.NotFound, "There is no such calendar.")
	case res.StatusCode >= http.StatusBadRequest:
		return fault.New(fault.Unavailable, "%s", s.text.Toasts.Offline)
	}
	for _, name := range []string{"Content-Type", "ETag", "Cache-Control"} {
		if value := res.Header.Get(name); value != "" {
			v.w.Header().Set(name, value)
		}
	}
	v.w.WriteHeader(res.StatusCode)
	if _, err := io.Copy(v.w, res.Body); err != nil && v.r.Context().Err() == nil {
		s.Log.WarnContext(v.r.Context(), "a calendar was cut short", "error", err)
		panic(http.ErrAbortHandler) // the program must not take it for the whole calendar
	}
	return nil
}
