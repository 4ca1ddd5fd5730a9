package channel_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/services/notifier/channel"
)

// asMailServer makes the test binary an SMTP server of its own: a real one, in a
// process beside the test.
const asMailServer = "RONDO_TEST_MAIL_SERVER"

func TestMain(m *testing.M) {
	if password := os.Getenv(asMailServer); password != "" {
		if err := serveMail(password); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// mailServer is what the server says when it is ready.
type mailServer struct {
	StartTLS, TLS string // addresses
	CA            string // PEM
}

// letter is what the server says of each message.
type letter struct {
	From, To, User string
	TLS            bool
	Data           string
}

func serveMail(password string) error {
	certificate, ca, err := newCertificate()
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		_, encrypted := c.TLSConnectionState()
		return &mailSession{password: password, out: out, letter: letter{TLS: encrypted}}, nil
	}))
	server.Domain = "localhost"
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	encrypted, err := tls.Listen("tcp", "127.0.0.1:0", server.TLSConfig)
	if err != nil {
		return err
	}
	go func() { _ = server.Serve(plain) }()
	go func() { _ = server.Serve(encrypted) }()
	if err := out.Encode(mailServer{plain.Addr().String(), encrypted.Addr().String(), ca}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin) // until the test ends
	return err
}

type mailSession struct {
	password string
	out      *json.Encoder
	letter   letter
}

var (
	errNobody = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	errFull   = &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "the mailbox is full"}
)

func (*mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != s.password {
			return smtp.ErrAuthFailed
		}
		s.letter.User = user
		return nil
	}), nil
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	if s.letter.User == "" {
		return smtp.ErrAuthRequired
	}
	s.letter.From = from
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	switch {
	case strings.HasPrefix(to, "nobody@"):
		return errNobody
	case strings.HasPrefix(to, "full@"):
		return errFull
	}
	s.letter.To = to
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.letter.Data = string(data)
	return s.out.Encode(s.letter)
}

func (*mailSession) Reset()        {}
func (*mailSession) Logout() error { return nil }

func newCertificate() (tls.Certificate, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, string(ca), nil
}

// postOffice is a running mail server.
type postOffice struct {
	mailServer

	password string
	trust    *tls.Config
	letters  *json.Decoder
}

func startMail(t *testing.T) *postOffice {
	t.Helper()
	p := &postOffice{password: rand.Text()}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), asMailServer+"="+p.password)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	p.letters = json.NewDecoder(bufio.NewReader(out))
	require.NoError(t, p.letters.Decode(&p.mailServer))
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM([]byte(p.CA)))
	p.trust = &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}
	return p
}

func (p *postOffice) next(t *testing.T) (l letter, parsed *mail.Message, body string) {
	t.Helper()
	require.NoError(t, p.letters.Decode(&l))
	parsed, err := mail.ReadMessage(strings.NewReader(l.Data))
	require.NoError(t, err)
	text, err := io.ReadAll(quotedprintable.NewReader(parsed.Body))
	require.NoError(t, err)
	return l, parsed, strings.ReplaceAll(string(text), "\r\n", "\n")
}

func TestAnEmailArrivesAtARealServer(t *testing.T) {
	t.Parallel()
	office := startMail(t)
	m := channel.Message{
		NotificationID: uuid.New(), Title: "Pflanzen gießen 🌱", Body: "Due today at 09:30 · 5 minutes late",
		Name: "Ada Lovelace", Address: "ada@example.org", CreatedAt: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC),
	}
	for _, server := range []string{"smtp://rondo:" + office.password + "@" + office.StartTLS, "smtps://rondo:" + office.password + "@" + office.TLS} {
		email, err := channel.NewEmail(server, "Rondo <rondo@example.org>", office.trust)
		require.NoError(t, err)
		require.NoError(t, email.Send(t.Context(), m))
		l, parsed, body := office.next(t)
		require.True(t, l.TLS || strings.HasPrefix(server, "smtp:"), "TLS from the start")
		require.Equal(t, []string{"rondo@example.org", "ada@example.org", "rondo"}, []string{l.From, l.To, l.User})
		subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
		require.NoError(t, err)
		require.Equal(t, "Reminder: Pflanzen gießen 🌱", subject)
		require.Equal(t, `"Ada Lovelace" <ada@example.org>`, parsed.Header.Get("To"))
		require.Equal(t, `"Rondo" <rondo@example.org>`, parsed.Header.Get("From"))
		require.Equal(t, "<"+m.NotificationID.String()+"@example.org>", parsed.Header.Get("Message-ID"))
		require.Equal(t, "auto-generated", parsed.Header.Get("Auto-Submitted"))
		require.Equal(t, "Pflanzen gießen 🌱\nDue today at 09:30 · 5 minutes late\n\n--\n"+
			"You asked Rondo for reminders by e-mail. Turn them off in your settings.\n", body)
	}
}

