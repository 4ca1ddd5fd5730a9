package environments

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/mail"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rondohq/rondo/platform/topology"
)

var (
	// labelShape is a DNS label, which Kubernetes asks of a namespace (RFC 1123 §2.1).
	labelShape = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	// poolShape is what Azure asks of the name of a pool of Linux nodes.
	poolShape = regexp.MustCompile(`^[a-z][a-z0-9]{0,11}$`)
	// registryShape is a host, perhaps with a port, and a path (OCI distribution §1).
	registryShape = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$`)
	tagShape      = regexp.MustCompile(`^\w[\w.-]{0,127}$`)
	digestShape   = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	versionShape  = regexp.MustCompile(`^1\.\d+$`)
)

// settable are the fields that Settings change, and how.
var settable = map[string]string{
	"edge.host": "host", "edge.issuer": "issuer", "edge.email": "email", "size": "size", "replicas": "replicas",
	"images.registry": "registry", "images.tag": "tag", "images.digests": "digests", "cluster.context": "context",
	"cluster.azure.location": "location", "aiven.project": "aivenProject", "aiven.cloud": "aivenCloud",
	"mirror.charts": "mirrorCharts", "mirror.images": "mirrorImages", "monitoring.traces": "traces",
}

// mistakes collects what is wrong with an environment.
type mistakes struct {
	environment string
	found       []error
}

// inf notes a mistake in a field. Of fields that a stack's configuration sets, the
// key is named as well.
func (m *mistakes) inf(field, format string, args ...any) {
	root, _, _ := strings.Cut(field, "[")
	if key, ok := settable[root]; ok {
		field += " (" + configKey(key) + ")"
	}
	m.found = append(m.found, fmt.Errorf("environment %q: %s "+format, append([]any{m.environment, field}, args...)...))
}

func oneOf[T ~string](m *mistakes, field string, value T, all ...T) {
	if !known(value, all...) {
		m.inf(field, "is %q; it has to be one of %q", value, all)
	}
}

func (m *mistakes) shape(field, value string, shape *regexp.Regexp, want string) {
	if !shape.MatchString(value) {
		m.inf(field, "is %q, which is no %s", value, want)
	}
}

// Validate returns all that is wrong, joined, so that one preview shows it.
func (e Environment) Validate() error {
	m := &mistakes{environment: e.Name}
	m.shape("name", e.Name, labelShape, "DNS label")
	m.shape("namespace", e.Namespace, labelShape, "DNS label")
	oneOf(m, "size", e.Size, Sizes()...)
	e.validateReplicas(m)
	e.Cluster.validate(m)
	e.Kafka.validate(m)
	oneOf(m, "postgres.provider", e.Postgres.Provider, CloudNativePG, AivenPostgres, ExternalPostgres)
	if e.Postgres.Provider == ExternalPostgres {
		m.address("postgres.external", e.Postgres.External)
	}
	if e.usesAiven() {
		m.shape("aiven.project", e.Aiven.Project, labelShape, "name of a project")
		m.shape("aiven.cloud", e.Aiven.Cloud, labelShape, "name of a cloud")
	}
	e.Edge.validate(m)
	e.validateOperators(m)
	e.validateImages(m)
	e.validateState(m)
	return errors.Join(m.found...)
}

func (e Environment) validateReplicas(m *mistakes) {
	for _, name := range slices.Sorted(maps.Keys(e.Replicas)) {
		field, bounds := fmt.Sprintf("replicas[%s]", name), e.Replicas[name]
		s, ok := topology.ServiceNamed(name)
		if !ok {
			m.inf(field, "is of no service")
			continue
		}
		if bounds.Min < 1 || bounds.Max < bounds.Min {
			m.inf(field, "is %d to %d", bounds.Min, bounds.Max)
		}
		s.Replicas = bounds
		if most := s.MaxReplicas(); most < bounds.Max {
			m.inf(field, "is up to %d, above the %d partitions of a topic that it reads", bounds.Max, most)
		}
	}
}

func (c Cluster) validate(m *mistakes) {
	oneOf(m, "cluster.provider", c.Provider, ExistingCluster, AzureKubernetes)
	if c.APIPort < 1 || c.APIPort > 65535 {
		m.inf("cluster.api_port", "is %d, which is no port", c.APIPort)
	}
	switch c.Provider {
	case ExistingCluster:
		if c.Context == "" {
			m.inf("cluster.context", "is missing")
		}
	case AzureKubernetes:
		c.Azure.validate(m)
	}
}

func (a Azure) validate(m *mistakes) {
	m.shape("cluster.azure.location", a.Location, labelShape, "region")
	m.shape("cluster.azure.kubernetes_version", a.KubernetesVersion, versionShape, "minor version of Kubernetes")
	networks := map[string]netip.Prefix{}
	for _, n := range []struct{ name, text string }{
		{"network", a.Network}, {"nodes", a.Nodes}, {"pods", a.Pods}, {"services", a.Services},
	} {
		prefix, err := netip.ParsePrefix(n.text)
		if err != nil || prefix != prefix.Masked() {
			m.inf("cluster.azure."+n.name, "is %q, which is no CIDR of a network", n.text)
			continue
		}
		networks[n.name] = prefix
	}
	if len(networks) == 4 {
		if network, nodes := networks["network"], networks["nodes"]; !network.Contains(nodes.Addr()) || nodes.Bits() < network.Bits() {
			m.inf("cluster.azure.nodes", "is %s, outside of the network %s", nodes, network)
		}
		for _, pair := range [][2]string{{"pods", "network"}, {"services", "network"}, {"pods", "services"}} {
			if networks[pair[0]].Overlaps(networks[pair[1]]) {
				m.inf("cluster.azure."+pair[0], "overlaps with %s", pair[1])
			}
		}
	}
	if !slices.ContainsFunc(a.Pools, func(p NodePool) bool { return p.System }) {
		m.inf("cluster.azure.pools", "has no system pool")
	}
	for i, p := range a.Pools {
		field := fmt.Sprintf("cluster.azure.pools[%d]", i)
		m.shape(field+".name", p.Name, poolShape, "name of a pool")
		if p.VMSize == "" {
			m.inf(field+".vm_size", "is missing")
		}
		if p.Nodes.Min < 1 || p.Nodes.Max < p.Nodes.Min {
			m.inf(field+".nodes", "is %d to %d", p.Nodes.Min, p.Nodes.Max)
		}
	}
}

func (k Kafka) validate(m *mistakes) {
	oneOf(m, "kafka.provider", k.Provider, Redpanda, AivenKafka, ExternalKafka)
	switch d := k.Durability; {
	case d.Replication < 1 || d.MinInSync < 1:
		m.inf("kafka.durability", "needs at least one replica and one in sync, not %d and %d", d.Replication, d.MinInSync)
	case d.MinInSync > d.Replication:
		m.inf("kafka.durability", "can't have %d replicas in sync of %d", d.MinInSync, d.Replication)
	case d.Replication > 1 && d.MinInSync == d.Replication:
		m.inf("kafka.durability", "would refuse writes while one of %d brokers restarts: ask for fewer in sync", d.Replication)
	}
	if k.Provider != ExternalKafka {
		return
	}
	if len(k.External.Brokers) == 0 {
		m.inf("kafka.external.brokers", "is empty")
	}
	for i, broker := range k.External.Brokers {
		m.address(fmt.Sprintf("kafka.external.brokers[%d]", i), broker)
	}
}

// maxProxies is what a service takes, see RONDO_TRUSTED_PROXIES.
const maxProxies = 8

func (e Edge) validate(m *mistakes) {
	oneOf(m, "edge.provider", e.Provider, Gateway, Nginx, ExternalEdge)
	oneOf(m, "edge.issuer", e.Issuer, Issuers()...)
	m.host("edge.host", e.Host)
	if e.Issuer != NoIssuer {
		if address, err := mail.ParseAddress(e.Email); err != nil || address.Address != e.Email {
			m.inf("edge.email", "is %q, which is no address of mail", e.Email)
		}
	}
	if e.Provider != ExternalEdge && e.RequestsPerSecond < 1 {
		m.inf("edge.requests_per_second", "is %d; it has to be 1 at the least", e.RequestsPerSecond)
	}
	if e.Proxies < 0 || e.Proxies > maxProxies {
		m.inf("edge.proxies", "are %d; they have to be from 0 to %d", e.Proxies, maxProxies)
	}
}

func (e Environment) validateOperators(m *mistakes) {
	o := e.Operators
	for _, operator := range []struct {
		name  string
		owner Ownership
	}{
		{"dapr", o.Dapr},
		{"keda", o.KEDA},
		{"cert_manager", o.CertManager},
		{"cloudnative_pg", o.CloudNativePG},
		{"envoy_gateway", o.EnvoyGateway},
		{"ingress_nginx", o.IngressNginx},
	} {
		oneOf(m, "operators."+operator.name, operator.owner, Managed, Present)
	}
	oneOf(m, "monitoring.prometheus", e.Monitoring.Prometheus, Managed, Present)
	m.shape("monitoring.namespace", e.Monitoring.Namespace, labelShape, "DNS label")
	if e.Monitoring.Traces != "" {
		m.address("monitoring.traces", e.Monitoring.Traces)
	}
}

func (e Environment) validateImages(m *mistakes) {
	m.shape("images.registry", e.Images.Registry, registryShape, "registry with an owner")
	m.shape("images.tag", e.Images.Tag, tagShape, "tag")
	for _, name := range slices.Sorted(maps.Keys(e.Images.Digests)) {
		field := fmt.Sprintf("images.digests[%s]", name)
		if _, ok := topology.ServiceNamed(name); !ok {
			m.inf(field, "is of no service")
		}
		m.shape(field, e.Images.Digests[name], digestShape, "digest (sha256:…)")
	}
	if e.Mirror.Images != "" {
		m.shape("mirror.images", e.Mirror.Images, registryShape, "registry")
	}
}

// CheckPinned names every service that would run an image by tag although the
// environment asks for digests. It is apart from Validate, since digests are of a
// deployment and not of an environment.
func (e Environment) CheckPinned() error {
	m := &mistakes{environment: e.Name}
	for _, s := range topology.Services() {
		if e.Images.Pinned && e.Images.Digests[s.Name] == "" {
			m.inf(fmt.Sprintf("images.digests[%s]", s.Name), "is missing: this environment runs images by digest")
		}
	}
	return errors.Join(m.found...)
}

func (e Environment) validateState(m *mistakes) {
	scheme, _, _ := strings.Cut(e.State.Backend, "://")
	oneOf(m, "state.backend", scheme, "file", "azblob", "https")
	provider, _, _ := strings.Cut(e.State.SecretsProvider, "://")
	oneOf(m, "state.secrets_provider", provider, "passphrase", "azurekeyvault")
	if e.Cluster.Provider == AzureKubernetes && provider == "passphrase" {
		m.inf("state.secrets_provider", "is a passphrase, which everyone who deploys would have to know: use a key of Azure Key Vault")
	}
}

// host wants a name of RFC 1123 with at least two labels, of 253 characters at most.
func (m *mistakes) host(field, name string) {
	labels := strings.Split(name, ".")
	good := len(name) <= 253 && len(labels) > 1
	for _, label := range labels {
		good = good && labelShape.MatchString(label)
	}
	if !good {
		m.inf(field, "is %q, which is no host name", name)
	}
}

// address wants host:port.
func (m *mistakes) address(field, text string) {
	host, port, err := net.SplitHostPort(text)
	number, numberErr := strconv.Atoi(port)
	if err != nil || numberErr != nil || host == "" || number < 1 || number > 65535 {
		m.inf(field, "is %q, which is not host:port", text)
	}
}
