// Package imagetest builds an image as the pipeline does and looks at what a
// cluster would get: its size, its user, what is in it, and that its program runs
// from nothing but that.
package imagetest

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/postgresserver"
	"github.com/rondohq/rondo/tools/internal/repository"
	"github.com/rondohq/rondo/tools/internal/toolchain"
)

// largest is what an image may weigh, as a registry stores it.
const largest = 25 << 20

func TestTheImageOfAService(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	index := build(t, dir, topology.API.Name)
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	architectures := map[string]v1.Image{}
	for _, m := range manifest.Manifests {
		image, err := index.Image(m.Digest)
		require.NoError(t, err)
		require.Equal(t, "linux", m.Platform.OS)
		architectures[m.Platform.Architecture] = image
		t.Run(m.Platform.Architecture, func(t *testing.T) {
			t.Parallel()
			require.Less(t, size(t, image), int64(largest))
			config, err := image.ConfigFile()
			require.NoError(t, err)
			require.Equal(t, "65532:65532", config.Config.User)
			require.Empty(t, config.Config.ExposedPorts)
		})
	}
	require.Len(t, architectures, 2)
	require.Contains(t, architectures, "amd64")
	require.Contains(t, architectures, "arm64")

	sboms, err := filepath.Glob(filepath.Join(dir, "sboms", "*.spdx.json"))
	require.NoError(t, err)
	require.NotEmpty(t, sboms, "nothing says what the image is made of")
	for _, path := range sboms {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var document struct{ Packages []struct{ Name string } }
		require.NoError(t, json.Unmarshal(text, &document))
		require.NotEmpty(t, document.Packages, path)
	}

	image, ours := architectures[runtime.GOARCH]
	require.True(t, ours, "no image for %s", runtime.GOARCH)
	files := filepath.Join(dir, "root")
	unpack(t, image, files)
	authorities, err := os.ReadFile(filepath.Join(files, "etc", "ssl", "certs", "ca-certificates.crt"))
	require.NoError(t, err)
	require.True(t, x509.NewCertPool().AppendCertsFromPEM(authorities))
	for _, name := range []string{"bin/sh", "usr/bin", "lib"} {
		require.NoFileExists(t, filepath.Join(files, name))
	}
	config, err := image.ConfigFile()
	require.NoError(t, err)
	require.Len(t, config.Config.Entrypoint, 1)
	migrate(t, files, config.Config.Entrypoint[0])
}

func TestTheSameSourcesMakeTheSameImage(t *testing.T) {
	t.Parallel()
	first, err := build(t, t.TempDir(), topology.Notifier.Name).Digest()
	require.NoError(t, err)
	second, err := build(t, t.TempDir(), topology.Notifier.Name).Digest()
	require.NoError(t, err)
	require.Equal(t, first, second)
}

// build makes the image of the service for all architectures.
func build(t *testing.T, dir, service string) v1.ImageIndex {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	root, err := repository.Root()
	require.NoError(t, err)
	ko, err := toolchain.Ensure(ctx, root, toolchain.Ko, toolchain.Printer(os.Stderr))
	require.NoError(t, err)
	cmd := exec.CommandContext(ctx, ko, "-repository", "registry.example.test/rondo", "-tag", "test",
		"-layouts", filepath.Join(dir, "layouts"), "-sboms", filepath.Join(dir, "sboms"), "./services/"+service)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	outer, err := layout.ImageIndexFromPath(filepath.Join(dir, "layouts", service))
	require.NoError(t, err)
	manifest, err := outer.IndexManifest()
	require.NoError(t, err)
	require.Len(t, manifest.Manifests, 1)
	index, err := outer.ImageIndex(manifest.Manifests[0].Digest)
	require.NoError(t, err)
	return index
}

func size(t *testing.T, image v1.Image) int64 {
	t.Helper()
	layers, err := image.Layers()
	require.NoError(t, err)
	var sum int64
	for _, layer := range layers {
		n, err := layer.Size()
		require.NoError(t, err)
		sum += n
	}
	return sum
}

// unpack writes the files of all layers, and wants nobody but root to own any.
func unpack(t *testing.T, image v1.Image, dir string) {
	t.Helper()
	content := mutate.Extract(image)
	defer content.Close()
	require.NoError(t, os.MkdirAll(dir, 0o755))
	tree, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer tree.Close()
	for files := tar.NewReader(content); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		name := filepath.Clean("./" + header.Name)
		require.Zero(t, header.Uid, name)
		switch header.Typeflag {
		case tar.TypeDir:
			require.NoError(t, tree.MkdirAll(name, 0o755))
		case tar.TypeReg:
			require.NoError(t, tree.MkdirAll(filepath.Dir(name), 0o755))
			text, err := io.ReadAll(files)
			require.NoError(t, err)
			require.NoError(t, tree.WriteFile(name, text, header.FileInfo().Mode()))
		default:
			t.Errorf("%s is of the type %c", name, header.Typeflag)
		}
	}
}

// migrate runs the image's program as the migrations' job does: it sees nothing
// but the image, and a database.
func migrate(t *testing.T, files, program string) {
	t.Helper()
	// Not t.TempDir: PostgreSQL may run as another user, which cannot reach its parents.
	dir, err := os.MkdirTemp("", "rondo-imagetest-") //nolint:usetesting // see above
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	database, err := postgresserver.Start(t.Context(), postgresserver.Options{DataDir: filepath.Join(dir, "postgres"), Ephemeral: true})
	require.NoError(t, err)
	t.Cleanup(database.Stop)
	cmd := inside(t, files, program)
	cmd.Args = append(cmd.Args, "migrate")
	cmd.Env = []string{"RONDO_OWNER_DATABASE_URL=" + database.URLs.Owner}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	require.NoError(t, cmd.Run(), said.String())

	conn, err := pgx.Connect(t.Context(), database.URLs.Owner)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	var tables int
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_tables WHERE tablename = 'tasks'`).Scan(&tables))
	require.Equal(t, 1, tables)
}
