// Package clustertest deploys the stack minikube to a real cluster, by Pulumi's
// engine, and uses it as people do. Operators that can be had as Go modules are
// installed with our values; the broker and the database are there already.
//
//	RONDO_KUBECONFIG   the cluster; it gets namespaces of its own, and Dapr if it has none
//	RONDO_IMAGE_LOAD   the command that gives the cluster the image of a tarball, which is
//	                   its last argument; without it: minikube image load
//	RONDO_POSTGRES     an image like the official one's
//
// Without RONDO_KUBECONFIG nothing runs.
package clustertest

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/infra/program"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/apiserver"
	"github.com/rondohq/rondo/tools/internal/charts"
	"github.com/rondohq/rondo/tools/internal/engine"
	"github.com/rondohq/rondo/tools/internal/repository"
	"github.com/rondohq/rondo/tools/internal/toolchain"
	"github.com/rondohq/rondo/tools/testprovider"
)

const (
	// tenant is the namespace: not the one of a Rondo that may run there.
	tenant   = "rondo-trial"
	registry = "ghcr.io/rondohq"
	// brokerImage is the laptop's program, which has the broker in it.
	brokerImage = "rondo"
	// tag is none that anybody publishes.
	tag = "trial"
)

func postgresImage() string {
	return cmp.Or(os.Getenv("RONDO_POSTGRES"), "docker.io/library/postgres:17")
}

// testCluster is the cluster with the stack in it.
type testCluster struct {
	root   string
	config *rest.Config
	client *apiserver.Client
	typed  *kubernetes.Clientset
	env    environments.Environment
	stack  *engine.Offline
}

