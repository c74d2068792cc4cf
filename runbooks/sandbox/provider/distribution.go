package provider

import (
	"context"
	"errors"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"lockstep/runbooks/sandbox/website"
)

// distribution is sandbox_distribution. Everything about it is changed in place.
type distribution struct{ configured }

type distributionModel struct {
	ID            types.String `tfsdk:"id"`
	DomainName    types.String `tfsdk:"domain_name"`
	Name          types.String `tfsdk:"name"`
	Aliases       types.Set    `tfsdk:"aliases"`
	CertificateID types.String `tfsdk:"certificate_id"`
	Origin        types.String `tfsdk:"origin"`
	Redirects     types.Map    `tfsdk:"redirects"`
	Comment       types.String `tfsdk:"comment"`
}

func (*distribution) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "sandbox_distribution"
}

func (*distribution) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "A site of the delivery network.",
		Attributes: map[string]schema.Attribute{
			"id":             computedID(),
			"domain_name":    computedID(),
			"name":           schema.StringAttribute{Required: true, Description: "For people."},
			"aliases":        schema.SetAttribute{Optional: true, ElementType: types.StringType, Description: "Names it answers under, beside its domain name."},
			"certificate_id": schema.StringAttribute{Optional: true, Description: "An issued certificate that covers the aliases."},
			"origin":         schema.StringAttribute{Required: true, Description: "Where the content comes from."},
			"redirects":      schema.MapAttribute{Optional: true, ElementType: types.StringType, Description: "Path to path."},
			"comment":        schema.StringAttribute{Optional: true, Description: "For people."},
		},
	}
}

// body returns what is sent to the network.
func (m distributionModel) body(ctx context.Context) website.Distribution {
	return website.Distribution{
		Name: m.Name.ValueString(), Aliases: sorted(ctx, m.Aliases), Certificate: m.CertificateID.ValueString(),
		Origin: m.Origin.ValueString(), Redirects: pairs(ctx, m.Redirects), Comment: m.Comment.ValueString(),
	}
}

// take fills in what the network says.
func (m *distributionModel) take(d website.Distribution) {
	m.ID, m.DomainName = types.StringValue(d.ID), types.StringValue(d.Domain)
	m.Name, m.Origin = types.StringValue(d.Name), types.StringValue(d.Origin)
	m.Aliases = orNull(m.Aliases, setOf(d.Aliases))
	if !m.Redirects.IsNull() || len(d.Redirects) > 0 {
		m.Redirects = mapOf(d.Redirects)
	}
	if !m.CertificateID.IsNull() || d.Certificate != "" {
		m.CertificateID = types.StringValue(d.Certificate)
	}
	if !m.Comment.IsNull() || d.Comment != "" {
		m.Comment = types.StringValue(d.Comment)
	}
}

func (d *distribution) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m distributionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var out website.Distribution
	if err := d.api.call(ctx, http.MethodPost, "/v1/distributions", m.body(ctx), &out); err != nil {
		resp.Diagnostics.AddError("Cannot create the distribution", err.Error())
		return
	}
	m.take(out)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

func (d *distribution) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m distributionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var out website.Distribution
	err := d.api.call(ctx, http.MethodGet, "/v1/distributions/"+m.ID.ValueString(), nil, &out)
	switch {
	case errors.Is(err, errNotFound):
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		resp.Diagnostics.AddError("Cannot read the distribution", err.Error())
		return
	}
	m.take(out)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

func (d *distribution) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m distributionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var out website.Distribution
	if err := d.api.call(ctx, http.MethodPut, "/v1/distributions/"+m.ID.ValueString(), m.body(ctx), &out); err != nil {
		resp.Diagnostics.AddError("Cannot change the distribution", err.Error())
		return
	}
	m.take(out)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

func (d *distribution) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m distributionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	err := d.api.call(ctx, http.MethodDelete, "/v1/distributions/"+m.ID.ValueString(), nil, nil)
	if err != nil && !errors.Is(err, errNotFound) {
		resp.Diagnostics.AddError("Cannot delete the distribution", err.Error())
	}
}

// ImportState takes the id of the distribution.
func (*distribution) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}
