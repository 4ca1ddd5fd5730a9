package web

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/view"
)

// renameTag returns to the room of the tag under its new name. What is wrong with
// the name is said in the room's menu.
func (s *Server) renameTag(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	name := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(v.r.PostForm.Get("name")), "#"))
	if name == "" || utf8.RuneCountInString(name) > maxTag || strings.Contains(name, ",") {
		return v.redirect(with(v.back(), "problem", "name"))
	}
	tag, err := v.api.RenameTag(v.r.Context(), id, name)
	switch {
	case fault.CodeOf(err) == fault.Conflict:
		return v.redirect(with(v.back(), "problem", "taken"))
	case err != nil && refusedInput(err):
		return v.redirect(with(v.back(), "problem", "name"))
	case err != nil:
		return err //nolint:wrapcheck // a fault of the api
	}
	return v.redirect(with(view.TagPath(tag.Name), "did", didRenameTag))
}

func (s *Server) deleteTag(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	if err := v.api.DeleteTag(v.r.Context(), id); err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	return v.redirect(with(view.InboxPath, "did", didDeleteTag))
}

// tagProblem is what the menu of a tag's room says after a rename that failed.
func tagProblem(v *visit) string {
	switch v.r.URL.Query().Get("problem") {
	case "name":
		return v.server.text.Fields.TagLong
	case "taken":
		return v.server.text.Errors.TagTaken
	}
	return ""
}

// with sets one value of a path's query.
func with(path, name, value string) string {
	target, err := url.Parse(path)
	if err != nil {
		return view.InboxPath
	}
	q := target.Query()
	q.Set(name, value)
	target.RawQuery = q.Encode()
	return target.RequestURI()
}
