// Command terraform is the scripted Terraform, see the package above.
package main

import (
	"os"

	"lockstep/steps/terraform/scripted"
)

func main() { os.Exit(scripted.Main(os.Args)) }
