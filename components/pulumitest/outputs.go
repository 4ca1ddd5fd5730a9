package pulumitest

import (
	"encoding/base64"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Generated is how every credential begins that a provider makes in a run, so that
// a test can look for it where it must not be.
const Generated = "generated-credential-"

// computed are the outputs that providers add to the inputs of the types that our
// programs read from.
var computed = map[string]func(name string) resource.PropertyMap{
	"random:index/randomPassword:RandomPassword": func(name string) resource.PropertyMap {
		return resource.PropertyMap{"result": credential(name)}
	},
	"random:index/randomBytes:RandomBytes": func(name string) resource.PropertyMap {
		bytes := []byte(strings.Repeat(Generated+name, 2))
		return resource.PropertyMap{"base64": resource.MakeSecret(resource.NewStringProperty(base64.StdEncoding.EncodeToString(bytes)))}
	},
	"aiven:index/kafka:Kafka": func(name string) resource.PropertyMap {
		return resource.NewPropertyMapFromMap(map[string]any{"components": []any{
			kafkaAddress(name, "certificate", 24946), kafkaAddress(name, "sasl", 24957),
		}})
	},
	"aiven:index/pg:Pg": func(name string) resource.PropertyMap {
		outputs := resource.NewPropertyMapFromMap(map[string]any{
			"serviceHost": name + ".aivencloud.example", "servicePort": 24944, "serviceUsername": "avnadmin",
		})
		outputs["servicePassword"] = credential(name)
		return outputs
	},
	"azure-native:managedidentity:UserAssignedIdentity": func(string) resource.PropertyMap {
		return resource.NewPropertyMapFromMap(map[string]any{"principalId": "principal"})
	},
	"azure-native:containerservice:ManagedCluster": func(name string) resource.PropertyMap {
		return resource.NewPropertyMapFromMap(map[string]any{
			"name": name, "oidcIssuerProfile": map[string]any{"enabled": true, "issuerURL": "https://issuer.example/" + name},
		})
	},
	"azure-native:resources:ResourceGroup": named,
	"azure-native:network:VirtualNetwork":  named,
}

// answers are those of providers' functions.
var answers = map[string]resource.PropertyMap{
	"aiven:index/getProject:getProject": resource.NewPropertyMapFromMap(map[string]any{"caCert": "-----BEGIN CERTIFICATE-----\n"}),
	"azure-native:containerservice:listManagedClusterUserCredentials": resource.NewPropertyMapFromMap(map[string]any{
		"kubeconfigs": []any{map[string]any{
			"name": "clusterUser", "value": base64.StdEncoding.EncodeToString([]byte(Generated + "kubeconfig")),
		}},
	}),
}

func kafkaAddress(name, method string, port int) map[string]any {
	return map[string]any{
		"component": "kafka", "kafkaAuthenticationMethod": method, "route": "dynamic",
		"host": name + ".aivencloud.example", "port": port,
	}
}

func credential(name string) resource.PropertyValue {
	return resource.MakeSecret(resource.NewStringProperty(Generated + name))
}

func named(name string) resource.PropertyMap {
	return resource.NewPropertyMapFromMap(map[string]any{"name": name})
}

// Setting is a key of the stack's configuration, with its namespace.
type Setting struct {
	Key, Value string
	Secret     bool
}

func configure(settings []Setting) pulumi.RunOption {
	return func(info *pulumi.RunInfo) {
		info.Config = map[string]string{}
		for _, s := range settings {
			info.Config[s.Key] = s.Value
			if s.Secret {
				info.ConfigSecretKeys = append(info.ConfigSecretKeys, s.Key)
			}
		}
	}
}

// Plain is a value without what Pulumi wraps around it: maps, slices, strings,
// numbers and booleans, as JSON has them.
func Plain(v resource.PropertyValue) any {
	switch {
	case v.IsSecret():
		return Plain(v.SecretValue().Element)
	case v.IsOutput():
		return Plain(v.OutputValue().Element)
	case v.IsObject():
		fields := map[string]any{}
		for key, field := range v.ObjectValue() {
			fields[string(key)] = Plain(field)
		}
		return fields
	case v.IsArray():
		items := make([]any, len(v.ArrayValue()))
		for i, item := range v.ArrayValue() {
			items[i] = Plain(item)
		}
		return items
	default:
		return v.V
	}
}

// At is the value at a path of names and indexes inside the inputs; nil if there is
// none.
func (r Resource) At(path ...any) any {
	value := Plain(resource.NewObjectProperty(r.Inputs))
	for _, step := range path {
		switch step := step.(type) {
		case string:
			fields, _ := value.(map[string]any)
			value = fields[step]
		case int:
			items, _ := value.([]any)
			if step >= len(items) {
				return nil
			}
			value = items[step]
		}
	}
	return value
}
