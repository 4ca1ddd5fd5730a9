package web

import (
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"github.com/rondohq/rondo/services/frontend/view"
)

// shell is the page of a room that is no list of tasks.
func (v *visit) shell(path, title string) view.Page {
	p := v.page(title)
	p.Path, p.Back = path, path
	return p
}

// showMain shows a main part: in its place, or as a whole page.
func (v *visit) showMain(status int, p *view.Page, content templ.Component) error {
	if _, err := v.sidebar(p); err != nil {
		return err
	}
	if v.byScript() && v.target() == view.MainID {
		return v.part(status, content, view.Navigated(*p))
	}
	p.Toast = v.toastAfterRedirect()
	return v.show(status, within(view.App(*p), content))
}

// showRoomPart shows a room: only its list where that is asked for.
func (v *visit) showRoomPart(p *view.Page, content, list templ.Component, failed bool) error {
	status := http.StatusOK
	if failed {
		status = http.StatusServiceUnavailable
	}
	if v.byScript() && v.target() == view.ListID {
		if _, err := v.sidebar(p); err != nil {
			return err
		}
		return v.part(status, list, view.Around(*p))
	}
	return v.showMain(status, p, content)
}

// answerRoom answers a change with what the page shows now, and a toast.
func (v *visit) answerRoom(toast view.Toast, more ...templ.Component) error {
	p, content, err := v.shown()
	if err != nil {
		return err
	}
	v.w.Header().Set("Hx-Trigger", "rondo:close")
	return v.part(http.StatusOK, append([]templ.Component{content, view.Around(p), view.ToastAside(p, toast)}, more...)...)
}

// showAround is what surrounds the main part, for a page whose main part is to stay.
func (s *Server) showAround(v *visit) error {
	p := v.page("")
	if at, err := url.Parse(v.r.Header.Get("Hx-Current-Url")); err == nil {
		p.Path, p.Back = at.EscapedPath(), at.RequestURI()
	}
	if _, err := v.sidebar(&p); err != nil {
		return err
	}
	return v.part(http.StatusOK, view.Around(p))
}
