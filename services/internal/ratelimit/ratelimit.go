// Package ratelimit slows down who asks too often, and says when to try again.
package ratelimit

import (
	"math"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/rondohq/rondo/platform/fault"
)

// maxKeys bounds a Limiter's memory, at some 100 bytes each.
const maxKeys = 100_000

// Limiter allows each key a burst of attempts and gives one back every interval
// (the generic cell rate algorithm: one instant per key is all it remembers). It
// counts per replica: the bounds are for slowing down guessing, not for accounting.
type Limiter struct {
	burst int
	every time.Duration
	now   func() time.Time

	mu   sync.Mutex
	full map[string]time.Time // when the key has its whole burst again
}

// New makes a limiter; every key begins with its whole burst. now is the
// clock, time.Now outside tests.
func New(burst int, every time.Duration, now func() time.Time) *Limiter {
	return &Limiter{burst: burst, every: every, now: now, full: map[string]time.Time{}}
}

// Take uses up one attempt of key. Without one left it is fault.RateLimited,
// which says when there will be.
func (l *Limiter) Take(key string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	full := l.full[key]
	if full.Before(now) {
		full = now
	}
	next := full.Add(l.every)
	if wait := next.Sub(now) - time.Duration(l.burst)*l.every; wait > 0 {
		f := fault.New(fault.RateLimited, "Too many attempts. Please wait %d seconds.", int(math.Ceil(wait.Seconds())))
		f.RetryAfter = wait
		return f
	}
	if len(l.full) >= maxKeys {
		l.sweep(now)
	}
	l.full[key] = next
	return nil
}

// GiveBack undoes a Take: the attempt turned out to be a rightful one.
func (l *Limiter) GiveBack(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if full, ok := l.full[key]; ok {
		l.full[key] = full.Add(-l.every)
	}
}

// sweep forgets the keys that have their whole burst, and if that is not enough,
// any: a flood from very many addresses must not grow the map.
func (l *Limiter) sweep(now time.Time) {
	for key, full := range l.full {
		if full.Before(now) {
			delete(l.full, key)
		}
	}
	for key := range l.full {
		if len(l.full) < maxKeys*9/10 {
			return
		}
		delete(l.full, key)
	}
}

// Address is the key of what counts as one place: an IPv4 address, or the /64 network
// that one IPv6 customer gets. remote is a request's RemoteAddr.
func Address(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	addr = addr.Unmap()
	if addr.Is6() {
		if network, err := addr.Prefix(64); err == nil {
			return network.String()
		}
	}
	return addr.String()
}
