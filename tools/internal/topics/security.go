package topics

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Security is how a client proves who it is, and how it knows the brokers. The
// zero value is for brokers that ask nobody.
type Security struct {
	// TLS encrypts. CA is a file with the authorities that the brokers'
	// certificates are from; empty: those that the machine trusts.
	TLS bool
	CA  string
	// Certificate and Key are files of a client that signs in by certificate.
	Certificate, Key string
	// Mechanism of SASL: plain, scram-sha-256 or scram-sha-512; empty: none.
	Mechanism          string
	Username, Password string
}

// mechanisms are those of SASL, by name.
var mechanisms = map[string]func(user, password string) sasl.Mechanism{
	"plain": func(user, password string) sasl.Mechanism {
		return plain.Auth{User: user, Pass: password}.AsMechanism()
	},
	"scram-sha-256": func(user, password string) sasl.Mechanism {
		return scram.Auth{User: user, Pass: password}.AsSha256Mechanism()
	},
	"scram-sha-512": func(user, password string) sasl.Mechanism {
		return scram.Auth{User: user, Pass: password}.AsSha512Mechanism()
	},
}

// Options are the client's. The error names all that is wrong.
func (s Security) Options() ([]kgo.Opt, error) {
	var options []kgo.Opt
	var wrong []error
	if s.TLS || s.CA != "" || s.Certificate != "" || s.Key != "" {
		config, err := s.tls()
		wrong = append(wrong, err)
		options = append(options, kgo.DialTLSConfig(config))
	}
	mechanism, known := mechanisms[strings.ToLower(s.Mechanism)]
	switch {
	case s.Mechanism == "" && (s.Username != "" || s.Password != ""):
		wrong = append(wrong, errors.New("a user name or a password needs a SASL mechanism"))
	case s.Mechanism == "":
	case !known:
		wrong = append(wrong, fmt.Errorf("the SASL mechanism %q is unknown; there are plain, scram-sha-256 and scram-sha-512", s.Mechanism))
	case s.Username == "" || s.Password == "":
		wrong = append(wrong, errors.New("SASL needs a user name and a password"))
	default:
		options = append(options, kgo.SASL(mechanism(s.Username, s.Password)))
	}
	return options, errors.Join(wrong...)
}

func (s Security) tls() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.CA != "" {
		text, err := os.ReadFile(s.CA)
		if err != nil {
			return nil, fmt.Errorf("the brokers' authorities: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("the brokers' authorities: no certificate in %s", s.CA)
		}
	}
	if s.Certificate != "" || s.Key != "" {
		pair, err := tls.LoadX509KeyPair(s.Certificate, s.Key)
		if err != nil {
			return nil, fmt.Errorf("the client's certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
