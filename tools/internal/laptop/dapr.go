package laptop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/process"
)

// Sidecar is one daprd.
type Sidecar struct {
	Binary string // the built daprd
	AppID  string
	// Ports of the service and its sidecar. App 0: there is no service to deliver to.
	Ports        topology.Ports
	ResourcesDir string
	ConfigFile   string
	Scheduler    string // host:port; empty: no jobs
	AppToken     string // what the sidecar shows to the service
	APIToken     string // what the sidecar wants from callers; empty: nothing
	Dir          string // working directory
	LogLevel     string // debug, info (the default), warn or error
}

// Command is a new command that runs the sidecar. Every listener is on loopback.
func (s Sidecar) Command() *exec.Cmd {
	args := []string{
		"--mode", "standalone",
		"--app-id", s.AppID,
		"--resources-path", s.ResourcesDir,
		"--config", s.ConfigFile,
		"--dapr-listen-addresses", host,
		"--dapr-http-port", strconv.Itoa(s.Ports.SidecarHTTP),
		"--dapr-grpc-port", strconv.Itoa(s.Ports.SidecarGRPC),
		"--dapr-internal-grpc-port", strconv.Itoa(s.Ports.SidecarInternal),
		"--dapr-internal-grpc-listen-address", host,
		"--metrics-port", strconv.Itoa(s.Ports.SidecarMetrics),
		"--metrics-listen-address", host,
		"--dapr-graceful-shutdown-seconds", "3",
		// An import is larger than the default of 4 MiB.
		"--max-body-size", "12Mi",
		"--log-as-json",
	}
	if s.Ports.App != 0 {
		args = append(args, "--app-port", strconv.Itoa(s.Ports.App), "--app-protocol", "http", "--app-channel-address", host)
	}
	if s.Scheduler != "" {
		args = append(args, "--scheduler-host-address", s.Scheduler)
	}
	if s.LogLevel != "" {
		args = append(args, "--log-level", s.LogLevel)
	}
	cmd := exec.Command(s.Binary, args...) //nolint:noctx // the caller stops it
	cmd.Dir = s.Dir
	cmd.Env = append(clean(os.Environ()),
		"APP_API_TOKEN="+s.AppToken,
		// The address that it tells other sidecars.
		"DAPR_HOST_IP="+host,
	)
	if s.APIToken != "" {
		cmd.Env = append(cmd.Env, "DAPR_API_TOKEN="+s.APIToken)
	}
	return cmd
}

// Ready wants the sidecar to be able to reach the world: its components are
// loaded. Whether its service is there is the service's own probe.
func (s Sidecar) Ready(ctx context.Context) error {
	return probe(ctx, "http://"+loopback(s.Ports.SidecarHTTP)+"/v1.0/healthz/outbound")
}

// Delivering wants the sidecar to have found its service and to deliver to it.
func (s Sidecar) Delivering(ctx context.Context) error {
	return probe(ctx, "http://"+loopback(s.Ports.SidecarHTTP)+"/v1.0/healthz")
}

// Scheduler is Dapr's scheduler with its own store.
type Scheduler struct {
	Binary  string
	DataDir string
	Ports   topology.PortPlan
}

// Command is a new command that runs the scheduler.
func (s Scheduler) Command() *exec.Cmd {
	const id = "dapr-scheduler-server-0"
	cmd := exec.Command(s.Binary, //nolint:noctx // the caller stops it
		"--mode", "standalone",
		"--id", id,
		"--listen-address", host, "--port", strconv.Itoa(s.Ports.Scheduler),
		"--healthz-listen-address", host, "--healthz-port", strconv.Itoa(s.Ports.SchedulerHealth),
		"--metrics-listen-address", host, "--metrics-port", strconv.Itoa(s.Ports.SchedulerMetric),
		// Sidecars connect to what the scheduler says it is reached at.
		"--override-broadcast-host-port", s.Addr(),
		"--etcd-data-dir", s.DataDir,
		"--etcd-client-listen-address", host, "--etcd-client-port", strconv.Itoa(s.Ports.SchedulerEtcd),
		"--etcd-initial-cluster", fmt.Sprintf("%s=http://%s:%d", id, host, s.Ports.SchedulerPeer),
		// The only member need not wait for votes of others.
		"--etcd-initial-election-tick-advance",
		"--log-as-json",
	)
	cmd.Env = clean(os.Environ())
	return cmd
}

// Addr is what sidecars connect to.
func (s Scheduler) Addr() string { return loopback(s.Ports.Scheduler) }

// Ready wants the scheduler to be healthy.
func (s Scheduler) Ready(ctx context.Context) error {
	return probe(ctx, "http://"+loopback(s.Ports.SchedulerHealth)+"/healthz")
}

const host = "127.0.0.1"

// clean drops what would change how Dapr's programs behave.
func clean(env []string) []string {
	var kept []string
	for _, e := range env {
		if !strings.HasPrefix(e, "DAPR_") && !strings.HasPrefix(e, "APP_API_TOKEN=") && !strings.HasPrefix(e, "NAMESPACE=") {
			kept = append(kept, e)
		}
	}
	return kept
}

var probes = &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}}

// Probe wants a 2xx answer.
func probe(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := probes.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 512))
		return fmt.Errorf("%s answers %s: %s", req.URL.Path, resp.Status, strings.TrimSpace(string(body)))
	}
	return nil
}

// ServiceReady wants /readyz of a service to say yes.
func (s *Stack) ServiceReady(ctx context.Context, service topology.Service) error {
	return probe(ctx, "http://"+loopback(s.Ports.Services[service.Name].Public)+"/readyz")
}

// Run starts a command, with its output in log, and waits until ready says yes.
// It is for tests; the supervisor does the same with more patience.
func Run(ctx context.Context, cmd *exec.Cmd, log io.Writer, ready func(context.Context) error) (*process.Process, error) {
	cmd.Stdout, cmd.Stderr = log, log
	p, err := process.Start(cmd, syscall.SIGKILL)
	if err != nil {
		return nil, err
	}
	if err := AwaitReady(ctx, p, ready); err != nil {
		p.Stop(syscall.SIGKILL, time.Second)
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// AwaitReady polls ready until it says yes, the process ends or ctx is done.
func AwaitReady(ctx context.Context, p *process.Process, ready func(context.Context) error) error {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.Done():
			if p.Err() == nil {
				return errors.New("it ended before it was ready")
			}
			return fmt.Errorf("it ended before it was ready: %w", p.Err())
		case <-ctx.Done():
			return fmt.Errorf("it is not ready: %w", errors.Join(err, ctx.Err()))
		case <-ticker.C:
		}
	}
}
