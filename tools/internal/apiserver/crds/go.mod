// Whose CustomResourceDefinitions the API server of the tests gets: what the
// operators ship in their modules. Nothing of them is compiled.
module github.com/rondohq/rondo/tools/internal/apiserver/crds

go 1.26.7

require (
	github.com/cert-manager/cert-manager v1.21.2
	github.com/cloudnative-pg/cloudnative-pg v1.27.1
	github.com/dapr/dapr v1.18.0
	github.com/envoyproxy/gateway v1.9.1
	github.com/kedacore/keda/v2 v2.21.0
	github.com/prometheus-operator/prometheus-operator v0.85.0
	sigs.k8s.io/gateway-api v1.6.3
)