// cluster is shared by all tests; nil where there is none.
var cluster *testCluster

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	kubeconfig := os.Getenv("RONDO_KUBECONFIG")
	if kubeconfig == "" {
		return m.Run()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 25*time.Minute)
	defer cancel()
	c, stop, err := deploy(ctx, kubeconfig)
	if stop != nil {
		defer func() {
			if err := stop(); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	cluster = c
	return m.Run()
}

// setup skips a test where there is no cluster.
func setup(t *testing.T) *testCluster {
	t.Helper()
	if cluster == nil {
		t.Skip("RONDO_KUBECONFIG names no cluster to deploy to")
	}
	return cluster
}

// deploy brings everything up. stop takes it away, and may be there with an error.
func deploy(ctx context.Context, kubeconfig string) (c *testCluster, stop func() error, err error) {
	c = &testCluster{env: environment()}
	if c.root, err = repository.Root(); err != nil {
		return nil, nil, err
	}
	if c.config, err = clientcmd.BuildConfigFromFlags("", kubeconfig); err != nil {
		return nil, nil, err
	}
	c.config.QPS, c.config.Burst = -1, -1 // a test waits for nobody
	if c.client, err = apiserver.NewClient(c.config); err != nil {
		return nil, nil, err
	}
	c.client.Live = true
	if c.typed, err = kubernetes.NewForConfig(c.config); err != nil {
		return nil, nil, err
	}
	if err := c.look(ctx); err != nil {
		return nil, nil, err
	}
	if err := c.loadImages(ctx); err != nil {
		return nil, nil, err
	}
	// Scalers and monitors have to be taken, though nobody acts on them here.
	if err := c.client.InstallDefinitions(ctx, c.root, func(kind schema.GroupKind) bool {
		return kind.Group == "keda.sh" || kind.Group == "monitoring.coreos.com"
	}); err != nil {
		return nil, nil, err
	}
	remove := func() error {
		return c.client.Delete(context.WithoutCancel(ctx), object("v1", "Namespace", "", backing, map[string]any{}))
	}
	urls, err := c.startBacking(ctx)
	if err != nil {
		return nil, remove, err
	}
	destroy, err := c.open(ctx, secrets(urls.Owner, urls.Roles))
	if err != nil {
		return nil, remove, err
	}
	stop = func() error {
		if err := destroy(); err != nil {
			return err
		}
		return remove()
	}
	_, err = c.stack.Up(ctx)
	return c, stop, err
}

// environment is minikube's, of a cluster that has everything but Dapr.
func environment() environments.Environment {
	e := environments.Minikube()
	e.Namespace = tenant
	e.Operators = environments.Operators{
		Dapr: environments.Managed, KEDA: environments.Present, CertManager: environments.Present,
		CloudNativePG: environments.Present, EnvoyGateway: environments.Present, IngressNginx: environments.Present,
	}
	e.Monitoring = environments.Monitoring{Prometheus: environments.Present, Namespace: backing}
	e.Edge.Provider, e.Edge.Proxies = environments.ExternalEdge, 0
	e.Kafka.Provider = environments.ExternalKafka
	e.Kafka.External.Brokers = []string{address("kafka", kafkaPort)}
	e.Postgres.Provider = environments.ExternalPostgres
	e.Postgres.External = address("postgres", postgresPort)
	e.Images.Registry, e.Images.Tag = registry, tag
	return e
}

// secrets are the connection strings as the stack's configuration would have them.
func secrets(owner string, roles map[string]string) program.Secrets {
	secret := func(text string) pulumi.StringInput {
		return pulumi.ToSecret(pulumi.String(text)).(pulumi.StringOutput) //nolint:errcheck // ToSecret keeps the type
	}
	all := program.Secrets{environments.OwnerDatabase.Name: {topology.DatabaseURLKey: secret(owner)}}
	for _, role := range topology.Roles() {
		all[role.Secret.Name] = map[string]pulumi.StringInput{role.Secret.Keys[0]: secret(roles[role.Name])}
	}
	return all
}

// open makes the stack, with providers that forward to the cluster.
func (c *testCluster) open(ctx context.Context, outside program.Secrets) (stop func() error, err error) {
	dir, err := os.MkdirTemp("", "rondo-clustertest-")
	if err != nil {
		return nil, err
	}
	world, err := testprovider.Start(testprovider.Options{Cluster: c.config, Live: true, Charts: c.charts})
	if err != nil {
		return nil, err
	}
	c.stack, err = engine.OpenOffline(ctx, engine.OfflineOptions{
		Root: c.root, Dir: dir, Stack: c.env.Name, World: world, Progress: toolchain.Printer(os.Stderr),
		Program: func(ctx *pulumi.Context) error { return program.Deploy(ctx, c.env, outside) },
	})
	if err != nil {
		return nil, err
	}
	return func() error {
		defer os.RemoveAll(dir)
		if _, err := c.stack.Destroy(context.WithoutCancel(ctx)); err != nil {
			return err
		}
		return world.Close()
	}, nil
}

// charts are the objects of a release whose chart can be had.
func (c *testCluster) charts(ctx context.Context, inputs map[string]any) ([]*unstructured.Unstructured, error) {
	if release := charts.ReleaseOf(inputs); release.Known() {
		return release.Render(ctx, c.root, true)
	}
	return nil, nil
}

// loadImages builds the services' images and the broker's, as `make images` does, and
// gives them to the cluster.
func (c *testCluster) loadImages(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "rondo-clustertest-images-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ko, err := toolchain.Ensure(ctx, c.root, toolchain.Ko, toolchain.Printer(os.Stderr))
	if err != nil {
		return err
	}
	args := []string{"-repository", registry, "-tag", tag, "-tarballs", dir, "./tools/cmd/" + brokerImage}
	for _, s := range topology.Services() {
		args = append(args, "./services/"+s.Name)
	}
	build := exec.CommandContext(ctx, ko, args...)
	build.Dir = c.root
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the images: %w\n%s", err, out)
	}
	load := strings.Fields(cmp.Or(os.Getenv("RONDO_IMAGE_LOAD"), "minikube image load"))
	tarballs, err := filepath.Glob(filepath.Join(dir, "*.tar"))
	if err != nil {
		return err
	}
	for _, tarball := range tarballs {
		cmd := exec.CommandContext(ctx, load[0], append(load[1:], tarball)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s\nRONDO_IMAGE_LOAD is the command that gives the cluster an image", cmd, err, out)
		}
	}
	return nil
}

// look makes the environment of what the cluster has.
func (c *testCluster) look(ctx context.Context) error {
	_, err := c.typed.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(ctx, "dapr-sidecar-injector", metav1.GetOptions{})
	if err == nil {
		c.env.Operators.Dapr = environments.Present
	}
	slices, err := c.typed.DiscoveryV1().EndpointSlices(metav1.NamespaceDefault).List(ctx, metav1.ListOptions{
		LabelSelector: "kubernetes.io/service-name=kubernetes",
	})
	if err != nil {
		return fmt.Errorf("ask where the API server is: %w", err)
	}
	for _, slice := range slices.Items {
		for _, port := range slice.Ports {
			c.env.Cluster.APIPort = int(*port.Port)
		}
	}
	return nil
}
