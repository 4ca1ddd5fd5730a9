package rest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/fault"
)

// Parser reads the values of a request and remembers which were bad, so that an
// answer names them all at once.
type Parser struct{ bad []fault.Field }

// Complainf notes that a field is bad.
func (p *Parser) Complainf(field, format string, args ...any) {
	p.bad = append(p.bad, fault.Field{Name: field, Message: fmt.Sprintf(format, args...)})
}

// Add notes bad fields.
func (p *Parser) Add(bad ...fault.Field) { p.bad = append(p.bad, bad...) }

// Merge notes the bad fields of a fault.
func (p *Parser) Merge(err error) {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		p.bad = append(p.bad, f.Fields...)
	}
}

// Bad tells whether anything was.
func (p *Parser) Bad() bool { return len(p.bad) > 0 }

// Err names what was bad, by field; nil when nothing was.
func (p *Parser) Err() error {
	slices.SortStableFunc(p.bad, func(a, b fault.Field) int { return strings.Compare(a.Name, b.Name) })
	if err := fault.InvalidFields(p.bad); err != nil {
		return err
	}
	return nil
}

// Query reads a request's query string and complains of parameters that are not known.
func (p *Parser) Query(r *http.Request, known ...string) (Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return Values{}, fault.New(fault.Invalid, "The query string is malformed.").Because("malformed_query", err)
	}
	for name := range values {
		if !slices.Contains(known, name) {
			p.Complainf(name, "is not a parameter of this list")
		}
	}
	return Values{p, values}, nil
}

// Values are the parameters of a query string.
type Values struct {
	parser *Parser
	values url.Values
}

// All are the values of a parameter that may be repeated.
func (v Values) All(name string) []string { return v.values[name] }

// One is the value of a parameter that may not be repeated; nil when it is absent.
func (v Values) One(name string) *string {
	if !v.values.Has(name) {
		return nil
	}
	if len(v.values[name]) > 1 {
		v.parser.Complainf(name, "is given more than once")
	}
	value := v.values.Get(name)
	return &value
}

// Limit is the parameter limit, from 1 to most.
func (v Values) Limit(fallback, most int) int {
	text := v.One("limit")
	if text == nil {
		return fallback
	}
	n, err := strconv.Atoi(*text)
	if err != nil || n < 1 || n > most {
		v.parser.Complainf("limit", "must be a whole number from 1 to %d", most)
	}
	return n
}

// ParseTime reads an RFC 3339 time.
func ParseTime(s string) (time.Time, error) { return time.Parse(time.RFC3339, s) }

// Optional parses a value that may be absent.
func Optional[T time.Time | uuid.UUID | bool](p *Parser, field string, value *string, parse func(string) (T, error)) *T {
	if value == nil {
		return nil
	}
	parsed, err := parse(*value)
	if err != nil {
		expected := "a UUID"
		switch any(parsed).(type) {
		case time.Time:
			expected = "an RFC 3339 time such as 2026-11-22T09:00:00Z"
		case bool:
			expected = "true or false"
		}
		p.Complainf(field, "must be %s", expected)
		return nil
	}
	return &parsed
}

// Choice reads one of a few words.
func Choice[T ~string](p *Parser, field, value string, allowed []T) T {
	if !slices.Contains(allowed, T(value)) {
		words := make([]string, len(allowed))
		for i, word := range allowed {
			words[i] = string(word)
		}
		p.Complainf(field, "must be one of %s", strings.Join(words, ", "))
	}
	return T(value)
}

// Choices reads several of a few words.
func Choices[T ~string](p *Parser, field string, values []string, allowed []T) []T {
	var all []T
	for _, value := range values {
		all = append(all, Choice(p, field, value, allowed))
	}
	return all
}

// EncodeCursor makes the opaque form of the place where the next page begins.
func EncodeCursor(place any) string {
	data, _ := json.Marshal(place) //nolint:errchkjson // a place is of strings, times and numbers: never fails
	return base64.RawURLEncoding.EncodeToString(data)
}

// DecodeCursor reads what EncodeCursor made.
func DecodeCursor[T any](text string) (T, error) {
	var place T
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(data, &place)
	}
	if err != nil {
		return place, BadCursor(err)
	}
	return place, nil
}

// BadCursor is the fault of a cursor that no list has made.
func BadCursor(cause error) error {
	return fault.Invalidf("cursor", "is not one that a list answered with").Because("", cause)
}
