// Command topology draws the topology as a picture.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/rondohq/rondo/tools/internal/picture"
)

//go:generate go run . -o ../../../docs/topology.svg

func main() {
	file := flag.String("o", os.Stdout.Name(), "`file` to write the SVG to")
	flag.Parse()
	if err := os.WriteFile(*file, picture.SVG(), 0o644); err != nil { //nolint:gosec // a document for all to read
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
