package trialtest

import (
	"context"
	"testing"
	"time"
)

// look is how often a condition is looked at; asking a platform costs it something.
const look = 50 * time.Millisecond

// Eventually waits until the condition holds, and fails the test if it does not within
// that time. What says in words what is waited for.
func Eventually(t *testing.T, within time.Duration, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("in vain: %s", what)
		case <-tick.C:
		}
	}
}
