package picture_test

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/picture"
	"github.com/rondohq/rondo/tools/internal/repository"
)

func TestTheCommittedPictureIsOfThisTopology(t *testing.T) {
	t.Parallel()
	root, err := repository.Root()
	require.NoError(t, err)
	committed, err := os.ReadFile(filepath.Join(root, "docs", "topology.svg"))
	require.NoError(t, err)
	require.Equal(t, string(picture.SVG()), string(committed), "run `make generate`")
}

func TestThePictureNamesEverything(t *testing.T) {
	t.Parallel()
	svg := picture.SVG()
	words := map[string]bool{}
	decoder := xml.NewDecoder(strings.NewReader(string(svg)))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err, "the picture is well-formed")
		if text, ok := token.(xml.CharData); ok {
			words[string(text)] = true
		}
	}
	for _, s := range topology.Services() {
		require.True(t, words[s.Name], s.Name)
	}
	for _, topic := range topology.Topics() {
		require.True(t, words[topic.Name], topic.Name)
		require.True(t, words[topic.DeadLetter().Name], topic.DeadLetter().Name)
	}
	for _, sub := range topology.Subscriptions() {
		if !sub.Broadcast {
			require.True(t, words[sub.Group()], sub.Group())
		}
	}
}
