// Command infra is the Pulumi program of every stack.
package main

import (
	// Pulumi finds the plugins to install by the SDKs that this module requires
	// itself, not by those that components bring.
	_ "github.com/pulumi/pulumi-azure-native-sdk/authorization/v2"
	_ "github.com/pulumi/pulumi-azure-native-sdk/containerservice/v2"
	_ "github.com/pulumi/pulumi-azure-native-sdk/managedidentity/v2"
	_ "github.com/pulumi/pulumi-azure-native-sdk/network/v2"
	_ "github.com/pulumi/pulumi-azure-native-sdk/resources/v2"
	_ "github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/infra/program"
)

func main() { pulumi.Run(program.Run) }
