package topology

import "slices"

// Ports are the listeners of one service and of its sidecar.
type Ports struct {
	Public int // people, bearer clients, probes, metrics
	App    int // the sidecar's calls; never reachable from outside

	SidecarHTTP     int
	SidecarGRPC     int
	SidecarInternal int // between sidecars
	SidecarMetrics  int
}

// ClusterPorts are the same for each service, since a pod has an address of its
// own. Those of the sidecar are Dapr's defaults in Kubernetes.
var ClusterPorts = Ports{
	Public: 8080, App: 8081,
	SidecarHTTP: 3500, SidecarGRPC: 50001, SidecarInternal: 50002, SidecarMetrics: 9090,
}

// DefaultPortBase is the laptop's first port; the web application answers there.
const DefaultPortBase = 8080

// PortRange is how many ports a laptop's plan takes at the most, from its base on.
const PortRange = 100

// PortPlan gives every listener on a laptop a port of its own.
type PortPlan struct {
	Kafka           int
	Postgres        int
	Scheduler       int
	SchedulerHealth int
	SchedulerEtcd   int
	SchedulerPeer   int
	SchedulerMetric int
	Services        map[string]Ports
}

// LaptopPorts is the plan whose first port is base. The web application is first,
// then the other services in the order of Services, each kind of listener ten
// ports after the one before.
func LaptopPorts(base int) PortPlan {
	plan := PortPlan{
		Kafka: base + 60, Postgres: base + 61,
		Scheduler: base + 70, SchedulerHealth: base + 71, SchedulerEtcd: base + 72,
		SchedulerPeer: base + 73, SchedulerMetric: base + 74,
		Services: map[string]Ports{},
	}
	names := []string{frontend}
	for _, s := range Services() {
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	for i, name := range names {
		first := base + i
		plan.Services[name] = Ports{
			Public: first, App: first + 10,
			SidecarHTTP: first + 20, SidecarGRPC: first + 30, SidecarInternal: first + 40, SidecarMetrics: first + 50,
		}
	}
	return plan
}
