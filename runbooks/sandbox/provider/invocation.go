package provider

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
)

// Where Terraform knows the provider from. The host is in a domain reserved for
// tests, so that no registry can ever be asked for it.
const (
	Source  = "sandbox.test/lockstep/sandbox"
	Version = "1.0.0"
	// FileName is what the program is called when it is the provider.
	FileName = "terraform-provider-sandbox_v" + Version
)

// Terraform sets this variable when it starts a provider, so that a program can
// tell that it was not started by a person.
const (
	cookieName  = "TF_PLUGIN_MAGIC_COOKIE"
	cookieValue = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
)

// IsInvocation reports whether this process was started by Terraform as the
// provider. argv0 is os.Args[0]. A main function asks before anything else, and
// then does nothing but [Serve].
func IsInvocation(argv0 string) bool {
	name := strings.TrimSuffix(filepath.Base(argv0), ".exe")
	return name == FileName && os.Getenv(cookieName) == cookieValue
}

// Serve talks to the Terraform that started this process, over its standard
// output, until Terraform ends it.
func Serve(ctx context.Context) error {
	return providerserver.Serve(ctx, func() provider.Provider { return New() }, providerserver.ServeOpts{
		Address: Source, ProtocolVersion: 6,
	})
}
