// Command screenshots makes an account with a week's tasks in the running stack and
// writes a picture of every room, on a phone and on a laptop, light and dark.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/browser"
	"github.com/rondohq/rondo/tools/internal/laptop"
	"github.com/rondohq/rondo/tools/internal/repository"
)

// readme is the folder of the pictures that README shows, below the root of the
// repository, and maxReadme the most that each may weigh, in bytes.
const (
	readme    = "docs/screenshots"
	maxReadme = 250_000
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, progress io.Writer) int {
	flags := flag.NewFlagSet("screenshots", flag.ContinueOnError)
	flags.SetOutput(progress)
	folder := flags.String("out", filepath.Join(laptop.DefaultDir, "screenshots"), "folder for the pictures")
	base := flags.Int("port-base", topology.DefaultPortBase, "first port of the running stack")
	only := flags.Bool("readme", false, "write only those of README, in "+readme)
	chosen := flags.String("views", "", "write only these, by `names` with commas")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	views := strings.FieldsFunc(*chosen, func(r rune) bool { return r == ',' })
	if err := take(ctx, *base, *folder, *only, views, out, progress); err != nil {
		fmt.Fprintln(progress, "screenshots:", err)
		return 1
	}
	return 0
}

func take(ctx context.Context, base int, folder string, readmeOnly bool, chosen []string, out, progress io.Writer) error {
	plan := topology.LaptopPorts(base)
	someone, err := settle(ctx, address(plan, topology.API), time.Now())
	if err != nil {
		return fmt.Errorf("making an account (is the stack up?): %w", err)
	}
	path, err := browser.Find(ctx, progress)
	if err != nil {
		return err //nolint:wrapcheck // says what to do
	}
	window, closeBrowser := browser.Start(ctx, path)
	defer closeBrowser()
	if err := chromedp.Do(window); err != nil {
		return fmt.Errorf("starting the browser: %w", err)
	}
	camera := camera{site: address(plan, topology.Frontend), browser: window, chosen: chosen}
	if readmeOnly {
		root, err := repository.Root()
		if err != nil {
			return err //nolint:wrapcheck // says what is wrong
		}
		return camera.readme(ctx, someone, filepath.Join(root, readme), out)
	}
	var complaints []error
	for _, look := range looks {
		complaints = append(complaints, camera.album(someone, look, folder, out))
	}
	return errors.Join(complaints...)
}

func address(plan topology.PortPlan, service topology.Service) string {
	return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(plan.Services[service.Name].Public))
}
