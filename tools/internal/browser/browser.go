// Package browser finds or installs a Chromium and opens headless windows in it.
package browser

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"

	"github.com/chromedp/chromedp"
)

// names are what Chromium is called by those who package it.
var names = []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"}

// ErrNone is what Find says when there is no browser and none can be installed.
var ErrNone = errors.New("no Chromium on this machine: install the package chromium, or set RONDO_CHROMIUM to a Chrome or Chromium")

// Find is the path of a Chromium: RONDO_CHROMIUM, one on the PATH, or Debian's
// package, which it installs when it may; log gets what the installation prints.
func Find(ctx context.Context, log io.Writer) (string, error) {
	if path := os.Getenv("RONDO_CHROMIUM"); path != "" {
		return path, nil
	}
	if path := find(); path != "" {
		return path, nil
	}
	apt, err := exec.LookPath("apt-get")
	if err != nil || os.Geteuid() != 0 {
		return "", ErrNone
	}
	fmt.Fprintln(log, "installing the package chromium")
	for _, args := range [][]string{{"update", "-q"}, {"install", "-q", "-y", "--no-install-recommends", "chromium"}} {
		cmd := exec.CommandContext(ctx, apt, args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Run(); err != nil {
			return "", fmt.Errorf("%w (apt-get %s: %w)", ErrNone, args[0], err)
		}
	}
	if path := find(); path != "" {
		return path, nil
	}
	return "", ErrNone
}

func find() string {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// Start runs a headless browser until cancel is called. Each chromedp.NewContext
// on the returned context is a window.
func Start(ctx context.Context, path string) (browser context.Context, cancel func()) {
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), // headless among them
		chromedp.ExecPath(path),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses its sandbox to root
	}
	allocator, stop := chromedp.NewExecAllocator(ctx, options...)
	browser, closeBrowser := chromedp.NewContext(allocator)
	return browser, func() { closeBrowser(); stop() }
}
