package service

import (
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	rbacv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/rbac/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/rondohq/rondo/components/dapr"
)

// access gives the service an account of its own, which may read the service's
// secrets and those of its sidecar's components, by name, and nothing else.
func (s *Service) access(ctx *pulumi.Context) (pulumi.Resource, error) {
	account, err := corev1.NewServiceAccount(ctx, s.name(), &corev1.ServiceAccountArgs{Metadata: s.meta()}, pulumi.Parent(s))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, secret := range append(s.args.Service.Secrets(), dapr.ComponentSecrets(s.args.Service, s.args.Broker)...) {
		names = append(names, secret.Name)
	}
	role, err := rbacv1.NewRole(ctx, s.name(), &rbacv1.RoleArgs{
		Metadata: s.meta(),
		Rules: rbacv1.PolicyRuleArray{&rbacv1.PolicyRuleArgs{
			ApiGroups: pulumi.ToStringArray([]string{""}), Resources: pulumi.ToStringArray([]string{"secrets"}),
			ResourceNames: pulumi.ToStringArray(names), Verbs: pulumi.ToStringArray([]string{"get"}),
		}},
	}, pulumi.Parent(s))
	if err != nil {
		return nil, err
	}
	return rbacv1.NewRoleBinding(ctx, s.name(), &rbacv1.RoleBindingArgs{
		Metadata: s.meta(),
		RoleRef: &rbacv1.RoleRefArgs{
			ApiGroup: pulumi.String("rbac.authorization.k8s.io"), Kind: pulumi.String("Role"), Name: pulumi.String(s.name()),
		},
		Subjects: rbacv1.SubjectArray{&rbacv1.SubjectArgs{
			Kind: pulumi.String("ServiceAccount"), Name: pulumi.String(s.name()),
			Namespace: s.args.Namespace.ToStringOutput().ToStringPtrOutput(),
		}},
	}, pulumi.Parent(s), pulumi.DependsOn([]pulumi.Resource{account, role}))
}
