// Package apiserver runs a real Kubernetes API server with its store, and
// nothing else of a cluster: objects are validated and kept, and no controller
// acts on them.
package apiserver

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/rondohq/rondo/tools/internal/ports"
	"github.com/rondohq/rondo/tools/internal/process"
)

// Server is a running API server.
type Server struct {
	// Config is an administrator's.
	Config *rest.Config
	// Kubeconfig is the path of a file that says the same.
	Kubeconfig string

	process *process.Process
	log     string
}

// ready is how long a start may take; it is seconds on an idle machine.
const ready = 2 * time.Minute

// Start starts the program at path with its files in dir, on a free port of
// loopback.
func Start(ctx context.Context, path, dir string) (*Server, error) {
	token, err := writeCredentials(dir)
	if err != nil {
		return nil, err
	}
	port, err := ports.Free()
	if err != nil {
		return nil, err
	}
	s := &Server{log: filepath.Join(dir, "kube-apiserver.log"), Kubeconfig: filepath.Join(dir, "kubeconfig")}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, path,
		"--etcd-dir="+filepath.Join(dir, "etcd"), "--cert-dir="+dir,
		"--bind-address=127.0.0.1", "--secure-port="+strconv.Itoa(port),
		"--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=RBAC",
		"--token-auth-file="+filepath.Join(dir, tokensFile),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+filepath.Join(dir, keyFile),
		"--service-account-signing-key-file="+filepath.Join(dir, keyFile),
	)
	cmd.Stdout, cmd.Stderr = log, log
	if s.process, err = process.Start(cmd, syscall.SIGKILL); err != nil {
		return nil, err
	}
	s.Config = &rest.Config{
		Host:        "https://127.0.0.1:" + strconv.Itoa(port),
		BearerToken: token,
		// The server has signed its certificate itself, and written it here.
		TLSClientConfig: rest.TLSClientConfig{CAFile: filepath.Join(dir, "apiserver.crt")},
	}
	if err := s.waitReady(ctx); err != nil {
		s.Stop()
		return nil, err
	}
	err = s.writeKubeconfig()
	return s, err
}

// Stop ends the server and its store.
func (s *Server) Stop() { s.process.Stop(syscall.SIGTERM, 10*time.Second) }

func (s *Server) waitReady(ctx context.Context) error {
	err := until(ctx, ready, func(ctx context.Context) error {
		select {
		case <-s.process.Done():
			return errors.New("it has ended")
		default:
		}
		client, err := discovery.NewDiscoveryClientForConfig(s.Config)
		if err != nil {
			return err
		}
		_, err = client.RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("kube-apiserver: %w\n%s", err, lastLines(s.log, 15))
	}
	return nil
}

func (s *Server) writeKubeconfig() error {
	const name = "test"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: s.Config.Host, CertificateAuthority: s.Config.CAFile}
	config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: s.Config.BearerToken}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	return clientcmd.WriteToFile(*config, s.Kubeconfig)
}

const (
	tokensFile = "tokens.csv"
	keyFile    = "service-accounts.key"
)

// writeCredentials makes an administrator's token and the key that signs those
// of service accounts.
func writeCredentials(dir string) (token string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		return "", err
	}
	token = hex.EncodeToString(random)
	user := token + `,administrator,administrator,"system:masters"` + "\n"
	if err := os.WriteFile(filepath.Join(dir, tokensFile), []byte(user), 0o600); err != nil {
		return "", err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return token, os.WriteFile(filepath.Join(dir, keyFile), text, 0o600)
}

func lastLines(path string, n int) []byte {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-n):], []byte("\n"))
}
