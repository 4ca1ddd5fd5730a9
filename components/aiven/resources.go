// Package aiven runs the broker and the database at Aiven. The provider's Go SDK is
// not to be had everywhere, so this package states the few resources that it needs.
package aiven

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/inputs"
)

// Version is the provider's.
const Version = "6.44.0"

// Tokens of the provider's resources and functions that are used.
const (
	kafkaType      = "aiven:index/kafka:Kafka"
	topicType      = "aiven:index/kafkaTopic:KafkaTopic"
	kafkaUserType  = "aiven:index/kafkaUser:KafkaUser"
	aclType        = "aiven:index/kafkaAcl:KafkaAcl"
	pgType         = "aiven:index/pg:Pg"
	pgDatabaseType = "aiven:index/pgDatabase:PgDatabase"
	pgUserType     = "aiven:index/pgUser:PgUser"
	projectType    = "aiven:index/getProject:getProject"
)

// service is what Kafka and Pg have in common.
type service struct {
	Project               string       `json:"project"`
	CloudName             string       `json:"cloudName"`
	Plan                  string       `json:"plan"`
	ServiceName           string       `json:"serviceName"`
	TerminationProtection bool         `json:"terminationProtection"`
	MaintenanceWindowDow  string       `json:"maintenanceWindowDow"`
	MaintenanceWindowTime string       `json:"maintenanceWindowTime"`
	KafkaUserConfig       *kafkaConfig `json:"kafkaUserConfig,omitempty"`
	PgUserConfig          *pgConfig    `json:"pgUserConfig,omitempty"`
}

type kafkaConfig struct {
	AuthenticationMethods authenticationMethods `json:"kafkaAuthenticationMethods"`
	Kafka                 brokerConfig          `json:"kafka"`
}

type authenticationMethods struct {
	SASL        bool `json:"sasl"`
	Certificate bool `json:"certificate"`
}

type brokerConfig struct {
	AutoCreateTopicsEnable   bool `json:"autoCreateTopicsEnable"`
	DefaultReplicationFactor int  `json:"defaultReplicationFactor"`
	MinInsyncReplicas        int  `json:"minInsyncReplicas"`
	MessageMaxBytes          int  `json:"messageMaxBytes"`
}

type pgConfig struct {
	PgVersion string `json:"pgVersion"`
}

type topic struct {
	Project               string             `json:"project"`
	ServiceName           pulumi.StringInput `json:"serviceName"`
	TopicName             string             `json:"topicName"`
	Partitions            int                `json:"partitions"`
	Replication           int                `json:"replication"`
	TerminationProtection bool               `json:"terminationProtection"`
	Config                topicConfig        `json:"config"`
}

// topicConfig has numbers as texts, as the provider does.
type topicConfig struct {
	CleanupPolicy     string `json:"cleanupPolicy"`
	RetentionMs       string `json:"retentionMs"`
	MinInsyncReplicas string `json:"minInsyncReplicas"`
}

type user struct {
	Project     string             `json:"project"`
	ServiceName pulumi.StringInput `json:"serviceName"`
	Username    string             `json:"username"`
	Password    pulumi.StringInput `json:"password"`
}

type acl struct {
	Project     string             `json:"project"`
	ServiceName pulumi.StringInput `json:"serviceName"`
	Topic       string             `json:"topic"`
	Permission  string             `json:"permission"`
	Username    string             `json:"username"`
}

type pgDatabase struct {
	Project               string             `json:"project"`
	ServiceName           pulumi.StringInput `json:"serviceName"`
	DatabaseName          string             `json:"databaseName"`
	TerminationProtection bool               `json:"terminationProtection"`
}

// kafkaService and pgService are what the provider says of a service.
type kafkaService struct {
	pulumi.CustomResourceState

	ServiceName pulumi.StringOutput `pulumi:"serviceName"`
	// Components are the addresses, by way of signing in.
	Components pulumi.ArrayOutput `pulumi:"components"`
}

type pgService struct {
	pulumi.CustomResourceState

	ServiceName     pulumi.StringOutput `pulumi:"serviceName"`
	ServiceHost     pulumi.StringOutput `pulumi:"serviceHost"`
	ServicePort     pulumi.IntOutput    `pulumi:"servicePort"`
	ServiceUsername pulumi.StringOutput `pulumi:"serviceUsername"`
	ServicePassword pulumi.StringOutput `pulumi:"servicePassword"`
}

// register registers a resource of the provider. args is one of the structs above.
func register(ctx *pulumi.Context, token, name string, args any, state pulumi.CustomResource, opts ...pulumi.ResourceOption) error {
	if err := ctx.RegisterResource(token, name, inputs.Of(args), state, append(opts, pulumi.Version(Version))...); err != nil {
		return fmt.Errorf("%s %q: %w", token, name, err)
	}
	return nil
}

// plain is a resource of which nothing has to be known.
func plain(ctx *pulumi.Context, token, name string, args any, opts ...pulumi.ResourceOption) error {
	return register(ctx, token, name, args, &pulumi.CustomResourceState{}, opts...)
}

type projectArgs struct {
	Project string `pulumi:"project"`
}

type projectResult struct {
	CACert string `pulumi:"caCert"`
}

// authority is the one that signs the certificates of a project's services.
func authority(ctx *pulumi.Context, project string, opts ...pulumi.InvokeOption) (pulumi.StringInput, error) {
	var result projectResult
	if err := ctx.Invoke(projectType, &projectArgs{Project: project}, &result, append(opts, pulumi.Version(Version))...); err != nil {
		return nil, fmt.Errorf("the authority of Aiven's project %q: %w", project, err)
	}
	return pulumi.String(result.CACert), nil
}
