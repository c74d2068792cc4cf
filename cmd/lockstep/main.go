// Command lockstep walks an operator through a deployment, one change at a
// time, and records every step.
package main

import "os"

func main() {
	os.Exit(execute(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
