package session

import (
	"encoding/base64"
	"net/http"
	"time"
)

// Cookies reads and writes the cookies of the web application. Behind TLS they
// are Secure and carry the __Host- prefix, so that no other host can set them.
type Cookies struct {
	secure bool
}

// NewCookies makes them for a public URL that is reached over TLS or not.
func NewCookies(secure bool) Cookies { return Cookies{secure: secure} }

// Names without the prefix.
const (
	sessionCookie = "rondo_session"
	visitCookie   = "rondo_visit"
	themeCookie   = "rondo_theme"
)

func (c Cookies) name(plain string) string {
	if c.secure {
		return "__Host-" + plain
	}
	return plain
}

func (c Cookies) set(w http.ResponseWriter, name, value string, maxAge time.Duration) {
	age := int(maxAge.Seconds())
	if maxAge < 0 {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // G124: over plain HTTP on loopback a Secure cookie would not come back
		Name: c.name(name), Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode,
	})
}

func (c Cookies) get(r *http.Request, name string) string {
	cookie, err := r.Cookie(c.name(name))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// SetSession lets the browser keep the session, as long as the store does.
func (c Cookies) SetSession(w http.ResponseWriter, s *Session) {
	c.set(w, sessionCookie, s.Cookie(), Lifetime)
}

// Session is the session cookie's value, or "".
func (c Cookies) Session(r *http.Request) string { return c.get(r, sessionCookie) }

// ClearSession makes the browser forget.
func (c Cookies) ClearSession(w http.ResponseWriter) { c.set(w, sessionCookie, "", -time.Second) }

// Visit is the secret of a browser that is not signed in, made when there is
// none: it protects the forms for signing in and up.
func (c Cookies) Visit(w http.ResponseWriter, r *http.Request) []byte {
	if secret := c.VisitSecret(r); secret != nil {
		return secret
	}
	secret := random()
	c.set(w, visitCookie, base64.RawURLEncoding.EncodeToString(secret), Lifetime)
	return secret
}

// VisitSecret is that secret, or nil.
func (c Cookies) VisitSecret(r *http.Request) []byte {
	secret, err := base64.RawURLEncoding.DecodeString(c.get(r, visitCookie))
	if err != nil || len(secret) != secretSize {
		return nil
	}
	return secret
}

// Theme is "light", "dark" or "" for the system's.
func (c Cookies) Theme(r *http.Request) string {
	if theme := c.get(r, themeCookie); theme == "light" || theme == "dark" {
		return theme
	}
	return ""
}

// SetTheme keeps the choice for a year.
func (c Cookies) SetTheme(w http.ResponseWriter, theme string) {
	const year = 365 * 24 * time.Hour
	c.set(w, themeCookie, theme, year)
}
