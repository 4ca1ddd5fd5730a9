package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/opthistory"
)

// Deployment is an update of a stack that came to a good end.
type Deployment struct {
	// Commit is what was checked out; empty when nobody knows.
	Commit string
	// Digests are those of the images, by service; empty where they run by tag.
	Digests map[string]string
}

// ErrNeverDeployed says that a stack has no update that came to a good end.
var ErrNeverDeployed = errors.New("it was never deployed")

// digestsKey is the setting of the images' digests.
const digestsKey = "rondo:digests"

// pageSize is how many updates are asked for at once.
const pageSize = 50

// Deployed is the last deployment, by the stack's history.
func (s *Stack) Deployed(ctx context.Context) (Deployment, error) {
	for page := 1; ; page++ {
		updates, err := s.auto.History(ctx, pageSize, page, opthistory.ShowSecrets(false))
		if err != nil {
			return Deployment{}, fmt.Errorf("read the history of %s: %s", s.auto.Name(), said(err))
		}
		for _, u := range updates {
			if u.Kind != "update" || u.Result != "succeeded" {
				continue
			}
			d := Deployment{Commit: u.Environment["git.head"], Digests: map[string]string{}}
			if text := u.Config[digestsKey].Value; text != "" {
				if err := json.Unmarshal([]byte(text), &d.Digests); err != nil {
					return Deployment{}, fmt.Errorf("%s of the last deployment: %w", digestsKey, err)
				}
			}
			return d, nil
		}
		if len(updates) < pageSize {
			return Deployment{}, fmt.Errorf("%s: %w", s.auto.Name(), ErrNeverDeployed)
		}
	}
}

// SetDigests writes digests of images into the stack's configuration.
func (s *Stack) SetDigests(ctx context.Context, digests map[string]string) error {
	for _, service := range slices.Sorted(maps.Keys(digests)) {
		err := s.auto.SetConfigWithOptions(ctx, digestsKey+"."+service,
			auto.ConfigValue{Value: digests[service]}, &auto.ConfigOptions{Path: true})
		if err != nil {
			return fmt.Errorf("set the digest of %s: %s", service, said(err))
		}
	}
	return nil
}
