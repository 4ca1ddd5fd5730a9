package account

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestMemoryIsGivenBackWhenHashingIsQuiet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		given := 0
		p, err := newPasswords(func() { given++ })
		if err != nil {
			t.Fatal(err)
		}
		for range 3 { // a burst
			<-time.After(quiet - time.Nanosecond) // of the bubble: no time passes
			if _, err := p.Hash(t.Context(), "correct horse battery"); err != nil {
				t.Fatal(err)
			}
		}
		if given != 0 {
			t.Errorf("given back %d times within the burst", given)
		}
		<-time.After(quiet)
		synctest.Wait()
		if given != 1 {
			t.Errorf("given back %d times after it", given)
		}
	})
}
