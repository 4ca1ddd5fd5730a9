package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/repository"
	"github.com/rondohq/rondo/tools/internal/toolchain"
)

func imagesCommand() *cobra.Command {
	var images images
	c := &cobra.Command{
		Use:   "images [service]…",
		Short: "Build the images of the services, and load them into minikube when it runs",
		Long: `Build an image of each service, without Docker and without pulling anything, and
write it to .rondo/images as a tarball that "docker load" reads. When minikube
runs, it gets them. With --push they go to their repositories instead, for all
architectures, and the references by digest are printed.`,
		ValidArgs: serviceNames(),
		Args:      cobra.OnlyValidArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = serviceNames()
			}
			return images.build(cmd.Context(), args)
		},
	}
	defaults := environments.Minikube().Images
	c.Flags().StringVar(&images.repository, "repository", defaults.Registry, "registry and owner")
	c.Flags().StringVar(&images.tag, "tag", defaults.Tag, "tag of the images")
	c.Flags().BoolVar(&images.push, "push", false, "push them")
	c.Flags().StringVar(&images.sboms, "sboms", "", "directory for the lists of what each is made of (SPDX)")
	return c
}

// images says how the images are called and where they go.
type images struct {
	repository, tag, sboms string
	push                   bool
}

func serviceNames() []string {
	var names []string
	for _, s := range topology.Services() {
		names = append(names, s.Name)
	}
	return names
}

func (i images) build(ctx context.Context, services []string) error {
	root, err := repository.Root()
	if err != nil {
		return err
	}
	ko, err := toolchain.Ensure(ctx, root, toolchain.Ko, toolchain.Printer(os.Stderr))
	if err != nil {
		return err
	}
	dir := filepath.Join(root, ".rondo", "images")
	args := []string{"-repository", i.repository, "-tag", i.tag}
	if i.push {
		args = append(args, "-push")
	} else {
		args = append(args, "-tarballs", dir)
	}
	if i.sboms != "" {
		sboms, err := filepath.Abs(i.sboms)
		if err != nil {
			return err
		}
		args = append(args, "-sboms", sboms)
	}
	for _, service := range services {
		args = append(args, "./services/"+service)
	}
	cmd := exec.CommandContext(ctx, ko, args...)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := errors.Join(i.report(out, dir), cmd.Wait()); err != nil {
		return fmt.Errorf("build the images: %w", err)
	}
	if i.push {
		return nil
	}
	return loadIntoMinikube(ctx, dir, services)
}

// report prints each image as it is done.
func (i images) report(out io.Reader, dir string) error {
	for decoder := json.NewDecoder(out); ; {
		var built struct {
			Package string `json:"Package"`
			Image   string `json:"Image"`
		}
		if err := decoder.Decode(&built); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if i.push {
			fmt.Println(built.Image)
			continue
		}
		service := filepath.Base(built.Package)
		path := filepath.Join(dir, service+".tar")
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		fmt.Printf("%s/%s:%s  %.1f MiB  %s\n", i.repository, service, i.tag, float64(info.Size())/(1<<20), path)
	}
}

// loadIntoMinikube gives a minikube that runs the images. It is no error when
// there is none: the tarballs are there.
func loadIntoMinikube(ctx context.Context, dir string, services []string) error {
	minikube, _ := exec.LookPath("minikube")
	if minikube == "" {
		fmt.Println("minikube is not installed: the images stay where they are")
		return nil
	}
	profile := cmp.Or(os.Getenv("MINIKUBE_PROFILE"), environments.Minikube().Cluster.Context)
	if err := exec.CommandContext(ctx, minikube, "--profile", profile, "status").Run(); err != nil {
		fmt.Printf("minikube (profile %s) does not run: the images stay where they are\n", profile)
		return nil //nolint:nilerr // see above
	}
	for _, service := range services {
		load := exec.CommandContext(ctx, minikube, "--profile", profile, "image", "load", filepath.Join(dir, service+".tar"))
		load.Stdout, load.Stderr = os.Stdout, os.Stderr
		if err := load.Run(); err != nil {
			return fmt.Errorf("load the image of %s into minikube: %w", service, err)
		}
	}
	fmt.Printf("loaded into minikube (profile %s)\n", profile)
	return nil
}
