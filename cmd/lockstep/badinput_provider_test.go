package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/rogpeppe/go-internal/testscript"
)

// The provider that crashes, and the name of its program, which is this one.
const (
	crashSource = "example.test/lockstep/crash"
	crashName   = "terraform-provider-crash_v1.0.0"
)

// crash is the program of the provider.
func crash() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return crasher{} },
		providerserver.ServeOpts{Address: crashSource, ProtocolVersion: 6})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// installCrash lets Terraform find the provider that crashes, and no other: install
func installCrash(ts *testscript.TestScript, _ bool, _ []string) {
	mirror := filepath.Join(ts.Getenv("WORK"), "mirror")
	dir := filepath.Join(mirror, filepath.FromSlash(crashSource), "1.0.0", runtime.GOOS+"_"+runtime.GOARCH)
	ts.Check(os.MkdirAll(dir, 0o755))
	program, err := exec.LookPath(crashName) // testscript put it on PATH
	ts.Check(err)
	program, err = filepath.EvalSymlinks(program)
	ts.Check(err)
	ts.Check(os.Symlink(program, filepath.Join(dir, crashName)))
	config := filepath.Join(ts.Getenv("WORK"), "terraform.tfrc")
	ts.Check(os.WriteFile(config, fmt.Appendf(nil, "provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror), 0o644))
	ts.Setenv("TF_CLI_CONFIG_FILE", config)
}

// crasher is a provider with one resource, which panics when it says so.
type crasher struct{}

func (crasher) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "crash"
}
func (crasher) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse)          {}
func (crasher) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}
func (crasher) DataSources(context.Context) []func() datasource.DataSource                        { return nil }

func (crasher) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return crashing{} }}
}

type crashing struct{}

var _ resource.ResourceWithModifyPlan = crashing{}

func (crashing) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "crash_thing"
}

func (crashing) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{"when": schema.StringAttribute{Required: true}}}
}

// ModifyPlan crashes when the resource says when = "plan".
func (crashing) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var when types.String
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("when"), &when)...)
	if when.ValueString() == "plan" {
		panic("the provider lost its mind while it planned")
	}
}

// Create crashes always.
func (crashing) Create(context.Context, resource.CreateRequest, *resource.CreateResponse) {
	panic("the provider lost its mind while it created")
}
func (crashing) Read(context.Context, resource.ReadRequest, *resource.ReadResponse)       {}
func (crashing) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}
func (crashing) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
