// Package session knows who is signed in to the web application, and whether a
// form was really sent from its pages.
//
// A session is a record in the Dapr state store. The cookie carries the user's id
// and a secret of 256 bits; the session's id is derived from the secret, and so is
// the key that seals the record. Who reads the store can neither forge a cookie
// nor read a bearer token.
package session

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/services/frontend/apiclient"
)

const (
	// Lifetime is how long a session lives after it was last used.
	Lifetime = 24 * time.Hour
	// refreshAfter is how old a record gets before using it renews it: often
	// enough for a sliding lifetime, and far from a write per request.
	refreshAfter = 5 * time.Minute

	secretSize = 32
)

// ErrNone says that there is no such session: never was, signed out, or too old.
var ErrNone = errors.New("not signed in")

// Store is the part of the Dapr state store that sessions need. Load gives nil
// where there is nothing.
type Store interface {
	SaveState(ctx context.Context, key string, value []byte, ttl time.Duration) error
	LoadState(ctx context.Context, key string) ([]byte, error)
	DeleteState(ctx context.Context, key string) error
}

// Session is one browser's signed-in state.
type Session struct {
	ID    string         `json:"-"` // hex; safe to log
	Token string         `json:"token"`
	CSRF  []byte         `json:"csrf"`
	User  apiclient.User `json:"user"`
	// SavedAt is when the record was last written.
	SavedAt time.Time `json:"saved_at"`

	secret []byte
}

// Stale says that the session should be renewed.
func (s *Session) Stale(now time.Time) bool { return now.Sub(s.SavedAt) > refreshAfter }

// Cookie is the value that the browser keeps.
func (s *Session) Cookie() string {
	return s.User.ID.String() + "." + base64.RawURLEncoding.EncodeToString(s.secret)
}

// Sessions keeps them in a store.
type Sessions struct {
	store Store
	now   func() time.Time
}

// New keeps sessions in store. now is time.Now, except in tests.
func New(store Store, now func() time.Time) *Sessions { return &Sessions{store: store, now: now} }

// Start makes a session for somebody who has just proved who they are.
func (s *Sessions) Start(ctx context.Context, token string, user apiclient.User) (*Session, error) {
	started := &Session{Token: token, User: user, CSRF: random(), secret: random()}
	id, _, err := derive(started.secret)
	if err != nil {
		return nil, err
	}
	started.ID = id
	return started, s.Save(ctx, started)
}

// Save writes the record and begins its lifetime anew.
func (s *Sessions) Save(ctx context.Context, session *Session) error {
	session.SavedAt = s.now().UTC()
	plain, err := json.Marshal(session)
	if err != nil {
		return fmt.Errorf("encoding a session: %w", err)
	}
	key := stateKey(session.User.ID, session.ID)
	seal, err := sealer(session.secret)
	if err != nil {
		return err
	}
	nonce := make([]byte, seal.NonceSize())
	_, _ = rand.Read(nonce) // never fails (crypto/rand)
	record, err := json.Marshal(sealed{Sealed: seal.Seal(nonce, nonce, plain, []byte(key))})
	if err != nil {
		return fmt.Errorf("encoding a session: %w", err)
	}
	if err := s.store.SaveState(ctx, key, record, Lifetime); err != nil {
		return fmt.Errorf("saving a session: %w", err)
	}
	return nil
}

// Load finds the session of a cookie's value. It returns ErrNone, or the store's failure.
func (s *Sessions) Load(ctx context.Context, cookie string) (*Session, error) {
	userPart, secretPart, _ := strings.Cut(cookie, ".")
	userID, err := uuid.Parse(userPart)
	if err != nil || userID.String() != userPart {
		return nil, ErrNone
	}
	secret, err := base64.RawURLEncoding.DecodeString(secretPart)
	if err != nil || len(secret) != secretSize {
		return nil, ErrNone
	}
	id, seal, err := derive(secret)
	if err != nil {
		return nil, err
	}
	key := stateKey(userID, id)
	record, err := s.store.LoadState(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("loading a session: %w", err)
	}
	if record == nil {
		return nil, ErrNone
	}
	found, err := open(seal, record, key)
	if err != nil || found.User.ID != userID {
		return nil, ErrNone // not what this service wrote for this cookie
	}
	found.ID, found.secret = id, secret
	return found, nil
}

// End forgets the session.
func (s *Sessions) End(ctx context.Context, session *Session) error {
	if err := s.store.DeleteState(ctx, stateKey(session.User.ID, session.ID)); err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}

// sealed is the record as the store sees it: nonce and AES-256-GCM ciphertext.
type sealed struct {
	Sealed []byte `json:"sealed"`
}

func open(seal cipher.AEAD, record []byte, key string) (*Session, error) {
	var box sealed
	if err := json.Unmarshal(record, &box); err != nil {
		return nil, fmt.Errorf("decoding a session: %w", err)
	}
	if len(box.Sealed) < seal.NonceSize() {
		return nil, errors.New("a session's record is too short")
	}
	plain, err := seal.Open(nil, box.Sealed[:seal.NonceSize()], box.Sealed[seal.NonceSize():], []byte(key))
	if err != nil {
		return nil, fmt.Errorf("opening a session: %w", err)
	}
	var session Session
	if err := json.Unmarshal(plain, &session); err != nil {
		return nil, fmt.Errorf("decoding a session: %w", err)
	}
	return &session, nil
}

// stateKey is the plan's key of a session.
func stateKey(userID uuid.UUID, id string) string {
	return "session:" + userID.String() + ":" + id
}

// derive gives the session's id, from which the secret cannot be found, and the
// cipher of its record.
func derive(secret []byte) (string, cipher.AEAD, error) {
	id := sha256.Sum256(secret)
	seal, err := sealer(secret)
	return hex.EncodeToString(id[:]), seal, err
}

func sealer(secret []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "rondo session record", 32)
	if err != nil {
		return nil, fmt.Errorf("deriving a session's key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("deriving a session's key: %w", err)
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("deriving a session's key: %w", err)
	}
	return seal, nil
}

func random() []byte {
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret) // never fails (crypto/rand)
	return secret
}
