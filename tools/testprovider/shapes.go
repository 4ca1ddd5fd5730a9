package testprovider

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// shape is what a provider adds to the inputs of a resource once it exists.
type shape func(id resource.ID, inputs resource.PropertyMap) resource.PropertyMap

// shapes are by type. A Kubernetes object needs none: it is its own outputs.
var shapes = map[tokens.Type]shape{
	"kubernetes:helm.sh/v3:Release": release,

	"random:index/randomPassword:RandomPassword": password,
	"random:index/randomString:RandomString":     password,
	"random:index/randomBytes:RandomBytes":       randomBytes,

	"azure-native:resources:ResourceGroup":                     azure("/resourceGroups/"),
	"azure-native:network:VirtualNetwork":                      azure("/providers/Microsoft.Network/virtualNetworks/"),
	"azure-native:network:Subnet":                              azure("/providers/Microsoft.Network/subnets/"),
	"azure-native:managedidentity:UserAssignedIdentity":        identity,
	"azure-native:managedidentity:FederatedIdentityCredential": azure("/federatedIdentityCredentials/"),
	"azure-native:authorization:RoleAssignment":                azure("/providers/Microsoft.Authorization/roleAssignments/"),
	"azure-native:containerservice:ManagedCluster":             managedCluster,
	"azure-native:containerservice:AgentPool":                  azure("/agentPools/"),

	"aiven:index/kafka:Kafka":           aivenService,
	"aiven:index/kafkaTopic:KafkaTopic": nothing,
	"aiven:index/kafkaUser:KafkaUser":   aivenUser,
	"aiven:index/kafkaAcl:KafkaAcl":     aivenACL,
	"aiven:index/pg:Pg":                 aivenService,
	"aiven:index/pgDatabase:PgDatabase": nothing,
	"aiven:index/pgUser:PgUser":         aivenUser,
}

// functions are what the program calls without making anything.
var functions = map[tokens.Type]func(args resource.PropertyMap) resource.PropertyMap{
	"aiven:index/getProject:getProject": func(args resource.PropertyMap) resource.PropertyMap {
		return properties(map[string]any{
			"project": args["project"].StringValue(),
			"caCert":  "-----BEGIN CERTIFICATE-----\n" + digest("authority") + "\n-----END CERTIFICATE-----\n",
		})
	},
	"azure-native:authorization:getClientConfig": func(resource.PropertyMap) resource.PropertyMap {
		return properties(map[string]any{
			"clientId": guid("client"), "objectId": guid("object"), "subscriptionId": subscription, "tenantId": guid("tenant"),
		})
	},
	"azure-native:containerservice:listManagedClusterUserCredentials": func(args resource.PropertyMap) resource.PropertyMap {
		text := fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: %s\n", args["resourceName"].StringValue())
		return properties(map[string]any{"kubeconfigs": []any{
			map[string]any{"name": "clusterUser", "value": base64.StdEncoding.EncodeToString([]byte(text))},
		}})
	},
}

var subscription = guid("subscription")

// outputs are the inputs with what the shape adds; before the resource exists
// (no id), what it adds is unknown.
func outputs(t tokens.Type, id resource.ID, inputs resource.PropertyMap) resource.PropertyMap {
	all := inputs.Copy()
	for key, value := range shapes[t](id, inputs) {
		if id == "" {
			value = resource.MakeComputed(resource.NewProperty(""))
		}
		all[key] = value
	}
	return all
}

func nothing(resource.ID, resource.PropertyMap) resource.PropertyMap { return nil }

func release(id resource.ID, inputs resource.PropertyMap) resource.PropertyMap {
	name := inputs["name"]
	if !name.IsString() {
		name = resource.NewProperty(string(id))
	}
	return resource.PropertyMap{
		"name": name,
		"status": resource.NewProperty(resource.PropertyMap{
			"name": name, "namespace": inputs["namespace"], "revision": resource.NewProperty(1.0),
			"status": resource.NewProperty("deployed"), "version": inputs["version"],
		}),
	}
}

