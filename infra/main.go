// Command infra is the Pulumi program of every stack.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/rondohq/rondo/infra/program"
)

func main() { pulumi.Run(program.Run) }
