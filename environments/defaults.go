package environments

// defaults are what environments have in common; each states only what it does
// otherwise.
func defaults(name string) Environment {
	return Environment{
		Name:      name,
		Namespace: "rondo",
		Size:      Small,
		Rotation:  "first", PushRotation: "first",
		Cluster: Cluster{Provider: ExistingCluster, Context: name, APIPort: 443},
		Edge:    Edge{Provider: Gateway, Issuer: NoIssuer, RequestsPerSecond: 200, Proxies: 1},
		Operators: Operators{
			Dapr: Managed, KEDA: Managed, CertManager: Managed,
			CloudNativePG: Managed, EnvoyGateway: Managed, IngressNginx: Managed,
		},
		Monitoring: Monitoring{Prometheus: Managed, Namespace: "monitoring"},
		Images:     Images{Registry: "ghcr.io/rondohq", Tag: "main"},
		State:      State{Backend: "file://~", SecretsProvider: "passphrase"},
	}
}
