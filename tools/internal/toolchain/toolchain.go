// Package toolchain builds the programs that Rondo runs or is checked with, each
// from a small module of its own under tools/toolchain, and keeps them in a
// cache outside the checkout.
//
// A built tool is found by a hash of all that could change it: the Go version,
// its module files, its source and the flags. So a second build never happens,
// two checkouts share one cache, and an upgrade is a change of a go.mod.
package toolchain

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/mod/modfile"
)

// recipe is what the build of a tool needs beyond its module.
type recipe struct {
	tags string
	// versionOf is the required module whose version is linked into versionVars,
	// as the upstream build does.
	versionOf   string
	versionVars []string
}

const daprModule = "github.com/dapr/dapr"

var daprVersionVars = []string{daprModule + "/pkg/buildinfo.version", "github.com/dapr/kit/logger.DaprVersion"}

// The names of the tools that other packages run.
const (
	Daprd         = "daprd"
	Scheduler     = "scheduler"
	Pulumi        = "pulumi"
	KubeAPIServer = "kube-apiserver"
	Promtool      = "promtool"
	Ko            = "ko"
	Helm          = "helm"
)

var recipes = map[string]recipe{
	Daprd:     {tags: "stablecomponents", versionOf: daprModule, versionVars: daprVersionVars},
	Scheduler: {versionOf: daprModule, versionVars: daprVersionVars},
	Pulumi: {
		versionOf:   "github.com/pulumi/pulumi/pkg/v3",
		versionVars: []string{"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"},
	},
	// Service discovery is a client of every cloud there is; rules need none.
	Promtool: {tags: "remove_all_sd"},
}

// Tool is one buildable program.
type Tool struct {
	Name string
	// Path is where the built program is, or will be.
	Path string

	dir  string // of its module
	pkg  string
	args []string // of go build, without -o and the package
}

// Progress is how far a build is.
type Progress struct {
	Tool     string
	Compiled int // packages so far
	Packages int // of all; those already in Go's build cache are never compiled
	Elapsed  time.Duration
	Waiting  bool // another process builds the same tool
}

// String is the progress in a few words, without the tool's name.
func (p Progress) String() string {
	elapsed := p.Elapsed.Round(time.Second)
	if p.Waiting {
		return fmt.Sprintf("waiting for another process that builds it, %s", elapsed)
	}
	if p.Compiled == 0 {
		return fmt.Sprintf("building, %s (the first build takes minutes)", elapsed)
	}
	return fmt.Sprintf("building, %s, %d of %d packages (the first build takes minutes)", elapsed, p.Compiled, p.Packages)
}

// Names are the tools of the checkout at root.
func Names(root string) ([]string, error) {
	modules, err := filepath.Glob(filepath.Join(root, "tools", "toolchain", "*", "go.mod"))
	if err != nil {
		return nil, err
	}
	names := make([]string, len(modules))
	for i, m := range modules {
		names[i] = filepath.Base(filepath.Dir(m))
	}
	return names, nil
}

// Find describes the named tool of the checkout at root; it builds nothing.
func Find(ctx context.Context, root, name string) (*Tool, error) {
	names, err := Names(root)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(names, name) {
		return nil, fmt.Errorf("no tool %q; there are: %s", name, strings.Join(names, ", "))
	}
	dir := filepath.Join(root, "tools", "toolchain", name)
	goVersion, err := goEnv(ctx, dir, "GOVERSION")
	if err != nil {
		return nil, err
	}
	cache, err := CacheDir()
	if err != nil {
		return nil, err
	}
	t := &Tool{Name: name, dir: dir}
	if err := t.readModule(); err != nil {
		return nil, err
	}
	key, err := t.key(goVersion)
	if err != nil {
		return nil, err
	}
	t.Path = filepath.Join(cache, name+"-"+key, name)
	return t, nil
}

// Ensure returns the named tool's path, after building it if need be. report,
// which may be nil, is called about once a second while it waits or builds.
func Ensure(ctx context.Context, root, name string, report func(Progress)) (string, error) {
	t, err := Find(ctx, root, name)
	if err != nil {
		return "", err
	}
	if t.Built() {
		return t.Path, nil
	}
	if report == nil {
		report = func(Progress) {}
	}
	return t.Path, t.build(ctx, report)
}

// Built says whether the cache has the tool.
func (t *Tool) Built() bool {
	info, err := os.Stat(t.Path)
	return err == nil && info.Mode().IsRegular()
}

// CacheDir is where built tools and other downloads of Rondo are kept.
func CacheDir() (string, error) {
	base := os.Getenv("XDG_CACHE_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("find a cache directory: %w", err)
		}
		base = filepath.Join(home, ".cache")
	}
	return filepath.Join(base, "rondo", "toolchain"), nil
}

