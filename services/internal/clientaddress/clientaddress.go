// Package clientaddress finds out whose request one is that came through proxies, so
// that limits by address do not take all people behind an edge for one.
package clientaddress

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// header is what proxies add the address to that they were called from, on the right.
// Whatever a client writes into it stands to the left of that.
const header = "X-Forwarded-For"

// MaxProxies is how many proxies there may be in a row.
const MaxProxies = 8

// shared is RFC 6598's network, which clusters use like the private ones.
var shared = netip.MustParsePrefix("100.64.0.0/10")

// Rule is how many proxies stand between clients and this process. The zero value
// trusts none.
type Rule struct{ proxies int }

// Parse reads the number of proxies; "" is none.
func Parse(text string) (Rule, error) {
	if text == "" {
		return Rule{}, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > MaxProxies {
		return Rule{}, fmt.Errorf("the trusted proxies must be a number from 0 to %d; they are %q", MaxProxies, text)
	}
	return Rule{n}, nil
}

// Handler lets next see the client's address as the request's RemoteAddr.
func (r Rule) Handler(next http.Handler) http.Handler {
	if r.proxies == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		req.RemoteAddr = r.of(req)
		next.ServeHTTP(w, req)
	})
}

// of counts from the right, as far as our own proxies have written. Only they reach
// us from a private network; whoever else calls cannot give themself an address.
func (r Rule) of(req *http.Request) string {
	peer, err := netip.ParseAddrPort(req.RemoteAddr)
	if err != nil || !private(peer.Addr().Unmap()) {
		return req.RemoteAddr
	}
	entries := strings.Split(strings.Join(req.Header.Values(header), ","), ",")
	at := max(len(entries)-r.proxies, 0) // fewer than usual: from inside
	client, ok := address(entries[at])
	if !ok {
		return req.RemoteAddr
	}
	return net.JoinHostPort(client.String(), "0")
}

func private(addr netip.Addr) bool {
	return addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast() || shared.Contains(addr)
}

// address reads an entry, which some proxies write with a port.
func address(entry string) (netip.Addr, bool) {
	entry = strings.TrimSpace(entry)
	if addr, err := netip.ParseAddr(strings.Trim(entry, "[]")); err == nil {
		return addr.Unmap().WithZone(""), true
	}
	withPort, err := netip.ParseAddrPort(entry)
	return withPort.Addr().Unmap().WithZone(""), err == nil
}
