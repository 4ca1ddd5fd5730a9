// Package azure makes a Kubernetes cluster in Azure (AKS) in a network of its own.
package azure

import (
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-azure-native-sdk/authorization/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/containerservice/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/managedidentity/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/network/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/resources/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/inputs"
	"github.com/rondohq/rondo/environments"
)

// Type is the type of the component.
const Type = "rondo:azure:Cluster"

// networkContributor is Azure's built-in role of that name: the cluster's identity
// joins nodes and load balancers to the network.
const networkContributor = "/providers/Microsoft.Authorization/roleDefinitions/4d97b98b-1d4f-4787-a291-c67834d212e7"

// Args are the inputs.
type Args struct {
	// Name is part of the name of everything.
	Name    string
	Cluster environments.Azure
}

// Cluster is a cluster of AKS.
type Cluster struct {
	pulumi.ResourceState

	// Kubeconfig is secret: it signs in.
	Kubeconfig pulumi.StringOutput `pulumi:"kubeconfig"`
	// Issuer is the address at which others check the identity of a pod (OIDC).
	Issuer pulumi.StringOutput `pulumi:"issuer"`
}

// New registers a Cluster. Nothing is registered when the arguments are wrong.
func New(ctx *pulumi.Context, name string, args Args, opts ...pulumi.ResourceOption) (*Cluster, error) {
	err := inputs.Check(Type, name,
		inputs.Need{What: "the name", There: args.Name != ""},
		inputs.Need{What: "the location", There: args.Cluster.Location != ""},
		inputs.Need{What: "a pool of nodes", There: len(args.Cluster.Pools) > 0},
	)
	if err != nil {
		return nil, err
	}
	c := &Cluster{}
	if err := ctx.RegisterComponentResource(Type, name, c, opts...); err != nil {
		return nil, err
	}
	location, parent := pulumi.String(args.Cluster.Location), pulumi.Parent(c)
	group, err := resources.NewResourceGroup(ctx, args.Name, &resources.ResourceGroupArgs{
		ResourceGroupName: pulumi.String(args.Name), Location: location,
	}, parent)
	if err != nil {
		return nil, err
	}
	nodes, err := c.network(ctx, args, group)
	if err != nil {
		return nil, err
	}
	identity, err := managedidentity.NewUserAssignedIdentity(ctx, args.Name, &managedidentity.UserAssignedIdentityArgs{
		ResourceGroupName: group.Name, ResourceName: pulumi.String(args.Name), Location: location,
	}, parent)
	if err != nil {
		return nil, err
	}
	grant, err := authorization.NewRoleAssignment(ctx, args.Name+"-network", &authorization.RoleAssignmentArgs{
		PrincipalId: identity.PrincipalId, PrincipalType: pulumi.String("ServicePrincipal"),
		RoleDefinitionId: pulumi.String(networkContributor), Scope: nodes,
	}, parent)
	if err != nil {
		return nil, err
	}
	made, err := containerservice.NewManagedCluster(ctx, args.Name,
		args.cluster(group.Name, nodes, identity.ID().ToStringOutput()),
		parent, pulumi.DependsOn([]pulumi.Resource{grant}))
	if err != nil {
		return nil, err
	}
	c.Issuer = made.OidcIssuerProfile.IssuerURL().Elem()
	c.Kubeconfig = kubeconfig(ctx, group.Name, made.Name, parent)
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"kubeconfig": c.Kubeconfig, "issuer": c.Issuer})
}

// network makes the network and returns the id of the nodes' part of it.
func (c *Cluster) network(ctx *pulumi.Context, args Args, group *resources.ResourceGroup) (pulumi.StringOutput, error) {
	whole, err := network.NewVirtualNetwork(ctx, args.Name, &network.VirtualNetworkArgs{
		ResourceGroupName: group.Name, VirtualNetworkName: pulumi.String(args.Name), Location: pulumi.String(args.Cluster.Location),
		AddressSpace: &network.AddressSpaceArgs{AddressPrefixes: pulumi.ToStringArray([]string{args.Cluster.Network})},
	}, pulumi.Parent(c))
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	nodes, err := network.NewSubnet(ctx, args.Name+"-nodes", &network.SubnetArgs{
		ResourceGroupName: group.Name, VirtualNetworkName: whole.Name, SubnetName: pulumi.String("nodes"),
		AddressPrefix: pulumi.String(args.Cluster.Nodes),
	}, pulumi.Parent(c))
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return nodes.ID().ToStringOutput(), nil
}

