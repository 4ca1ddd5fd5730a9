package namespace

import (
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	networkingv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/networking/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/manifest"
	"github.com/rondohq/rondo/platform/topology"
)

// MigrationsName is the label of the pods that migrate the database.
const MigrationsName = "migrations"

// policy is what some pods may do besides nothing.
type policy struct {
	name string
	// pods is the name that they are labelled with; empty: all pods.
	pods    pulumi.StringMap
	ingress []rule
	egress  []rule
}

// rule allows one kind of connection.
type rule struct {
	peers networkingv1.NetworkPolicyPeerArray // none: anyone
	tcp   []pulumi.IntInput                   // none: any port
	udp   []pulumi.IntInput
}

// policies are all that is allowed. What nobody allows is refused.
func (a Args) policies() []policy {
	policies := []policy{{name: "default-deny"}, {
		name: "dns",
		egress: []rule{{
			peers: inNamespace("kube-system"),
			tcp:   ports(53), udp: ports(53),
		}},
	}}
	for _, s := range a.Services {
		policies = append(policies, policy{name: s.Name, pods: named(s.Name), ingress: a.ingress(s), egress: a.egress(s)})
	}
	policies = append(policies, policy{
		name: MigrationsName, pods: named(MigrationsName), egress: []rule{a.Postgres.rule()},
	})
	if a.Solvers {
		policies = append(policies, policy{
			name: "certificate-solver", pods: pulumi.StringMap{"acme.cert-manager.io/http01-solver": pulumi.String("true")},
			ingress: []rule{{peers: inNamespace(a.Edge), tcp: ports(8089)}},
		})
	}
	return policies
}

func (a Args) ingress(s topology.Service) []rule {
	p := topology.ClusterPorts
	rules := []rule{{peers: inNamespace(a.Monitoring), tcp: ports(p.Public, p.SidecarMetrics)}}
	if len(s.EdgePaths) > 0 {
		edge := rule{tcp: ports(p.Public)}
		if a.Edge != "" {
			edge.peers = inNamespace(a.Edge)
		}
		rules = append(rules, edge)
	}
	for _, caller := range topology.CallersOf(s.Name) {
		rules = append(rules, rule{peers: pods(caller), tcp: ports(p.SidecarInternal)})
	}
	return rules
}

func (a Args) egress(s topology.Service) []rule {
	rules := []rule{
		{peers: inNamespace(a.Dapr)},
		// The sidecar reads secrets from the cluster's API, which has no pod to name.
		{tcp: ports(a.APIPort)},
	}
	for _, callee := range s.Invokes {
		rules = append(rules, rule{peers: pods(callee), tcp: ports(topology.ClusterPorts.SidecarInternal)})
	}
	if len(s.Publishes) > 0 || len(s.Subscribes) > 0 {
		rules = append(rules, a.Kafka.rule())
	}
	if s.UsesDatabase || s.UsesState {
		rules = append(rules, a.Postgres.rule())
	}
	if len(s.ExtraSecrets) > 0 {
		// A credential from outside is for somebody outside.
		rules = append(rules, rule{peers: internet()})
	}
	if a.Collector != 0 {
		rules = append(rules, rule{tcp: ports(a.Collector)})
	}
	return rules
}

func (e Endpoint) rule() rule {
	r := rule{tcp: e.Ports}
	if e.Namespace != "" {
		r.peers = inNamespace(e.Namespace)
	}
	return r
}

func ports(numbers ...int) []pulumi.IntInput {
	all := make([]pulumi.IntInput, len(numbers))
	for i, number := range numbers {
		all[i] = pulumi.Int(number)
	}
	return all
}

func named(name string) pulumi.StringMap {
	return pulumi.StringMap{manifest.NameLabel: pulumi.String(name)}
}

func pods(name string) networkingv1.NetworkPolicyPeerArray {
	return networkingv1.NetworkPolicyPeerArray{&networkingv1.NetworkPolicyPeerArgs{
		PodSelector: &metav1.LabelSelectorArgs{MatchLabels: named(name)},
	}}
}

func inNamespace(name string) networkingv1.NetworkPolicyPeerArray {
	return networkingv1.NetworkPolicyPeerArray{&networkingv1.NetworkPolicyPeerArgs{
		NamespaceSelector: &metav1.LabelSelectorArgs{MatchLabels: pulumi.StringMap{manifest.NamespaceLabel: pulumi.String(name)}},
	}}
}

// internet is every address but those of private networks (RFC 1918) and of the
// machines themselves (RFC 3927, where clouds keep their metadata services).
func internet() networkingv1.NetworkPolicyPeerArray {
	return networkingv1.NetworkPolicyPeerArray{&networkingv1.NetworkPolicyPeerArgs{
		IpBlock: &networkingv1.IPBlockArgs{
			Cidr:   pulumi.String("0.0.0.0/0"),
			Except: pulumi.ToStringArray([]string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"}),
		},
	}}
}

func (n *Namespace) allow(ctx *pulumi.Context, p policy) error {
	ingress := networkingv1.NetworkPolicyIngressRuleArray{}
	for _, r := range p.ingress {
		ingress = append(ingress, &networkingv1.NetworkPolicyIngressRuleArgs{From: r.peers, Ports: r.ports()})
	}
	egress := networkingv1.NetworkPolicyEgressRuleArray{}
	for _, r := range p.egress {
		egress = append(egress, &networkingv1.NetworkPolicyEgressRuleArgs{To: r.peers, Ports: r.ports()})
	}
	_, err := networkingv1.NewNetworkPolicy(ctx, p.name, &networkingv1.NetworkPolicyArgs{
		Metadata: manifest.Meta(p.name, n.Name),
		Spec: &networkingv1.NetworkPolicySpecArgs{
			PodSelector: &metav1.LabelSelectorArgs{MatchLabels: p.pods},
			PolicyTypes: pulumi.ToStringArray([]string{"Ingress", "Egress"}),
			Ingress:     ingress, Egress: egress,
		},
	}, pulumi.Parent(n))
	return err
}

func (r rule) ports() networkingv1.NetworkPolicyPortArray {
	var all networkingv1.NetworkPolicyPortArray
	add := func(protocol string, numbers []pulumi.IntInput) {
		for _, number := range numbers {
			all = append(all, &networkingv1.NetworkPolicyPortArgs{Protocol: pulumi.String(protocol), Port: number})
		}
	}
	add("TCP", r.tcp)
	add("UDP", r.udp)
	return all
}
