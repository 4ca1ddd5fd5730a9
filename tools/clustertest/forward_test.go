package clustertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
)

// forward leads a free port of loopback to a port of the first pod that is chosen.
func (c *testCluster) forward(ctx context.Context, namespace, labels string, port int) (local string, stop func(), err error) {
	pods, err := c.typed.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: labels, FieldSelector: "status.phase=Running"})
	if err != nil {
		return "", nil, err
	}
	if len(pods.Items) == 0 {
		return "", nil, fmt.Errorf("no pod of %s runs in %s", labels, namespace)
	}
	transport, upgrader, err := spdy.RoundTripperFor(c.config)
	if err != nil {
		return "", nil, err
	}
	to := c.typed.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pods.Items[0].Name).SubResource("portforward").URL()
	ending, ready := make(chan struct{}), make(chan struct{})
	var complaints bytes.Buffer
	forwarder, err := portforward.New(spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, to),
		[]string{"0:" + strconv.Itoa(port)}, ending, ready, io.Discard, &complaints)
	if err != nil {
		return "", nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- forwarder.ForwardPorts() }()
	select {
	case err := <-ended:
		return "", nil, errors.Join(err, errors.New(complaints.String()))
	case <-ready:
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		close(ending)
		return "", nil, err
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(ports[0].Local))), func() { close(ending) }, nil
}
