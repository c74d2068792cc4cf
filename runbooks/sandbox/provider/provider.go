// Package provider is the Terraform provider "sandbox" for the name server and
// the delivery network of the sandbox. Terraform runs it as a program of its own;
// ours is that program when [IsInvocation] says so.
//
//	provider "sandbox" {
//	  endpoint   = "http://127.0.0.1:…"  # control API of the network
//	  dns_server = "127.0.0.1:…"         # takes signed updates
//	  account    = "production"          # also the name of the update key
//	  token      = var.token             # for both
//	  delete     = "own-data"            # or "whole-name"
//	}
//
// Resources: sandbox_certificate, sandbox_certificate_validation (waits until the
// certificate is issued, the slow step), sandbox_distribution, sandbox_dns_record.
// Beside the network there is sandbox_part, and sandbox_part_info to read about
// one: it only takes the time it is told to, for trying out applies of any shape.
// It takes none where the provider has hurry = true.
//
// delete says what deleting a record takes with it. With own-data a record owns
// what it wrote, as with a hosted DNS service whose records carry a set
// identifier: records of several addresses can share one DNS name, and deleting
// one leaves the others. With whole-name a record is whatever is at its name and
// type, as with plain dynamic update: writing replaces it and deleting removes
// it, whoever wrote it.
package provider

import (
	"context"
	"fmt"
	"net"
	"net/url"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// What a deletion takes with it.
const (
	OwnData   = "own-data"
	WholeName = "whole-name"
)

type sandbox struct{}

// New returns the provider, not configured yet.
func New() provider.Provider { return sandbox{} }

// clients is what a configured provider gives to its resources.
type clients struct {
	account string
	api     *api
	names   *names
	hurry   bool
}

func (sandbox) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = "sandbox", Version
}

func (sandbox) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "Name server and delivery network of the Lockstep sandbox.",
		Attributes: map[string]schema.Attribute{
			"endpoint":   schema.StringAttribute{Required: true, Description: "URL of the network's control API."},
			"dns_server": schema.StringAttribute{Required: true, Description: "host:port of the name server."},
			"account":    schema.StringAttribute{Required: true, Description: "Account, and name of the key that signs DNS updates."},
			"token":      schema.StringAttribute{Required: true, Sensitive: true, Description: "Secret of the account, in base64."},
			"delete":     schema.StringAttribute{Optional: true, Description: "What deleting a DNS record takes with it: own-data (the default) or whole-name."},
			"hurry":      schema.BoolAttribute{Optional: true, Description: "Whether parts take no time, whatever they are told."},
		},
	}
}

func (sandbox) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var c struct {
		Endpoint  types.String `tfsdk:"endpoint"`
		DNSServer types.String `tfsdk:"dns_server"`
		Account   types.String `tfsdk:"account"`
		Token     types.String `tfsdk:"token"`
		Delete    types.String `tfsdk:"delete"`
		Hurry     types.Bool   `tfsdk:"hurry"`
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, &c)...)
	if resp.Diagnostics.HasError() {
		return
	}
	wrong := func(attribute, format string, args ...any) {
		resp.Diagnostics.AddAttributeError(path.Root(attribute), "Wrong setting of the sandbox provider", fmt.Sprintf(format, args...))
	}
	for name, v := range map[string]types.String{"endpoint": c.Endpoint, "dns_server": c.DNSServer, "account": c.Account, "token": c.Token, "delete": c.Delete} {
		if v.IsUnknown() {
			wrong(name, "The value must be known when Terraform plans.")
		}
	}
	if u, err := url.Parse(c.Endpoint.ValueString()); err != nil || u.Scheme != "http" || u.Host == "" {
		wrong("endpoint", "%q is not an http address.", c.Endpoint.ValueString())
	}
	if _, _, err := net.SplitHostPort(c.DNSServer.ValueString()); err != nil {
		wrong("dns_server", "%q is not host:port.", c.DNSServer.ValueString())
	}
	mode := c.Delete.ValueString()
	if mode == "" {
		mode = OwnData
	}
	if mode != OwnData && mode != WholeName {
		wrong("delete", "%q is neither %s nor %s.", mode, OwnData, WholeName)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.ResourceData = &clients{
		account: c.Account.ValueString(),
		api:     newAPI(c.Endpoint.ValueString(), c.Token.ValueString()),
		names:   newNames(c.DNSServer.ValueString(), c.Account.ValueString(), c.Token.ValueString(), mode),
		hurry:   c.Hurry.ValueBool(),
	}
}

func (sandbox) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource { return &certificate{} },
		func() resource.Resource { return &validation{} },
		func() resource.Resource { return &distribution{} },
		func() resource.Resource { return &record{} },
		func() resource.Resource { return &part{} },
	}
}

func (sandbox) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return &partInfo{} }}
}

// configured is the part all resources share.
type configured struct{ *clients }

// Configure is called once without data, before the provider is configured.
func (c *configured) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	if req.ProviderData == nil {
		return
	}
	var ok bool
	if c.clients, ok = req.ProviderData.(*clients); !ok {
		resp.Diagnostics.AddError("Wrong provider data", fmt.Sprintf("The provider gave a %T.", req.ProviderData))
	}
}
