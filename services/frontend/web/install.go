package web

import (
	"encoding/json"
	"net/http"

	"github.com/rondohq/rondo/services/frontend/asset"
	"github.com/rondohq/rondo/services/frontend/view"
)

// serviceWorker is asked for again by browsers whenever they like; it says by its
// content whether there is anything new.
func (s *Server) serviceWorker(v *visit) error {
	script, err := s.Assets.ServiceWorker()
	if err != nil {
		return err //nolint:wrapcheck // says all
	}
	return v.file("text/javascript; charset=utf-8", script)
}

// manifest lets the application be installed (W3C Web Application Manifest).
func (s *Server) manifest(v *visit) error {
	icon := func(purpose string) map[string]string {
		return map[string]string{"src": s.Assets.Path(asset.AppIcon), "sizes": "any", "type": "image/svg+xml", "purpose": purpose}
	}
	manifest, err := json.Marshal(map[string]any{
		"id": "/", "name": s.text.Name, "short_name": s.text.Name, "description": s.text.Account.SignUpLead, "lang": s.text.Language,
		"start_url": view.TodayPath, "scope": "/", "display": "standalone", "background_color": "#faf9f7", "theme_color": "#0f6f66",
		"icons": []any{icon("any"), icon("maskable")},
		"shortcuts": []any{
			map[string]string{"name": s.text.Rooms.Today, "url": view.TodayPath},
			map[string]string{"name": s.text.Rooms.Upcoming, "url": view.UpcomingPath},
		},
	})
	if err != nil {
		return err //nolint:wrapcheck // strings can always be encoded
	}
	return v.file("application/manifest+json", manifest)
}

// offline is what the service worker shows of a page that it has no copy of.
func (s *Server) offline(v *visit) error {
	t := s.text.Offline
	return v.show(http.StatusOK, view.MessagePage(v.page(t.Title), view.Message{
		Title: t.Title, Hint: t.Hint, ActionLabel: s.text.Retry, ActionURL: "/", Art: "away",
	}))
}

// file answers with something else than a page.
func (v *visit) file(contentType string, content []byte) error {
	v.w.Header().Set("Content-Type", contentType)
	_, err := v.w.Write(content)
	if err != nil && v.r.Context().Err() == nil {
		v.server.Log.WarnContext(v.r.Context(), "a file was cut short", "error", err)
	}
	return nil
}
