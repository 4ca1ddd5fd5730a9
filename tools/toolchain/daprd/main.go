// Command daprd is Dapr's own sidecar with one component more: name resolution
// by SQLite. The stable set leaves it out, and without it a sidecar on a laptop
// finds the others by multicast DNS, which needs a network and is slow.
package main

import (
	"github.com/dapr/components-contrib/nameresolution/sqlite"
	"github.com/dapr/dapr/cmd/daprd/app"
	"github.com/dapr/dapr/pkg/components/nameresolution"
)

func main() {
	nameresolution.DefaultRegistry.RegisterComponent(sqlite.NewResolver, "sqlite")
	app.Run()
}
