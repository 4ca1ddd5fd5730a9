package channel

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// email sends through an SMTP server (RFC 5321).
type email struct {
	host    string
	options []gomail.Option
	from    *mail.Address
}

var errServer = errors.New("the SMTP server must be a URL such as smtps://user:password@mail.example.org:465")

// NewEmail makes the e-mail channel. The server is given as a URL:
// smtps://user:password@mail.example.org:465 (TLS from the start) or
// smtp://user:password@mail.example.org:587 (STARTTLS, without which nothing is sent,
// but to this machine itself). from is an address as in a From line. A nil
// configuration trusts the machine's certificate authorities.
func NewEmail(server, from string, trust *tls.Config) (Channel, error) {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" {
		return nil, errServer // the cause may hold a password
	}
	e := &email{host: u.Hostname()}
	if e.from, err = mail.ParseAddress(from); err != nil {
		return nil, fmt.Errorf("reading the sender of e-mails, %q: %w", from, err)
	}
	port := map[string]int{"smtp": 587, "smtps": 465}[u.Scheme]
	switch {
	case u.Scheme == "smtps":
		e.options = append(e.options, gomail.WithSSL())
	case u.Scheme != "smtp":
		return nil, fmt.Errorf("%w; it begins with %q", errServer, u.Scheme)
	case net.ParseIP(e.host).IsLoopback() || e.host == "localhost":
		e.options = append(e.options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		e.options = append(e.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if text := u.Port(); text != "" {
		if port, err = strconv.Atoi(text); err != nil {
			return nil, fmt.Errorf("reading the SMTP server's port: %w", err)
		}
	}
	e.options = append(e.options, gomail.WithPort(port), gomail.WithTimeout(sendTime), gomail.WithHELO("rondo"))
	if trust != nil {
		e.options = append(e.options, gomail.WithTLSConfig(trust))
	}
	if u.User != nil {
		password, _ := u.User.Password()
		e.options = append(e.options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	if _, err := gomail.NewClient(e.host, e.options...); err != nil {
		return nil, fmt.Errorf("reading the SMTP server's URL: %w", err)
	}
	return e, nil
}

// Name implements Channel.
func (*email) Name() string { return Email }

// PublicKey implements Channel.
func (*email) PublicKey() string { return "" }

// Send implements Channel.
func (e *email) Send(ctx context.Context, m Message) error {
	message, err := e.compose(m)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	client, err := gomail.NewClient(e.host, e.options...) // one per message: a client is one connection
	if err != nil {
		return fmt.Errorf("preparing to send: %w", err)
	}
	err = client.DialAndSendWithContext(ctx, message)
	if failed, ok := errors.AsType[*gomail.SendError](err); ok && !failed.IsTemp() && failed.ErrorCode() >= 500 {
		return fmt.Errorf("%w: the mail server says: %w", ErrRefused, err) // RFC 5321 §4.2.1
	}
	if err != nil {
		return fmt.Errorf("sending e-mail: %w", err)
	}
	return nil
}

func (e *email) compose(m Message) (*gomail.Msg, error) {
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	message.FromMailAddress(e.from)
	if err := message.AddToFormat(m.Name, m.Address); err != nil {
		return nil, err //nolint:wrapcheck // wrapped by the caller
	}
	message.Subject("Reminder: " + m.Title)
	message.SetDateWithValue(m.CreatedAt)
	// The same however often it is sent, so that mail programs show it once.
	_, domain, _ := strings.Cut(e.from.Address, "@")
	message.SetMessageIDWithValue(m.NotificationID.String() + "@" + domain)
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5: no out-of-office answers
	message.SetBodyString(gomail.TypeTextPlain, fmt.Sprintf(
		"%s\n%s\n\n--\nYou asked Rondo for reminders by e-mail. Turn them off in your settings.\n", m.Title, m.Body))
	return message, nil
}
