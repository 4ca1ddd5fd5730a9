// Package idempotency lets a client repeat a mutation safely: the first call's
// result is kept in the transaction of its effect, and a repetition gets it.
package idempotency

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/internal/problem"
)

// Header is the request header with the client's key, and Replayed the one of an
// answer that was given before.
const (
	Header   = "Idempotency-Key"
	Replayed = "Idempotent-Replayed"
)

// MaxKey is the longest key, in bytes.
const MaxKey = 255

type call struct {
	key         string
	fingerprint [sha256.Size]byte
	replayed    bool
}

type contextKey struct{}

// Middleware reads the key of each mutation and remembers what was asked, so that
// a key cannot be used for two different things. maxBody bounds the body in bytes.
func Middleware(maxBody int64, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get(Header)
		if key == "" || r.Method == http.MethodGet || r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		if err := CheckKey(key); err != nil {
			problem.Write(r.Context(), err, w)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			problem.Write(r.Context(), Unreadable(err), w)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		c := &call{key: key, fingerprint: fingerprint(r, body)}
		r = r.WithContext(context.WithValue(r.Context(), contextKey{}, c))
		next.ServeHTTP(&marker{ResponseWriter: w, call: c}, r)
	})
}

// With makes the context's mutation one of the key: what has no request of its own,
// such as a tool's call, repeats safely too. fingerprint is of what is asked.
func With(ctx context.Context, key string, fingerprint [sha256.Size]byte) context.Context {
	return context.WithValue(ctx, contextKey{}, &call{key: key, fingerprint: fingerprint})
}

// CheckKey refuses a key that is too long or has other characters than printable
// ASCII, which is all that a header can carry safely (RFC 9110 §5.5).
func CheckKey(key string) error {
	switch {
	case len(key) > MaxKey:
		return fault.Invalidf(Header, "is longer than %d bytes", MaxKey)
	case strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }):
		return fault.Invalidf(Header, "has a character that is not printable ASCII")
	}
	return nil
}

func fingerprint(r *http.Request, body []byte) [sha256.Size]byte {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s %s\n%s\n%s\n", r.Method, r.URL.RequestURI(), r.Header.Get("If-Match"), r.Header.Get("Content-Type"))
	_, _ = h.Write(body)
	return [sha256.Size]byte(h.Sum(nil))
}

// Unreadable is the fault of a body that could not be read.
func Unreadable(err error) error {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault.New(fault.TooLarge, "The body is larger than %d bytes.", tooLarge.Limit)
	}
	return fault.New(fault.Invalid, "The body could not be read.").Because("", err)
}

// marker says in the answer that it was given before.
type marker struct {
	http.ResponseWriter

	call *call
}

// WriteHeader implements http.ResponseWriter.
func (m *marker) WriteHeader(status int) {
	if m.call.replayed {
		m.Header().Set(Replayed, "true")
	}
	m.ResponseWriter.WriteHeader(status)
}

// Unwrap serves http.ResponseController.
func (m *marker) Unwrap() http.ResponseWriter { return m.ResponseWriter }

// Once runs do in the transaction unless the call's key was used before by the same
// user: then it returns the first result and nothing happens. Without a key it just
// runs do. A twin that comes at the same time waits for the first one's commit.
func Once[T any](ctx context.Context, tx pgx.Tx, userID uuid.UUID, do func() (T, error)) (T, error) {
	var result T
	c, ok := ctx.Value(contextKey{}).(*call)
	if !ok {
		return do()
	}
	tag, err := tx.Exec(ctx, `
		INSERT INTO idempotency_keys (user_id, key, fingerprint, result) VALUES ($1, $2, $3, 'null')
		ON CONFLICT DO NOTHING`, userID, c.key, c.fingerprint[:])
	if err != nil {
		return result, fmt.Errorf("claiming the idempotency key: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return replay[T](ctx, tx, userID, c)
	}
	if result, err = do(); err != nil {
		return result, err
	}
	kept, err := json.Marshal(result)
	if err != nil {
		return result, fmt.Errorf("encoding the result to keep: %w", err)
	}
	if _, err = tx.Exec(ctx, `UPDATE idempotency_keys SET result = $3 WHERE user_id = $1 AND key = $2`, userID, c.key, kept); err != nil {
		return result, fmt.Errorf("keeping the result: %w", err)
	}
	return result, nil
}

func replay[T any](ctx context.Context, tx pgx.Tx, userID uuid.UUID, c *call) (T, error) {
	var result T
	var used, kept []byte
	if err := tx.QueryRow(ctx, `SELECT fingerprint, result FROM idempotency_keys WHERE user_id = $1 AND key = $2`,
		userID, c.key).Scan(&used, &kept); err != nil {
		return result, fmt.Errorf("reading the kept result: %w", err)
	}
	if !bytes.Equal(used, c.fingerprint[:]) {
		return result, fault.New(fault.Unprocessable, "This idempotency key was used for a different request. Use a new one.").
			Because("idempotency_key_reused", nil)
	}
	if err := json.Unmarshal(kept, &result); err != nil {
		return result, fmt.Errorf("decoding the kept result: %w", err)
	}
	c.replayed = true
	return result, nil
}