func TestWhatAMailServerSaysIsUnderstood(t *testing.T) {
	t.Parallel()
	office := startMail(t)
	m := channel.Message{Title: "Walk", Name: "Ada", Address: "nobody@example.org", CreatedAt: time.Now()}
	email, err := channel.NewEmail("smtps://rondo:"+office.password+"@"+office.TLS, "rondo@example.org", office.trust)
	require.NoError(t, err)
	err = email.Send(t.Context(), m)
	require.ErrorIs(t, err, channel.ErrRefused)
	require.ErrorContains(t, err, "no such mailbox")

	m.Address = "full@example.org"
	passing := map[string]string{
		"a full mailbox":   "smtps://rondo:" + office.password + "@" + office.TLS,
		"a wrong password": "smtps://rondo:wrong@" + office.TLS, // an operator will mend it
		"nobody there":     "smtps://127.0.0.1:1",
	}
	for name, server := range passing {
		email, err := channel.NewEmail(server, "rondo@example.org", office.trust)
		require.NoError(t, err)
		err = email.Send(t.Context(), m)
		require.Error(t, err, name)
		require.NotErrorIs(t, err, channel.ErrRefused, name)
		require.NotContains(t, err.Error(), office.password, name)
	}
	// Somebody else's certificate.
	email, err = channel.NewEmail("smtps://rondo:"+office.password+"@"+office.TLS, "rondo@example.org", nil)
	require.NoError(t, err)
	unknown := x509.UnknownAuthorityError{}
	require.ErrorAs(t, email.Send(t.Context(), m), &unknown)
}

// A title is a line, and an address was checked; still nothing may end a header.
func TestNothingEndsAHeader(t *testing.T) {
	t.Parallel()
	office := startMail(t)
	email, err := channel.NewEmail("smtp://rondo:"+office.password+"@"+office.StartTLS, "rondo@example.org", office.trust)
	require.NoError(t, err)
	m := channel.Message{Title: "Walk\r\nBcc: eve@example.org", Name: "Ada\r\nBcc: eve@example.org", Address: "ada@example.org", CreatedAt: time.Now()}
	if err := email.Send(t.Context(), m); err != nil {
		return // refused is as good
	}
	l, parsed, _ := office.next(t)
	require.Equal(t, "ada@example.org", l.To)
	require.Empty(t, parsed.Header.Get("Bcc"))
}

func TestAServerThatIsNoneIsRefusedAtStart(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ server, from, want string }{
		{"", "rondo@example.org", "must be a URL such as"},
		{"mail.example.org:587", "rondo@example.org", "must be a URL such as"},
		{"http://mail.example.org", "rondo@example.org", `it begins with "http"`},
		{"smtp://mail.example.org", "", "reading the sender of e-mails"},
		{"smtp://mail.example.org", "Rondo", "reading the sender of e-mails"},
	} {
		_, err := channel.NewEmail(test.server, test.from, nil)
		require.ErrorContains(t, err, test.want, test.server)
	}
	_, err := channel.NewEmail("smtp://user:hunter2@mail example", "rondo@example.org", nil)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hunter2")
}
