package laptop

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/postgresserver"
)

// Credentials are generated once per data directory and kept.
type Credentials struct {
	// Superuser is the password of the PostgreSQL server's superuser.
	Superuser string                   `json:"superuser"`
	Roles     postgresserver.Passwords `json:"roles"`
	// AppTokens, by service, are shown by a sidecar to its service.
	AppTokens map[string]string `json:"app_tokens"`
	// APITokens, by service, are shown by a service to its sidecar.
	APITokens map[string]string `json:"api_tokens"`
	// WebPush is the application server's key; browsers subscribe to it, so that a new
	// one would cost them their subscriptions.
	WebPush string `json:"web_push"`
}

// LoadCredentials reads the file and adds to it whatever a newer topology needs.
func LoadCredentials(path string) (*Credentials, error) {
	var c Credentials
	data, err := os.ReadFile(path)
	switch {
	case err == nil:
		if err := json.Unmarshal(data, &c); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
	case !errors.Is(err, os.ErrNotExist):
		return nil, err
	}
	c.complete()
	return &c, writeJSON(path, c, 0o600)
}

func (c *Credentials) complete() {
	if c.Superuser == "" {
		c.Superuser = postgresserver.NewPassword()
	}
	if c.WebPush == "" {
		c.WebPush = newWebPushKey()
	}
	if c.Roles == nil {
		c.Roles = postgresserver.Passwords{}
	}
	for role, password := range postgresserver.NewPasswords() {
		setDefault(c.Roles, role, password)
	}
	if c.AppTokens == nil {
		c.AppTokens = map[string]string{}
	}
	if c.APITokens == nil {
		c.APITokens = map[string]string{}
	}
	for _, s := range topology.Services() {
		setDefault(c.AppTokens, s.Name, postgresserver.NewPassword())
		setDefault(c.APITokens, s.Name, postgresserver.NewPassword())
	}
}

// newWebPushKey is a private key of P-256 in base64url, as RFC 8292 wants it.
func newWebPushKey() string {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return base64.RawURLEncoding.EncodeToString(key.Bytes())
}

func setDefault[M ~map[string]string](m M, key, value string) {
	if m[key] == "" {
		m[key] = value
	}
}

// writeJSON replaces the file in one step; a reader sees the old or the new one.
func writeJSON(path string, v any, mode os.FileMode) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(path, append(data, '\n'), mode)
}

func writeFile(path string, data []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, data, mode); err != nil {
		return err
	}
	// WriteFile keeps the mode of a file that was there.
	if err := os.Chmod(tmp, mode); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
