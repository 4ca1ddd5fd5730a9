// Package laptop is the whole platform on one machine: where its files are, what
// the sidecars are configured with, and the command of each process. All of it
// is derived from platform/topology.
//
// Nothing here decides when a process starts or what happens when it ends; that
// is the supervisor's work, or a test's.
package laptop

import (
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/rondohq/rondo/platform/topology"
)

// DefaultDir is where `rondo up` keeps everything, in the checkout.
const DefaultDir = ".rondo"

// Stack is one platform on this machine.
type Stack struct {
	// Dir holds all of its files; absolute.
	Dir   string
	Ports topology.PortPlan
	// Kafka is host:port of the brokers, comma-separated.
	Kafka       string
	Credentials *Credentials
}

// New describes the stack in dir with the ports from base on. It makes the
// directory and, the first time, the credentials.
func New(dir string, base int) (*Stack, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // PostgreSQL may run as another user below it
		return nil, err
	}
	s := &Stack{Dir: dir, Ports: topology.LaptopPorts(base)}
	s.Kafka = loopback(s.Ports.Kafka)
	if s.Credentials, err = LoadCredentials(filepath.Join(dir, "credentials.json")); err != nil {
		return nil, err
	}
	return s, nil
}

// URL is where the web application answers.
func (s *Stack) URL() string {
	return "http://" + loopback(s.Ports.Services[topology.Frontend.Name].Public)
}

// SecretsFile is the sidecars' secret store.
func (s *Stack) SecretsFile() string { return filepath.Join(s.Dir, "secrets.json") }

// NamesFile is the SQLite database in which sidecars find each other.
func (s *Stack) NamesFile() string { return filepath.Join(s.Dir, "dapr", "names.db") }

// ResourcesDir holds the components, subscriptions and policies of a service's sidecar.
func (s *Stack) ResourcesDir(service string) string {
	return filepath.Join(s.Dir, "dapr", service, "resources")
}

// ConfigFile is the configuration of a service's sidecar.
func (s *Stack) ConfigFile(service string) string {
	return filepath.Join(s.Dir, "dapr", service, "config.yaml")
}

// Binary is a built program.
func (s *Stack) Binary(name string) string { return filepath.Join(s.Dir, "bin", name) }

// LogFile takes the output of a part.
func (s *Stack) LogFile(part string) string { return filepath.Join(s.Dir, "logs", part+".log") }

// PostgresDir is the data directory of PostgreSQL.
func (s *Stack) PostgresDir() string { return filepath.Join(s.Dir, "postgres") }

// KafkaDir holds the embedded broker's data.
func (s *Stack) KafkaDir() string { return filepath.Join(s.Dir, "kafka") }

// SchedulerDir holds the scheduler's jobs.
func (s *Stack) SchedulerDir() string { return filepath.Join(s.Dir, "scheduler") }

// Sidecar describes the sidecar of a service; binary is the built daprd.
func (s *Stack) Sidecar(binary string, service topology.Service) Sidecar {
	p := s.Ports.Services[service.Name]
	return Sidecar{
		Binary: binary, AppID: service.Name, Ports: p,
		ResourcesDir: s.ResourcesDir(service.Name), ConfigFile: s.ConfigFile(service.Name),
		Scheduler: loopback(s.Ports.Scheduler),
		AppToken:  s.Credentials.AppTokens[service.Name], APIToken: s.Credentials.APITokens[service.Name],
		Dir: s.Dir,
	}
}

// Scheduler describes the Dapr scheduler; binary is the built one.
func (s *Stack) Scheduler(binary string) Scheduler {
	return Scheduler{Binary: binary, DataDir: s.SchedulerDir(), Ports: s.Ports}
}

// ServiceEnv is the environment of a service, the process contract of all four.
// Everything secret comes from its sidecar instead.
func (s *Stack) ServiceEnv(service topology.Service) []string {
	p := s.Ports.Services[service.Name]
	return append(os.Environ(),
		"RONDO_PUBLIC_ADDR="+loopback(p.Public),
		"RONDO_APP_ADDR="+loopback(p.App),
		"RONDO_PUBLIC_URL="+s.URL(),
		"DAPR_HTTP_PORT="+strconv.Itoa(p.SidecarHTTP),
		"DAPR_GRPC_PORT="+strconv.Itoa(p.SidecarGRPC),
		"DAPR_API_TOKEN="+s.Credentials.APITokens[service.Name],
	)
}

// ListenPorts maps every port that the stack will listen on to its part. An
// outside broker or server of PostgreSQL needs none.
func (s *Stack) ListenPorts(withKafka, withPostgres bool) map[int]string {
	p := s.Ports
	ports := map[int]string{
		p.Scheduler: "scheduler", p.SchedulerHealth: "scheduler", p.SchedulerEtcd: "scheduler",
		p.SchedulerPeer: "scheduler", p.SchedulerMetric: "scheduler",
	}
	if withKafka {
		ports[p.Kafka] = "kafka"
	}
	if withPostgres {
		ports[p.Postgres] = "postgres"
	}
	for name, sp := range p.Services {
		ports[sp.Public], ports[sp.App] = name, name
		for _, port := range []int{sp.SidecarHTTP, sp.SidecarGRPC, sp.SidecarInternal, sp.SidecarMetrics} {
			ports[port] = SidecarPart(name)
		}
	}
	return ports
}

// SidecarPart is the name of the part that is a service's sidecar.
func SidecarPart(service string) string { return service + "-sidecar" }

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
