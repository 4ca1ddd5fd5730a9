package dapr

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/manifest"
)

// Kinds of objects, as version 1.18 defines them.
var (
	componentKind     = manifest.Kind{APIVersion: "dapr.io/v1alpha1", Name: "Component"}
	subscriptionKind  = manifest.Kind{APIVersion: "dapr.io/v2alpha1", Name: "Subscription"}
	configurationKind = manifest.Kind{APIVersion: "dapr.io/v1alpha1", Name: "Configuration"}
	resiliencyKind    = manifest.Kind{APIVersion: "dapr.io/v1alpha1", Name: "Resiliency"}
)

type component struct {
	Spec   componentSpec `json:"spec"`
	Auth   *auth         `json:"auth,omitempty"`
	Scopes []string      `json:"scopes"`
}

type componentSpec struct {
	Type     string    `json:"type"`
	Version  string    `json:"version"`
	Metadata []setting `json:"metadata"`
}

// setting is a value, or the key of a secret that holds it.
type setting struct {
	Name         string             `json:"name"`
	Value        pulumi.StringInput `json:"value,omitempty"`
	SecretKeyRef *secretKey         `json:"secretKeyRef,omitempty"`
}

type secretKey struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

type auth struct {
	SecretStore string `json:"secretStore"`
}

type subscription struct {
	Spec   subscriptionSpec `json:"spec"`
	Scopes []string         `json:"scopes"`
}

type subscriptionSpec struct {
	PubSub          string `json:"pubsubname"`
	Topic           string `json:"topic"`
	Routes          routes `json:"routes"`
	DeadLetterTopic string `json:"deadLetterTopic,omitempty"`
}

type routes struct {
	Default string `json:"default"`
}

type configuration struct {
	Spec configurationSpec `json:"spec"`
}

type configurationSpec struct {
	AccessControl accessControl `json:"accessControl"`
	Secrets       secretScopes  `json:"secrets"`
	Metrics       metrics       `json:"metrics"`
	Tracing       tracing       `json:"tracing"`
}

type accessControl struct {
	DefaultAction string   `json:"defaultAction"`
	TrustDomain   string   `json:"trustDomain"`
	Policies      []policy `json:"policies,omitempty"`
}

type policy struct {
	AppID         string             `json:"appId"`
	DefaultAction string             `json:"defaultAction"`
	TrustDomain   string             `json:"trustDomain"`
	Namespace     pulumi.StringInput `json:"namespace"`
}

type secretScopes struct {
	Scopes []secretScope `json:"scopes"`
}

type secretScope struct {
	StoreName      string   `json:"storeName"`
	DefaultAccess  string   `json:"defaultAccess"`
	AllowedSecrets []string `json:"allowedSecrets,omitempty"`
}

type metrics struct {
	Enabled bool        `json:"enabled"`
	HTTP    httpMetrics `json:"http"`
}

type httpMetrics struct {
	IncreasedCardinality bool `json:"increasedCardinality"`
}

type tracing struct {
	SamplingRate string `json:"samplingRate"`
	Otel         *otel  `json:"otel,omitempty"`
}

type otel struct {
	EndpointAddress string `json:"endpointAddress"`
	IsSecure        bool   `json:"isSecure"`
	Protocol        string `json:"protocol"`
}

type resiliency struct {
	Spec   resiliencySpec `json:"spec"`
	Scopes []string       `json:"scopes"`
}

type resiliencySpec struct {
	Policies policies `json:"policies"`
	Targets  targets  `json:"targets"`
}

type policies struct {
	Retries map[string]retry `json:"retries"`
}

type retry struct {
	Policy     string    `json:"policy"`
	Duration   string    `json:"duration"`
	MaxRetries int       `json:"maxRetries"`
	Matching   *matching `json:"matching,omitempty"`
}

type matching struct {
	HTTPStatusCodes string `json:"httpStatusCodes"`
	GRPCStatusCodes string `json:"gRPCStatusCodes"`
}

type targets struct {
	Apps       map[string]appTarget       `json:"apps,omitempty"`
	Components map[string]componentTarget `json:"components,omitempty"`
}

type appTarget struct {
	Retry string `json:"retry"`
}

type componentTarget struct {
	Inbound appTarget `json:"inbound"`
}
