// Command scheduler is Dapr's scheduler, which keeps the jobs that wake services.
package main

import "github.com/dapr/dapr/cmd/scheduler/app"

func main() { app.Run() }
