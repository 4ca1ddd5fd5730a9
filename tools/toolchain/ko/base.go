package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// scratch is the name of a base that has nothing.
var scratch = name.MustParseReference("scratch")

// user is whom the images run as: nobody that anything on a node belongs to.
const user = "65532:65532"

// newBase is an image for each platform, with what a static program needs around
// it: the certificate authorities that browsers trust, names of users, and /tmp.
func newBase(platforms []string) (v1.ImageIndex, error) {
	files, err := baseFiles()
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(files)), nil
	}, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, text := range platforms {
		platform, err := v1.ParsePlatform(text)
		if err != nil {
			return nil, err
		}
		image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
		image, err = mutate.ConfigFile(image, &v1.ConfigFile{
			OS: platform.OS, Architecture: platform.Architecture,
			RootFS: v1.RootFS{Type: "layers"},
			Config: v1.Config{User: user, WorkingDir: "/", Env: []string{"PATH=/usr/bin:/bin"}},
		})
		if err != nil {
			return nil, err
		}
		image, err = mutate.Append(image, mutate.Addendum{
			Layer: layer, MediaType: types.OCILayer,
			History: v1.History{CreatedBy: "tools/toolchain/ko", Comment: "certificate authorities, users, /tmp"},
		})
		if err != nil {
			return nil, err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: platform},
		})
	}
	return index, nil
}

// baseFiles is the archive of the base's only layer. It has no times, so that
// equal content gives an equal digest.
func baseFiles() ([]byte, error) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, f := range []struct {
		name string
		mode int64
		text string
	}{
		{"etc/", 0o755, ""},
		{"etc/group", 0o644, "root:x:0:\nnonroot:x:65532:\n"},
		{"etc/passwd", 0o644, "root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n"},
		{"etc/ssl/", 0o755, ""},
		{"etc/ssl/certs/", 0o755, ""},
		{"etc/ssl/certs/ca-certificates.crt", 0o644, authorities()},
		{"tmp/", 0o1777, ""},
	} {
		header := &tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.text)), Typeflag: tar.TypeReg}
		if strings.HasSuffix(f.name, "/") {
			header.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		if _, err := io.WriteString(w, f.text); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return archive.Bytes(), w.Close()
}

// authorities are Mozilla's, as PEM. Those that are trusted on conditions stay
// out: a file can't say conditions.
func authorities() string {
	var text strings.Builder
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			// Writing to a builder can't fail.
			_ = pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate})
		}
	}
	return text.String()
}