func (args Args) cluster(group, nodes, identity pulumi.StringOutput) *containerservice.ManagedClusterArgs {
	pools := containerservice.ManagedClusterAgentPoolProfileArray{}
	for _, p := range args.Cluster.Pools {
		mode := "User"
		if p.System {
			mode = "System"
		}
		pools = append(pools, &containerservice.ManagedClusterAgentPoolProfileArgs{
			Name: pulumi.String(p.Name), Mode: pulumi.String(mode), VmSize: pulumi.String(p.VMSize),
			OsType: pulumi.String("Linux"), OsSKU: pulumi.String("AzureLinux"), Type: pulumi.String("VirtualMachineScaleSets"),
			EnableAutoScaling: pulumi.Bool(true),
			Count:             pulumi.Int(p.Nodes.Min), MinCount: pulumi.Int(p.Nodes.Min), MaxCount: pulumi.Int(p.Nodes.Max),
			AvailabilityZones: pulumi.ToStringArray(p.Zones), VnetSubnetID: nodes,
			UpgradeSettings: &containerservice.AgentPoolUpgradeSettingsArgs{MaxSurge: pulumi.String("33%")},
		})
	}
	on := pulumi.Bool(true)
	return &containerservice.ManagedClusterArgs{
		ResourceGroupName: group, ResourceName: pulumi.String(args.Name), Location: pulumi.String(args.Cluster.Location),
		DnsPrefix: pulumi.String(args.Name), KubernetesVersion: pulumi.String(args.Cluster.KubernetesVersion),
		EnableRBAC: on,
		Sku:        &containerservice.ManagedClusterSKUArgs{Name: pulumi.String("Base"), Tier: pulumi.String("Standard")},
		Identity: &containerservice.ManagedClusterIdentityArgs{
			Type:                   containerservice.ResourceIdentityTypeUserAssigned,
			UserAssignedIdentities: pulumi.StringArray{identity},
		},
		AgentPoolProfiles: pools,
		NetworkProfile: &containerservice.ContainerServiceNetworkProfileArgs{
			NetworkPlugin: pulumi.String("azure"), NetworkPluginMode: pulumi.String("overlay"),
			NetworkDataplane: pulumi.String("cilium"), NetworkPolicy: pulumi.String("cilium"),
			PodCidr: pulumi.String(args.Cluster.Pods), ServiceCidr: pulumi.String(args.Cluster.Services),
			DnsServiceIP: pulumi.String(dnsAddress(args.Cluster.Services)), LoadBalancerSku: pulumi.String("standard"),
		},
		OidcIssuerProfile: &containerservice.ManagedClusterOIDCIssuerProfileArgs{Enabled: on},
		SecurityProfile: &containerservice.ManagedClusterSecurityProfileArgs{
			WorkloadIdentity: &containerservice.ManagedClusterSecurityProfileWorkloadIdentityArgs{Enabled: on},
			ImageCleaner:     &containerservice.ManagedClusterSecurityProfileImageCleanerArgs{Enabled: on, IntervalHours: pulumi.Int(168)},
		},
		// Patches come by themselves, minor versions by a change of the environment.
		AutoUpgradeProfile: &containerservice.ManagedClusterAutoUpgradeProfileArgs{UpgradeChannel: pulumi.String("patch")},
	}
}

// kubeconfig asks for the cluster's credentials once it exists.
func kubeconfig(ctx *pulumi.Context, group, name pulumi.StringInput, opts ...pulumi.InvokeOption) pulumi.StringOutput {
	credentials := containerservice.ListManagedClusterUserCredentialsOutput(ctx, containerservice.ListManagedClusterUserCredentialsOutputArgs{
		ResourceGroupName: group, ResourceName: name,
	}, opts...)
	//nolint:errcheck,forcetypeassert // the function's type
	text := credentials.ApplyT(func(r containerservice.ListManagedClusterUserCredentialsResult) (string, error) {
		if len(r.Kubeconfigs) == 0 {
			return "", errors.New("the cluster has no credentials")
		}
		text, err := base64.StdEncoding.DecodeString(r.Kubeconfigs[0].Value)
		if err != nil {
			return "", fmt.Errorf("the cluster's kubeconfig: %w", err)
		}
		return string(text), nil
	}).(pulumi.StringOutput)
	return inputs.Secret(text)
}
