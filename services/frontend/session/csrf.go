package session

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
)

// CSRFToken is a secret in the form in which a page carries it. Each is
// different, since a constant secret in a compressed page that also repeats what
// was searched for could be guessed byte by byte (the BREACH attack).
func CSRFToken(secret []byte) string {
	token := make([]byte, 2*len(secret))
	_, _ = rand.Read(token[:len(secret)]) // the mask; never fails (crypto/rand)
	subtle.XORBytes(token[len(secret):], secret, token[:len(secret)])
	return base64.RawURLEncoding.EncodeToString(token)
}

// CSRFMatches says whether token is one that CSRFToken made of the secret.
func CSRFMatches(secret []byte, token string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(secret) == 0 || len(raw) != 2*len(secret) {
		return false
	}
	unmasked := make([]byte, len(secret))
	subtle.XORBytes(unmasked, raw[:len(secret)], raw[len(secret):])
	return subtle.ConstantTimeCompare(unmasked, secret) == 1
}
