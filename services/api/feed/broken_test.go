package feed_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/rondohq/rondo/services/api/feed"
)

// brokenStore fails in a way that is logged.
type brokenStore struct{ feed.Store }

func (brokenStore) Find(context.Context, [sha256.Size]byte, time.Time) (feed.Stored, error) {
	return feed.Stored{}, errors.New("the disk is full")
}
