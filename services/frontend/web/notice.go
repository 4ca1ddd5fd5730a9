package web

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/frontend/apiclient"
	"github.com/rondohq/rondo/services/frontend/view"
)

// maxNotices is how many toasts come up at once.
const maxNotices = 3

// showNotices is the room of notifications.
func (s *Server) showNotices(v *visit) error {
	list, err := v.noticeList(v.r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	p := v.shell(view.NoticesPath, s.text.Rooms.Notifications)
	if v.byScript() && v.target() == "more" {
		return v.part(http.StatusOK, view.NoticeItems(p, list))
	}
	return v.showRoomPart(&p, view.NoticesMain(p, list), view.NoticeRows(p, list), list.Error)
}

func (v *visit) noticeList(cursor string) (view.NoticeList, error) {
	list := view.NoticeList{URL: view.NoticesPath}
	page, err := v.api.Notifications(v.r.Context(), false, pageSize, cursor)
	switch {
	case err != nil && fault.CodeOf(err) == fault.Unavailable:
		list.Error = true
		return list, nil
	case err != nil:
		return list, err //nolint:wrapcheck // a fault of the api
	}
	list.Unread = page.UnreadCount > 0
	if len(page.Items) > 0 {
		list.Until = page.Items[0].CreatedAt.Format(time.RFC3339Nano)
	}
	for _, n := range page.Items {
		list.Notices = append(list.Notices, v.notice(n))
	}
	if page.NextCursor != "" {
		list.More = view.NoticesPath + "?" + url.Values{"cursor": {page.NextCursor}}.Encode()
	}
	return list, nil
}

func (v *visit) notice(n apiclient.Notification) view.Notice {
	return view.Notice{
		ID: n.ID, TaskID: n.TaskID, ReminderID: n.ReminderID, Title: n.Title, Body: n.Body, Unread: n.ReadAt == nil,
		Missed: n.Kind == "missed", When: v.locale.Moment(v.now, n.CreatedAt), Machine: n.CreatedAt.UTC().Format(time.RFC3339),
	}
}

// noticeToasts are the toasts of what came up since an instant, for a page that has
// just been told that something did. Quiet ones only count.
func (s *Server) noticeToasts(v *visit) error {
	since, err := time.Parse(time.RFC3339Nano, v.r.URL.Query().Get("since"))
	if err != nil {
		since = v.now.Add(-time.Minute)
	}
	page, err := v.api.Notifications(v.r.Context(), true, maxNotices, "")
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	p := v.page("")
	p.Path, p.Back = local(v.r.Header.Get("Hx-Current-Url")), view.InboxPath
	var parts []templ.Component
	for _, n := range slices.Backward(page.Items) {
		if !n.Quiet && n.CreatedAt.After(since) {
			parts = append(parts, view.NoticeToast(p, v.notice(n)))
		}
	}
	parts = append(parts, view.Badges(page.UnreadCount, s.text))
	return v.part(http.StatusOK, parts...)
}

// readNotices marks all as read that the page shows.
func (s *Server) readNotices(v *visit) error {
	until, err := time.Parse(time.RFC3339Nano, v.r.PostForm.Get("until"))
	if err != nil {
		until = v.now
	}
	if err := v.api.ReadNotifications(v.r.Context(), until); err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	if !v.byScript() {
		return v.redirect(view.NoticesPath)
	}
	return v.answerRoom(view.Toast{Message: s.text.Toasts.AllRead})
}

// finishNotice completes the task of a notification.
func (s *Server) finishNotice(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	notification, err := v.api.ReadNotification(v.r.Context(), id)
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	before, err := v.api.Task(v.r.Context(), notification.TaskID)
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	task, err := v.api.CompleteTask(v.r.Context(), notification.TaskID)
	if err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	return v.changed(changedOne(didComplete, task, before.Status))
}

// readNoticeAlone marks one as read, when its toast is dismissed or its task opened.
func (s *Server) readNoticeAlone(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	v.r.PostForm.Set("notice", id.String())
	if err := v.readNotice(); err != nil {
		return err
	}
	if !v.byScript() {
		return v.redirect(v.back())
	}
	return v.part(http.StatusOK, view.Badges(v.unread(), s.text))
}

// unread is how many notifications nobody has seen; 0 when that cannot be had.
func (v *visit) unread() int {
	page, err := v.api.Notifications(v.r.Context(), true, 1, "")
	if err != nil {
		return 0
	}
	return page.UnreadCount
}

// subscribe lets this browser get pushes.
func (s *Server) subscribe(v *visit) error {
	var in apiclient.PushSubscription
	in.Endpoint = v.r.PostForm.Get("endpoint")
	in.Keys.P256dh, in.Keys.Auth = v.r.PostForm.Get("p256dh"), v.r.PostForm.Get("auth")
	if err := v.api.Subscribe(v.r.Context(), in); err != nil {
		return saidOf(err)
	}
	return v.redirect(with(view.SettingsPath, "did", didSettings))
}

func (s *Server) unsubscribe(v *visit) error {
	id, err := uuid.Parse(v.r.PathValue("id"))
	if err != nil {
		return fault.New(fault.NotFound, "There is no such browser.")
	}
	if err := v.api.Unsubscribe(v.r.Context(), id); err != nil {
		return err //nolint:wrapcheck // a fault of the api
	}
	return v.redirect(with(view.SettingsPath, "did", didSettings))
}