// readModule finds the package to build and its flags.
func (t *Tool) readModule() error {
	path := filepath.Join(t.dir, "go.mod")
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	mod, err := modfile.Parse(path, data, nil)
	if err != nil {
		return err
	}
	r := recipes[t.Name]
	ldflags := []string{"-s", "-w"}
	if r.versionOf != "" {
		version, err := required(mod, r.versionOf)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, name := range r.versionVars {
			ldflags = append(ldflags, "-X", name+"="+strings.TrimPrefix(version, "v"))
		}
	}
	t.args = []string{"-mod=readonly", "-buildvcs=false", "-ldflags", strings.Join(ldflags, " ")}
	if r.tags != "" {
		t.args = append(t.args, "-tags", r.tags)
	}
	switch {
	case len(mod.Tool) == 1:
		t.pkg = mod.Tool[0].Path
	case len(mod.Tool) == 0:
		t.pkg = "."
	default:
		return fmt.Errorf("%s: one tool directive at the most, a module per tool", path)
	}
	return nil
}

func required(mod *modfile.File, path string) (string, error) {
	for _, r := range mod.Require {
		if r.Mod.Path == path {
			return r.Mod.Version, nil
		}
	}
	return "", fmt.Errorf("no requirement of %s", path)
}

// key is a hash of all that decides what the build makes.
func (t *Tool) key(goVersion string) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s/%s\n%q %q\n", goVersion, runtime.GOOS, runtime.GOARCH, t.pkg, t.args)
	sources, err := filepath.Glob(filepath.Join(t.dir, "*.go"))
	if err != nil {
		return "", err
	}
	for _, path := range append([]string{filepath.Join(t.dir, "go.mod"), filepath.Join(t.dir, "go.sum")}, sources...) {
		data, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("hash %s: %w", t.Name, err)
		}
		fmt.Fprintf(h, "%s %d\n", filepath.Base(path), len(data))
		h.Write(data)
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

func (t *Tool) build(ctx context.Context, report func(Progress)) error {
	start := time.Now()
	dir := filepath.Dir(t.Path)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	unlock, err := lock(ctx, dir+".lock", func() {
		report(Progress{Tool: t.Name, Elapsed: time.Since(start), Waiting: true})
	})
	if err != nil {
		return err
	}
	defer unlock()
	if t.Built() { // by the process that was waited for
		return nil
	}
	// Beside the target, so that the rename is atomic.
	tmp := fmt.Sprintf("%s.%d.tmp", t.Path, os.Getpid())
	defer os.Remove(tmp)
	if err := t.compile(ctx, tmp, start, report); err != nil {
		return err
	}
	return os.Rename(tmp, t.Path)
}

func (t *Tool) compile(ctx context.Context, out string, start time.Time, report func(Progress)) error {
	report(Progress{Tool: t.Name})
	packages := t.countPackages(ctx)
	cmd := t.goCommand(ctx, slices.Concat([]string{"build", "-v", "-o", out}, t.args, []string{t.pkg})...)
	lines, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	said := make(chan string)
	go func() {
		defer close(said)
		for scanner := bufio.NewScanner(lines); scanner.Scan(); {
			said <- scanner.Text()
		}
	}()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	compiled := 0
	var complaints []string
	for said != nil {
		select {
		case line, more := <-said:
			switch {
			case !more:
				said = nil
			case isPackage(line):
				compiled++
			case !strings.HasPrefix(line, "go: downloading "):
				complaints = append(complaints, line)
			}
		case <-ticker.C:
			report(Progress{Tool: t.Name, Compiled: compiled, Packages: packages, Elapsed: time.Since(start)})
		}
	}
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("build %s: %w\n%s", t.Name, err, strings.Join(complaints, "\n"))
	}
	return nil
}

// isPackage tells an import path, as go build -v prints it, from a complaint.
func isPackage(line string) bool {
	return line != "" && !strings.ContainsAny(line, " \t:#")
}

// countPackages is for the progress alone; 0 when it is unknown.
func (t *Tool) countPackages(ctx context.Context) int {
	args := []string{"list", "-deps"}
	if i := slices.Index(t.args, "-tags"); i >= 0 {
		args = append(args, t.args[i:i+2]...)
	}
	out, err := t.goCommand(ctx, append(args, t.pkg)...).Output()
	if err != nil {
		return 0
	}
	return bytes.Count(out, []byte("\n"))
}

func (t *Tool) goCommand(ctx context.Context, args ...string) *exec.Cmd {
	return goCommand(ctx, t.dir, args...)
}

// goCommand runs go in a tool's module alone: outside the workspace, without
// cgo, and without flags that the environment adds for other builds.
func goCommand(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0", "GOFLAGS=")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

func goEnv(ctx context.Context, dir, name string) (string, error) {
	out, err := goCommand(ctx, dir, "env", name).Output()
	if err != nil {
		return "", fmt.Errorf("go env %s (Go has to be installed and in PATH): %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// lock takes the file lock between processes; waiting is called about once a
// second until it has it. The kernel frees it when the process ends.
func lock(ctx context.Context, path string, waiting func()) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			_ = f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		waiting()
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, ctx.Err()
		case <-ticker.C:
		}
	}
}

// Printer reports progress as lines, for a terminal or a log: one every ten
// seconds, so that a build of minutes is neither silent nor noisy.
func Printer(w io.Writer) func(Progress) {
	last := -time.Hour
	return func(p Progress) {
		if p.Elapsed-last < 10*time.Second {
			return
		}
		last = p.Elapsed
		fmt.Fprintf(w, "%s: %s\n", p.Tool, p)
	}
}
