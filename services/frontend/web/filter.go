package web

import (
	"net/url"
	"slices"
	"strings"

	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/view"
)

// maxFilterName is how long the name of a list may be, in characters.
const maxFilterName = 50

// saveFilter gives the list that is shown a name, or another one.
func (s *Server) saveFilter(v *visit) error {
	name, path := strings.TrimSpace(v.r.PostForm.Get("name")), listPath(v.back())
	if name == "" {
		name = v.r.PostForm.Get("steps") // undone
	}
	if name == "" || tooLong(name, maxFilterName) {
		return v.redirect(with(path, "problem", "filter"))
	}
	filters := slices.DeleteFunc(slices.Clone(v.session.User.SavedFilters), func(f apiclient.SavedFilter) bool { return f.Path == path })
	return v.keepFilters(append(filters, apiclient.SavedFilter{Name: name, Path: path}), path)
}

// dropFilter takes the name away.
func (s *Server) dropFilter(v *visit) error {
	path, name := listPath(v.back()), ""
	kept := slices.DeleteFunc(slices.Clone(v.session.User.SavedFilters), func(f apiclient.SavedFilter) bool {
		if f.Path == path {
			name = f.Name
		}
		return f.Path == path
	})
	if name == "" {
		return v.redirect(path) // somebody was quicker
	}
	return v.keepFilters(kept, with(with(path, "did", didForget), "list", name))
}

func (v *visit) keepFilters(filters []apiclient.SavedFilter, back string) error {
	user, err := v.api.SaveSettings(v.r.Context(), apiclient.Change{"saved_filters": append([]apiclient.SavedFilter{}, filters...)})
	if err != nil {
		return saidOf(err)
	}
	v.remember(user)
	return v.redirect(back)
}

// listPath is a list's path as it is compared: its filter in one order, nothing besides.
func listPath(address string) string {
	r, f := roomOf(address)
	return r.url(f)
}

// savedFilters are the lists that have a name, for the navigation.
func (v *visit) savedFilters() []view.SavedFilter {
	var filters []view.SavedFilter
	for _, f := range v.session.User.SavedFilters {
		if parsed, err := url.Parse(f.Path); err == nil && local(parsed.RequestURI()) == parsed.RequestURI() {
			filters = append(filters, view.SavedFilter{Name: f.Name, Path: f.Path})
		}
	}
	return filters
}
