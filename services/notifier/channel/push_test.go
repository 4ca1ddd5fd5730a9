package channel_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/services/notifier/channel"
)

func unbase64(t *testing.T, text string) []byte {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(text)
	require.NoError(t, err)
	return data
}

// browser is the receiving end of Web Push: a key pair and a secret.
type browser struct {
	key  *ecdh.PrivateKey
	auth []byte
}

func newBrowser(t *testing.T) browser {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	require.NoError(t, err)
	auth := make([]byte, 16)
	_, _ = rand.Read(auth)
	return browser{key, auth}
}

func (b browser) subscription(endpoint string) channel.Subscription {
	return channel.Subscription{
		Endpoint: endpoint, P256DH: base64.RawURLEncoding.EncodeToString(b.key.PublicKey().Bytes()), Auth: base64.RawURLEncoding.EncodeToString(b.auth),
	}
}

// open decrypts a message as RFC 8291 §3.4 and RFC 8188 §2 say.
func (b browser) open(t *testing.T, body []byte) []byte {
	t.Helper()
	salt, size, body := body[:16], binary.BigEndian.Uint32(body[16:20]), body[20:]
	sender, body := body[1:1+int(body[0])], body[1+int(body[0]):]
	require.LessOrEqual(t, len(body), int(size), "it is one record")
	public, err := ecdh.P256().NewPublicKey(sender)
	require.NoError(t, err)
	shared, err := b.key.ECDH(public)
	require.NoError(t, err)
	ikm, err := hkdf.Key(sha256.New, shared, b.auth, "WebPush: info\x00"+string(b.key.PublicKey().Bytes())+string(sender), 32)
	require.NoError(t, err)
	key, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	require.NoError(t, err)
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	require.NoError(t, err)
	block, err := aes.NewCipher(key)
	require.NoError(t, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(t, err)
	padded, err := gcm.Open(nil, nonce, body, nil)
	require.NoError(t, err)
	content := strings.TrimRight(string(padded), "\x00")
	require.True(t, strings.HasSuffix(content, "\x02"), "the delimiter of the last record")
	return []byte(content[:len(content)-1])
}

// checkToken verifies who pushes (RFC 8292 §2), and returns what the token claims.
func checkToken(t *testing.T, authorization, publicKey string) map[string]any {
	t.Helper()
	parts, ok := strings.CutPrefix(authorization, "vapid t=")
	require.True(t, ok, authorization)
	token, key, ok := strings.Cut(parts, ", k=")
	require.True(t, ok, authorization)
	require.Equal(t, publicKey, key)
	pieces := strings.Split(token, ".")
	require.Len(t, pieces, 3)
	require.JSONEq(t, `{"typ":"JWT","alg":"ES256"}`, string(unbase64(t, pieces[0])))
	point, signature := unbase64(t, key), unbase64(t, pieces[2])
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	require.NoError(t, err)
	hash := sha256.Sum256([]byte(pieces[0] + "." + pieces[1]))
	require.True(t, ecdsa.Verify(public, hash[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])))
	var claims map[string]any
	require.NoError(t, json.Unmarshal(unbase64(t, pieces[1]), &claims))
	return claims
}

func newKey(t *testing.T) string {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	require.NoError(t, err)
	return base64.RawURLEncoding.EncodeToString(key.Bytes())
}

