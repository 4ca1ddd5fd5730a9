package clustertest

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rondohq/rondo/tools/internal/postgresserver"
)

// backing is the namespace of what this suite's stack finds there already: a broker,
// the laptop's, and a database server.
const backing = tenant + "-backing"

const (
	kafkaPort    = 9092
	postgresPort = 5432
)

func address(name string, port int) string {
	return fmt.Sprintf("%s.%s.svc.cluster.local:%d", name, backing, port)
}

// startBacking starts both, and returns how to connect to the database from inside
// the cluster.
func (c *testCluster) startBacking(ctx context.Context) (postgresserver.URLs, error) {
	const superuser = "postgres"
	word := postgresserver.NewPassword()
	labels := map[string]any{"pod-security.kubernetes.io/enforce": "baseline"}
	objects := []*unstructured.Unstructured{object("v1", "Namespace", "", backing, map[string]any{"metadata": map[string]any{"labels": labels}})}
	objects = append(objects, server("kafka", kafkaPort, container{
		image: registry + "/" + brokerImage + ":" + tag,
		// By its own address, which it also reaches before its service has it.
		args: []any{"broker", "--port", strconv.Itoa(kafkaPort), "--data-dir", "/data", "--advertise", "$(POD_IP):" + strconv.Itoa(kafkaPort)},
		data: "/data",
	})...)
	objects = append(objects, server("postgres", postgresPort, container{
		image: postgresImage(),
		env:   map[string]string{"POSTGRES_PASSWORD": word, "PGDATA": "/data/pgdata"},
		data:  "/data",
	})...)
	for _, o := range objects {
		if err := c.client.Apply(ctx, o, false); err != nil {
			return postgresserver.URLs{}, err
		}
	}
	for _, o := range objects {
		if err := c.client.WaitReady(ctx, o); err != nil {
			return postgresserver.URLs{}, err
		}
	}
	local, stop, err := c.forward(ctx, backing, "app=postgres", postgresPort)
	if err != nil {
		return postgresserver.URLs{}, err
	}
	defer stop()
	admin := url.URL{Scheme: "postgres", User: url.UserPassword(superuser, word), Host: local, Path: "/postgres"}
	urls, err := postgresserver.Provision(ctx, admin.String(), postgresserver.NewPasswords())
	inside := func(text string) string { return strings.Replace(text, local, address("postgres", postgresPort), 1) }
	urls.Owner = inside(urls.Owner)
	for role, text := range urls.Roles {
		urls.Roles[role] = inside(text)
	}
	return urls, err
}

type container struct {
	image, data string
	args        []any
	env         map[string]string
}

// server is a deployment with an address.
func server(name string, port int, of container) []*unstructured.Unstructured {
	labels := map[string]any{"app": name}
	env := []any{map[string]any{"name": "POD_IP", "valueFrom": map[string]any{"fieldRef": map[string]any{"fieldPath": "status.podIP"}}}}
	for key, value := range of.env {
		env = append(env, map[string]any{"name": key, "value": value})
	}
	pod := map[string]any{
		"containers": []any{map[string]any{
			"name": name, "image": of.image, "imagePullPolicy": "IfNotPresent", "args": of.args, "env": env,
			"ports":          []any{map[string]any{"containerPort": int64(port)}},
			"readinessProbe": map[string]any{"tcpSocket": map[string]any{"port": int64(port)}, "periodSeconds": int64(1)},
			"volumeMounts":   []any{map[string]any{"name": "data", "mountPath": of.data}},
		}},
		"volumes": []any{map[string]any{"name": "data", "emptyDir": map[string]any{}}},
	}
	return []*unstructured.Unstructured{
		object("apps/v1", "Deployment", backing, name, map[string]any{"spec": map[string]any{
			"selector": map[string]any{"matchLabels": labels},
			"template": map[string]any{"metadata": map[string]any{"labels": labels}, "spec": pod},
		}}),
		object("v1", "Service", backing, name, map[string]any{"spec": map[string]any{
			"selector": labels, "ports": []any{map[string]any{"port": int64(port)}},
		}}),
	}
}

func object(version, kind, namespace, name string, body map[string]any) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: body}
	o.SetAPIVersion(version)
	o.SetKind(kind)
	o.SetName(name)
	if namespace != "" {
		o.SetNamespace(namespace)
	}
	return o
}
