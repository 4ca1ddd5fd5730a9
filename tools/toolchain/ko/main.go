// Command ko builds images with ko, on a base that it makes itself: an image has
// what is in it because a line below says so, and building one pulls nothing.
//
//	ko -repository ghcr.io/rondohq -tag main -tarballs DIR PACKAGE…   for this machine's architecture
//	ko -repository ghcr.io/rondohq -tag main -layouts DIR PACKAGE…    for all of .ko.yaml
//	ko -repository ghcr.io/rondohq -tag main -push PACKAGE…           the same, to the registry
//
// It prints a JSON line for each image: its package, and its reference by digest.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/ko/pkg/build"
	"github.com/google/ko/pkg/commands/options"
	"github.com/google/ko/pkg/publish"
)

type settings struct {
	repository, tag, layouts, tarballs, sboms string
	push                                      bool
	packages                                  []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var s settings
	flag.StringVar(&s.repository, "repository", "", "registry and owner, such as ghcr.io/rondohq")
	flag.StringVar(&s.tag, "tag", "", "tag of the images")
	flag.BoolVar(&s.push, "push", false, "push the images to their repositories")
	flag.StringVar(&s.layouts, "layouts", "", "`directory` to write an OCI layout of each image to")
	flag.StringVar(&s.tarballs, "tarballs", "", "`directory` to write a tarball of each image to, for `docker load`")
	flag.StringVar(&s.sboms, "sboms", "", "`directory` to write the list of what each image is made of to (SPDX)")
	flag.Parse()
	s.packages = flag.Args()
	log.SetOutput(io.Discard) // ko's own words, among them that a checkout has changes
	if err := run(ctx, s, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ko:", err)
		os.Exit(1)
	}
}

func (s settings) validate() error {
	chosen := 0
	for _, is := range []bool{s.push, s.layouts != "", s.tarballs != ""} {
		if is {
			chosen++
		}
	}
	switch {
	case chosen != 1:
		return errors.New("one of -push, -layouts and -tarballs says where the images go")
	case s.repository == "" || s.tag == "":
		return errors.New("-repository and -tag name the images")
	case len(s.packages) == 0:
		return errors.New("which packages?")
	}
	return nil
}

func run(ctx context.Context, s settings, out io.Writer) error {
	if err := s.validate(); err != nil {
		return err
	}
	config := options.BuildOptions{WorkingDirectory: "."}
	if err := config.LoadConfig(); err != nil {
		return err
	}
	platforms := config.DefaultPlatforms
	if s.tarballs != "" { // a tarball holds one
		platforms = []string{"linux/" + runtime.GOARCH}
	}
	base, err := newBase(platforms)
	if err != nil {
		return fmt.Errorf("make the base: %w", err)
	}
	for _, dir := range []string{s.layouts, s.tarballs, s.sboms} {
		if dir != "" {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
		}
	}
	builder, err := build.NewGobuilds(ctx, ".", config.BuildConfigs,
		build.WithBaseImages(func(context.Context, string) (name.Reference, build.Result, error) { return scratch, base, nil }),
		build.WithPlatforms(platforms...), build.WithTrimpath(true), build.WithJobs(runtime.NumCPU()),
		build.WithDefaultEnv(config.DefaultEnv), build.WithDefaultFlags(config.DefaultFlags), build.WithDefaultLdflags(config.DefaultLdflags),
		build.WithSPDX("rondo"), build.WithSBOMDir(s.sboms), build.WithUser(user),
		build.WithLabel("org.opencontainers.image.licenses", "Apache-2.0"),
	)
	if err != nil {
		return err
	}
	for _, pkg := range s.packages {
		fmt.Fprintf(os.Stderr, "building %s for %s\n", pkg, strings.Join(platforms, ", "))
		reference, err := s.image(ctx, builder, pkg)
		if err != nil {
			return fmt.Errorf("%s: %w", pkg, err)
		}
		if err := json.NewEncoder(out).Encode(map[string]string{"package": pkg, "image": reference}); err != nil {
			return err
		}
	}
	return nil
}

// image builds one and puts it where it belongs.
func (s settings) image(ctx context.Context, builder build.Interface, pkg string) (string, error) {
	qualified, err := builder.QualifyImport(pkg)
	if err != nil {
		return "", err
	}
	built, err := builder.Build(ctx, qualified)
	if err != nil {
		return "", err
	}
	repository := s.repository + "/" + path.Base(pkg)
	if s.layouts != "" {
		err = writeLayout(built, filepath.Join(s.layouts, path.Base(pkg)))
	} else {
		err = s.publish(ctx, built, qualified, repository)
	}
	if err != nil {
		return "", err
	}
	digest, err := built.Digest()
	if err != nil {
		return "", err
	}
	return repository + "@" + digest.String(), nil
}

func (s settings) publish(ctx context.Context, built build.Result, qualified, repository string) (err error) {
	var publisher publish.Interface
	if s.push {
		publisher, err = publish.NewDefault(repository,
			publish.WithNamer(bare), publish.WithTags([]string{s.tag}), publish.WithAuthFromKeychain(authn.DefaultKeychain))
		if err != nil {
			return err
		}
	} else {
		file := filepath.Join(s.tarballs, path.Base(repository)+".tar")
		publisher = publish.NewTarball(file, repository, bare, []string{s.tag})
	}
	if _, err := publisher.Publish(ctx, built, qualified); err != nil {
		return err
	}
	return publisher.Close()
}

// writeLayout writes an OCI layout with the one image.
func writeLayout(built build.Result, dir string) error {
	if err := os.RemoveAll(dir); err != nil { // a layout only grows
		return err
	}
	to, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	switch built := built.(type) {
	case v1.ImageIndex:
		return to.AppendIndex(built)
	case v1.Image:
		return to.AppendImage(built)
	default:
		return fmt.Errorf("neither an image nor an index of images: %T", built)
	}
}

// bare names an image by its repository alone.
func bare(base, _ string) string { return strings.TrimSuffix(base, "/") }
