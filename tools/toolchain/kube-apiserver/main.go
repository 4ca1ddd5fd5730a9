// Command kube-apiserver is Kubernetes' own API server with its store in the
// same process: an etcd of one member that listens on a socket in --etcd-dir,
// keeps its data there, and ends with it. All other flags are the API server's.
//
// It is for tests, so what is stored does not outlive a crash of the machine.
package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	command := app.NewAPIServerCommand()
	dir := command.Flags().String("etcd-dir", "", "Directory of the store's data and sockets; required.")
	serve := command.RunE
	command.RunE = func(cmd *cobra.Command, args []string) error {
		store, err := startStore(*dir)
		if err != nil {
			return fmt.Errorf("start etcd: %w", err)
		}
		defer store.Close()
		if err := cmd.Flags().Set("etcd-servers", store.Clients[0].Addr().Network()+"://"+store.Clients[0].Addr().String()); err != nil {
			return err
		}
		return serve(cmd, args)
	}
	os.Exit(cli.Run(command))
}

func startStore(dir string) (*embed.Etcd, error) {
	if dir == "" {
		return nil, errors.New("--etcd-dir is missing")
	}
	cfg := embed.NewConfig()
	cfg.Dir = filepath.Join(dir, "data")
	cfg.LogLevel = "error"
	cfg.UnsafeNoFsync = true
	// The name of a socket must look like a host and port, so it is relative to
	// the working directory.
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, err
	}
	if err := os.Chdir(dir); err != nil {
		return nil, err
	}
	clients, peers := url.URL{Scheme: "unix", Host: "client:0"}, url.URL{Scheme: "unix", Host: "peer:0"}
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{clients}, []url.URL{clients}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{peers}, []url.URL{peers}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	store, err := embed.StartEtcd(cfg)
	if err != nil {
		return nil, err
	}
	select {
	case <-store.Server.ReadyNotify():
		return store, nil
	case err := <-store.Err():
		return nil, err
	case <-time.After(time.Minute):
		store.Close()
		return nil, errors.New("not ready after a minute")
	}
}