func password(id resource.ID, inputs resource.PropertyMap) resource.PropertyMap {
	text := digest(string(id))
	if length := inputs["length"]; length.IsNumber() {
		text = (text + text + text)[:int(length.NumberValue())]
	}
	return resource.PropertyMap{"result": resource.MakeSecret(resource.NewProperty(text))}
}

func randomBytes(id resource.ID, _ resource.PropertyMap) resource.PropertyMap {
	bytes := []byte(digest(string(id)))
	return resource.PropertyMap{
		"base64": resource.MakeSecret(resource.NewProperty(base64.StdEncoding.EncodeToString(bytes))),
		"hex":    resource.MakeSecret(resource.NewProperty(hex.EncodeToString(bytes))),
	}
}

// azure is a resource that has nothing but its address and its name.
func azure(path string) shape {
	return func(id resource.ID, _ resource.PropertyMap) resource.PropertyMap {
		return properties(map[string]any{"id": "/subscriptions/" + subscription + path + string(id), "name": string(id)})
	}
}

func identity(id resource.ID, inputs resource.PropertyMap) resource.PropertyMap {
	all := azure("/providers/Microsoft.ManagedIdentity/userAssignedIdentities/")(id, inputs)
	maps.Copy(all, properties(map[string]any{
		"clientId": guid(string(id) + "client"), "principalId": guid(string(id) + "principal"), "tenantId": guid("tenant"),
	}))
	return all
}

func managedCluster(id resource.ID, inputs resource.PropertyMap) resource.PropertyMap {
	all := azure("/providers/Microsoft.ContainerService/managedClusters/")(id, inputs)
	maps.Copy(all, properties(map[string]any{
		"fqdn":              string(id) + ".hcp.example.test",
		"nodeResourceGroup": "nodes-of-" + string(id),
		"identityProfile": map[string]any{"kubeletidentity": map[string]any{
			"clientId": guid(string(id) + "kubelet"), "objectId": guid(string(id) + "kubelet-object"),
		}},
	}))
	issuer := object(inputs["oidcIssuerProfile"]).Copy()
	issuer["issuerURL"] = resource.NewProperty("https://issuer.example.test/" + string(id) + "/")
	all["oidcIssuerProfile"] = resource.NewProperty(issuer)
	return all
}

func aivenService(id resource.ID, _ resource.PropertyMap) resource.PropertyMap {
	host := string(id) + ".aiven.example.test"
	address := func(method string, port float64) map[string]any {
		return map[string]any{
			"component": "kafka", "kafkaAuthenticationMethod": method, "route": "dynamic", "host": host, "port": port,
		}
	}
	all := properties(map[string]any{
		"serviceHost": host, "servicePort": 12691.0, "serviceUsername": "avnadmin", "state": "RUNNING",
		"components": []any{address("certificate", 12694), address("sasl", 12705)},
	})
	all["servicePassword"] = secret(string(id) + "password")
	return all
}

func aivenUser(id resource.ID, inputs resource.PropertyMap) resource.PropertyMap {
	all := resource.PropertyMap{
		"accessCert": secret(string(id) + "cert"),
		"accessKey":  secret(string(id) + "key"),
		"type":       resource.NewProperty("normal"),
	}
	if _, given := inputs["password"]; !given {
		all["password"] = secret(string(id) + "password")
	}
	return all
}

func aivenACL(id resource.ID, _ resource.PropertyMap) resource.PropertyMap {
	return properties(map[string]any{"aclId": digest(string(id))[:12]})
}

func properties(m map[string]any) resource.PropertyMap { return resource.NewPropertyMapFromMap(m) }

func secret(of string) resource.PropertyValue {
	return resource.MakeSecret(resource.NewProperty(digest(of)))
}

// digest is text that nobody would guess to be in a file by chance, and the same
// each time.
func digest(of string) string {
	sum := sha256.Sum256([]byte("testprovider " + of))
	return hex.EncodeToString(sum[:])
}

func guid(of string) string {
	d := digest(of)
	return d[:8] + "-" + d[8:12] + "-" + d[12:16] + "-" + d[16:20] + "-" + d[20:32]
}
