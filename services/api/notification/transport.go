package notification

import (
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/services/internal/rest"
)

// Register mounts the routes. Authentication is the mux's business.
func Register(mux rest.Router, e Endpoints) {
	mux.Handle("GET /api/notifications", rest.Handler(e.List, decodeQuery, encodePage))
	mux.Handle("POST /api/notifications/read", rest.Handler(e.ReadAll, decodeUntil, encodeCount))
	mux.Handle("POST /api/notifications/{id}/read", rest.Handler(e.Read, rest.PathID, encodeNotification))
	mux.Handle("GET /api/notifications/channels", rest.Handler(e.Channels, decodeNothing, encodeItems[Channel]))
	mux.Handle("GET /api/notifications/subscriptions", rest.Handler(e.Subscriptions, decodeNothing, encodeItems[Subscription]))
	mux.Handle("POST /api/notifications/subscriptions", rest.Handler(e.Subscribe, decodeSubscription, encodeSubscription))
	mux.Handle("DELETE /api/notifications/subscriptions/{id}", rest.Handler(e.Unsubscribe, rest.PathID, encodeNothing))
}

func decodeNothing(*http.Request) (nothing, error) { return nothing{}, nil }

func decodeQuery(r *http.Request) (Query, error) {
	var p rest.Parser
	values, err := p.Query(r, "unread", "limit", "cursor")
	if err != nil {
		return Query{}, err
	}
	q := Query{Limit: values.Limit(DefaultLimit, MaxLimit)}
	if unread := rest.Optional(&p, "unread", values.One("unread"), strconv.ParseBool); unread != nil {
		q.Unread = *unread
	}
	if cursor := values.One("cursor"); cursor != nil && *cursor != "" {
		after, err := rest.DecodeCursor[Cursor](*cursor)
		if err == nil && after.ID == uuid.Nil {
			err = rest.BadCursor(nil)
		}
		p.Merge(err)
		q.After = &after
	}
	return q, p.Err()
}

// decodeUntil takes no body for "all there are".
func decodeUntil(r *http.Request) (*time.Time, error) {
	if r.ContentLength == 0 {
		return nil, nil //nolint:nilnil // absence is a value here
	}
	body, err := rest.Decode[struct {
		Until *string `json:"until"`
	}](r)
	if err != nil {
		return nil, err
	}
	var p rest.Parser
	until := rest.Optional(&p, "until", body.Until, rest.ParseTime)
	return until, p.Err()
}

// decodeSubscription reads what PushSubscription.toJSON makes.
func decodeSubscription(r *http.Request) (NewSubscription, error) {
	body, err := rest.Decode[struct {
		Endpoint       string   `json:"endpoint"`
		ExpirationTime *float64 `json:"expirationTime"` // an endpoint that is gone says so
		Keys           struct {
			P256DH string `json:"p256dh"`
			Auth   string `json:"auth"`
		} `json:"keys"`
	}](r)
	return NewSubscription{Endpoint: body.Endpoint, P256DH: body.Keys.P256DH, Auth: body.Keys.Auth}, err
}

func encodePage(w http.ResponseWriter, p Page) error {
	body := struct {
		Items  []Notification `json:"items"`
		Next   *string        `json:"next_cursor"`
		Unread int            `json:"unread_count"`
	}{Items: p.Items, Unread: p.Unread}
	if p.Next != nil {
		next := rest.EncodeCursor(p.Next)
		body.Next = &next
	}
	return rest.JSON(w, http.StatusOK, body)
}

func encodeNotification(w http.ResponseWriter, n Notification) error {
	return rest.JSON(w, http.StatusOK, n)
}

func encodeCount(w http.ResponseWriter, n int) error {
	return rest.JSON(w, http.StatusOK, map[string]int{"read": n})
}

func encodeItems[T any](w http.ResponseWriter, items []T) error {
	return rest.JSON(w, http.StatusOK, map[string][]T{"items": items})
}

func encodeSubscription(w http.ResponseWriter, s Subscription) error {
	return rest.JSON(w, http.StatusCreated, s)
}

func encodeNothing(w http.ResponseWriter, _ nothing) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}
