package channel

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/SherClockHolmes/webpush-go"
)

const (
	// pushFor is how long a push service keeps a message for a browser that is away.
	pushFor = 12 * time.Hour
	// contact is whom a push service may ask about us (RFC 8292 §2.1).
	contact = "https://github.com/rondohq/rondo"
)

// push is Web Push: RFC 8030, 8291 and 8292.
type push struct {
	public, private string // in base64url
	contact         string
	client          *http.Client
}

// NewPush makes the push channel. The key is the application server's, a private key
// of P-256 in base64url. subject is a mailto or https address of the operator; empty
// is Rondo's own. A nil transport reaches public addresses only: the endpoints come
// from users, and must not lead into our own network.
func NewPush(key, subject string, transport http.RoundTripper) (Channel, error) {
	scalar, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil {
		return nil, fmt.Errorf("reading the push key: %w", err)
	}
	private, err := ecdh.P256().NewPrivateKey(scalar)
	if err != nil {
		return nil, fmt.Errorf("reading the push key: %w", err)
	}
	if subject == "" {
		subject = contact
	}
	if transport == nil {
		dialer := &net.Dialer{Timeout: sendTime, Control: publicOnly}
		transport = &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: parallel, IdleConnTimeout: time.Minute}
	}
	return &push{
		public: base64.RawURLEncoding.EncodeToString(private.PublicKey().Bytes()), private: key, contact: subject,
		client: &http.Client{Transport: transport, CheckRedirect: stay},
	}, nil
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

var errPrivate = errors.New("is no public address")

// publicOnly refuses connections to anything that is not on the internet.
func publicOnly(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("reading the address %s: %w", address, err)
	}
	ip := at.Addr().Unmap()
	shared := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10) // RFC 6598, of providers and clusters
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || shared.Contains(ip) {
		return fmt.Errorf("%w: %w: %s", ErrRefused, errPrivate, ip)
	}
	return nil
}

// Name implements Channel.
func (*push) Name() string { return Push }

// PublicKey implements Channel.
func (p *push) PublicKey() string { return p.public }

// Send implements Channel.
func (p *push) Send(ctx context.Context, m Message) error {
	if m.Browser.Endpoint == "" {
		return ErrGone
	}
	payload, err := json.Marshal(struct {
		ID         string    `json:"id"` // the notification's; a browser that has shown it leaves a copy out
		ReminderID string    `json:"reminder_id"`
		TaskID     string    `json:"task_id"`
		Title      string    `json:"title"`
		Body       string    `json:"body"`
		CreatedAt  time.Time `json:"created_at"`
	}{m.NotificationID.String(), m.ReminderID.String(), m.TaskID.String(), m.Title, m.Body, m.CreatedAt.UTC()})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	resp, err := webpush.SendNotificationWithContext(ctx, payload, &webpush.Subscription{
		Endpoint: m.Browser.Endpoint, Keys: webpush.Keys{P256dh: m.Browser.P256DH, Auth: m.Browser.Auth},
	}, &webpush.Options{
		HTTPClient: p.client, Subscriber: p.contact, TTL: int(pushFor / time.Second), Urgency: webpush.UrgencyHigh,
		// A later message of a reminder replaces one that still waits at the push service.
		Topic:           base64.RawURLEncoding.EncodeToString(m.ReminderID[:]),
		VAPIDPublicKey:  p.public,
		VAPIDPrivateKey: p.private,
	})
	if err != nil {
		return fmt.Errorf("pushing: %w", err)
	}
	defer resp.Body.Close()
	const most = 1 << 10 // of an answer
	said, _ := io.ReadAll(io.LimitReader(resp.Body, most))
	switch {
	case resp.StatusCode < http.StatusMultipleChoices:
		return nil
	case resp.StatusCode == http.StatusNotFound, resp.StatusCode == http.StatusGone: // RFC 8030 §7.3
		return ErrGone
	case resp.StatusCode == http.StatusBadRequest, resp.StatusCode == http.StatusRequestEntityTooLarge:
		return fmt.Errorf("%w: the push service says %s: %s", ErrRefused, resp.Status, said)
	}
	return fmt.Errorf("the push service says %s: %s", resp.Status, said)
}
