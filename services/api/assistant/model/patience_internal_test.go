package model

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An endpoint that is slow or busy is alive as long as it lists its models.
func TestTheSlowAreWaitedForAndTheDeadAreNot(t *testing.T) {
	t.Parallel()
	const askTime = 200 * time.Millisecond
	for name, test := range map[string]struct {
		headerTime, stallTime time.Duration
		heard                 bool
		models, completions   func(w http.ResponseWriter, asked <-chan struct{}, gone <-chan struct{})
		err                   error
		body                  string
	}{
		"slow": {
			headerTime: time.Minute, stallTime: time.Minute,
			completions: func(w http.ResponseWriter, asked, _ <-chan struct{}) {
				<-asked // it has been asked for its models, and is still not given up
				_, _ = fmt.Fprint(w, "data: Hello\n\ndata: [DONE]\n\n")
			},
			body: "data: Hello\n\ndata: [DONE]\n\n",
		},
		"sends signs of life": {
			headerTime: time.Minute, stallTime: time.Minute,
			completions: func(w http.ResponseWriter, _, _ <-chan struct{}) {
				_, _ = fmt.Fprint(w, ": working\n\ndata: Hel\n: still\ndata: lo\n\n: still\r\n\r\n\ndata: [DONE]\n\n")
			},
			body: "data: Hel\ndata: lo\n\ndata: [DONE]\n\n",
		},
		"too slow": {
			headerTime: 50 * time.Millisecond, stallTime: time.Minute,
			completions: func(_ http.ResponseWriter, _, gone <-chan struct{}) { <-gone },
			err:         errSlow,
		},
		"behind a gateway that finds it dead": {
			headerTime: time.Minute, stallTime: time.Minute,
			models:      func(w http.ResponseWriter, _, _ <-chan struct{}) { w.WriteHeader(http.StatusBadGateway) },
			completions: func(_ http.ResponseWriter, _, gone <-chan struct{}) { <-gone },
			err:         errDead,
		},
		"silent": {
			headerTime: time.Minute, stallTime: time.Minute,
			models:      func(_ http.ResponseWriter, _, gone <-chan struct{}) { <-gone },
			completions: func(_ http.ResponseWriter, _, gone <-chan struct{}) { <-gone },
			err:         errDead,
		},
		"stalled": {
			headerTime: time.Minute, stallTime: 200 * time.Millisecond,
			completions: func(w http.ResponseWriter, _, gone <-chan struct{}) {
				_, _ = fmt.Fprint(w, "data: Hel")
				_ = http.NewResponseController(w).Flush()
				<-gone
			},
			body: "data: Hel", err: errStalled,
		},
		"closed in good order, but too early": {
			headerTime: time.Minute, stallTime: time.Minute,
			completions: func(w http.ResponseWriter, _, _ <-chan struct{}) { _, _ = fmt.Fprint(w, "data: Hel\n\n") },
			body:        "data: Hel\n\n", err: io.ErrUnexpectedEOF,
		},
		"answers while it is asked, to which it says nothing": {
			headerTime: time.Minute, stallTime: time.Minute,
			models: func(_ http.ResponseWriter, _, gone <-chan struct{}) { <-gone },
			completions: func(w http.ResponseWriter, asked, _ <-chan struct{}) {
				<-asked
				_, _ = fmt.Fprint(w, "data: Hello\n\n")
				_ = http.NewResponseController(w).Flush()
				<-time.After(2 * askTime) // it is no longer asked
				_, _ = fmt.Fprint(w, "data: [DONE]\n\n")
			},
			body: "data: Hello\n\ndata: [DONE]\n\n",
		},
		"has answered in this turn": {
			headerTime: time.Minute, stallTime: time.Minute, heard: true,
			models: func(w http.ResponseWriter, _, _ <-chan struct{}) { w.WriteHeader(http.StatusBadGateway) },
			completions: func(w http.ResponseWriter, asked, _ <-chan struct{}) {
				select {
				case <-asked:
				case <-time.After(askTime):
					_, _ = fmt.Fprint(w, "data: [DONE]\n\n")
				}
			},
			body: "data: [DONE]\n\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked, over := make(chan struct{}, 1), make(chan struct{})
			mux := http.NewServeMux()
			mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
				asked <- struct{}{}
				if test.models != nil {
					test.models(w, nil, over)
				}
			})
			mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				test.completions(w, asked, over)
			})
			srv := httptest.NewServer(mux)
			t.Cleanup(srv.Close)
			t.Cleanup(func() { close(over) })
			p := newPatience()
			p.askAfter, p.askTime, p.headerTime, p.stallTime = 10*time.Millisecond, askTime, test.headerTime, test.stallTime

			ctx := inTurn(t.Context())
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL+"/v1/chat/completions", http.NoBody)
			require.NoError(t, err)
			turnOf(req).heard.Store(test.heard)
			resp, err := p.RoundTrip(req)
			var body []byte
			if err == nil {
				defer resp.Body.Close()
				body, err = io.ReadAll(resp.Body)
			}
			require.ErrorIs(t, err, test.err)
			require.Equal(t, test.body, string(body))
		})
	}
}
