package clientaddress_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/services/internal/clientaddress"
	"github.com/rondohq/rondo/services/internal/ratelimit"
)

// seen is the address that a handler behind the rule sees.
func seen(t *testing.T, proxies, peer string, forwarded ...string) string {
	t.Helper()
	rule, err := clientaddress.Parse(proxies)
	require.NoError(t, err)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	r.RemoteAddr = peer
	for _, value := range forwarded {
		r.Header.Add("X-Forwarded-For", value)
	}
	var got string
	rule.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr })).
		ServeHTTP(httptest.NewRecorder(), r)
	return got
}

func TestTheClientIsWhoCalledOurOutermostProxy(t *testing.T) {
	t.Parallel()
	const edge = "10.244.1.7:41000"
	for name, test := range map[string]struct {
		proxies, peer string
		forwarded     []string
		want          string
	}{
		"nobody is trusted":              {"", "127.0.0.1:1", []string{"203.0.113.9"}, "127.0.0.1:1"},
		"none, said":                     {"0", edge, []string{"203.0.113.9"}, edge},
		"one proxy":                      {"1", edge, []string{"203.0.113.9"}, "203.0.113.9:0"},
		"forged, left of the edge's":     {"1", edge, []string{"198.51.100.1, 203.0.113.9"}, "203.0.113.9:0"},
		"forged, in a header of its own": {"1", edge, []string{"198.51.100.1", "203.0.113.9"}, "203.0.113.9:0"},
		"forged as one of ours":          {"1", edge, []string{"10.0.0.1, 10.0.0.2, 203.0.113.9"}, "203.0.113.9:0"},
		"a private client, forging":      {"1", edge, []string{"198.51.100.1, 192.168.0.3"}, "192.168.0.3:0"},
		"past the edge, from outside":    {"1", "203.0.113.9:5", []string{"198.51.100.1"}, "203.0.113.9:5"},
		"two proxies":                    {"2", edge, []string{"198.51.100.1, 203.0.113.9, 172.16.0.4"}, "203.0.113.9:0"},
		"two, and one was left out":      {"2", edge, []string{"203.0.113.9"}, "203.0.113.9:0"},
		"no header":                      {"1", edge, nil, edge},
		"nonsense":                       {"1", edge, []string{"203.0.113.9, unknown"}, edge},
		"nothing after a comma":          {"1", edge, []string{"203.0.113.9,"}, edge},
		"with a port":                    {"1", edge, []string{"203.0.113.9:8443"}, "203.0.113.9:0"},
		"IPv6":                           {"1", "[fd00::7]:1", []string{"2001:db8::9"}, "[2001:db8::9]:0"},
		"IPv6 with a port":               {"1", "100.64.0.3:1", []string{"[2001:db8::9]:443"}, "[2001:db8::9]:0"},
		"IPv4 within IPv6":               {"1", "[::ffff:10.0.0.1]:1", []string{"::ffff:203.0.113.9"}, "203.0.113.9:0"},
	} {
		require.Equal(t, test.want, seen(t, test.proxies, test.peer, test.forwarded...), name)
	}
}

func TestWhoForgesAddressesHasOneLimit(t *testing.T) {
	t.Parallel()
	places := map[string]bool{}
	for _, forged := range []string{"198.51.100.1", "198.51.100.2", "10.0.0.1", "::1", ""} {
		places[ratelimit.Address(seen(t, "1", "10.0.0.5:1", forged, "203.0.113.9"))] = true
	}
	require.Equal(t, map[string]bool{"203.0.113.9": true}, places)
	require.NotEqual(t, ratelimit.Address(seen(t, "1", "10.0.0.5:1", "203.0.113.9")),
		ratelimit.Address(seen(t, "1", "10.0.0.5:1", "203.0.113.10")), "two people behind the edge are two")
}

func TestAWrongNumberIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"-1", "many", "9", "10.0.0.0/8", "1.5"} {
		_, err := clientaddress.Parse(text)
		require.ErrorContains(t, err, "from 0 to 8", text)
	}
}
