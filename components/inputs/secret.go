package inputs

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// Secret is a text that Pulumi encrypts wherever it keeps it, and never shows.
func Secret(text pulumi.StringInput) pulumi.StringOutput {
	return pulumi.ToSecret(text.ToStringOutput()).(pulumi.StringOutput) //nolint:errcheck,forcetypeassert // ToSecret keeps the type
}