func TestAPushArrivesEncryptedForItsBrowser(t *testing.T) {
	t.Parallel()
	var request *http.Request
	var body []byte
	service := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(service.Close)
	push, err := channel.NewPush(newKey(t), "", service.Client().Transport)
	require.NoError(t, err)
	b := newBrowser(t)
	m := channel.Message{
		NotificationID: uuid.New(), ReminderID: uuid.New(), TaskID: uuid.New(), Title: strings.Repeat("Ünïcode 👩‍👩‍👧‍👦 ", 10), Body: "Due today at 09:30",
		CreatedAt: time.Now().UTC(), Browser: b.subscription(service.URL + "/push/1"),
	}
	require.NoError(t, push.Send(t.Context(), m))

	require.Equal(t, http.MethodPost, request.Method)
	require.Equal(t, "/push/1", request.URL.Path)
	require.Equal(t, "aes128gcm", request.Header.Get("Content-Encoding"))
	require.Equal(t, "high", request.Header.Get("Urgency"))
	require.Equal(t, "43200", request.Header.Get("TTL"))
	require.Equal(t, base64.RawURLEncoding.EncodeToString(m.ReminderID[:]), request.Header.Get("Topic"))
	claims := checkToken(t, request.Header.Get("Authorization"), push.PublicKey())
	require.Equal(t, service.URL, claims["aud"])
	require.Equal(t, "https://github.com/rondohq/rondo", claims["sub"])
	var said map[string]string
	require.NoError(t, json.Unmarshal(b.open(t, body), &said))
	require.Equal(t, map[string]string{
		"id": m.NotificationID.String(), "reminder_id": m.ReminderID.String(), "task_id": m.TaskID.String(),
		"title": m.Title, "body": m.Body, "created_at": m.CreatedAt.Format(time.RFC3339Nano),
	}, said)
}

func TestTheLongestTitleFitsAPush(t *testing.T) {
	t.Parallel()
	service := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) }))
	t.Cleanup(service.Close)
	push, err := channel.NewPush(newKey(t), "", service.Client().Transport)
	require.NoError(t, err)
	// JSON writes some characters as six.
	m := channel.Message{Title: strings.Repeat("\u2028", 255), Body: strings.Repeat("x", 200), Browser: newBrowser(t).subscription(service.URL)}
	require.NoError(t, push.Send(t.Context(), m))
}

func TestWhatAPushServiceSaysIsUnderstood(t *testing.T) {
	t.Parallel()
	status := 0
	service := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", status) // a body and, where it is one, a redirection
	}))
	t.Cleanup(service.Close)
	push, err := channel.NewPush(newKey(t), "ops@example.org", service.Client().Transport)
	require.NoError(t, err)
	m := channel.Message{Browser: newBrowser(t).subscription(service.URL)}
	for code, want := range map[int]error{
		200: nil, 201: nil, 202: nil, 404: channel.ErrGone, 410: channel.ErrGone, 400: channel.ErrRefused, 413: channel.ErrRefused,
	} {
		status = code
		require.ErrorIs(t, push.Send(t.Context(), m), want, code)
	}
	for _, code := range []int{301, 307, 401, 403, 429, 500, 502, 503} { // come again
		status = code
		err := push.Send(t.Context(), m)
		require.Error(t, err, code)
		require.NotErrorIs(t, err, channel.ErrGone, code)
		require.NotErrorIs(t, err, channel.ErrRefused, code)
	}
	service.Close()
	require.Error(t, push.Send(t.Context(), m))
	require.ErrorIs(t, push.Send(t.Context(), channel.Message{}), channel.ErrGone, "the subscription is gone meanwhile")
}

// The endpoints come from users: they must not lead into our own network.
func TestAPushReachesPublicAddressesOnly(t *testing.T) {
	t.Parallel()
	reached := false
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	t.Cleanup(inside.Close)
	push, err := channel.NewPush(newKey(t), "", nil)
	require.NoError(t, err)
	_, port, _ := strings.Cut(strings.TrimPrefix(inside.URL, "http://"), ":")
	for _, host := range []string{
		"127.0.0.1:" + port, "localhost:" + port, "[::1]:" + port, "[::ffff:127.0.0.1]:" + port, "0.0.0.0:" + port,
		"10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "[fe80::1]", "[fd00::1]",
	} {
		m := channel.Message{Browser: newBrowser(t).subscription("http://" + host + "/")}
		require.ErrorContains(t, push.Send(t.Context(), m), "is no public address", host)
	}
	require.False(t, reached)
}

func TestAKeyThatIsNoneIsRefusedAtStart(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "x", "AAAA", strings.Repeat("A", 43)} {
		_, err := channel.NewPush(key, "", nil)
		require.ErrorContains(t, err, "reading the push key", key)
	}
}
