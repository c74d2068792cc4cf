package provider

import (
	"context"
	"errors"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"lockstep/runbooks/sandbox/website"
)

// certificate is sandbox_certificate: the request for one. It exists at once;
// sandbox_certificate_validation waits for its issuance.
type certificate struct{ configured }

type certificateModel struct {
	ID               types.String `tfsdk:"id"`
	DomainName       types.String `tfsdk:"domain_name"`
	AlternativeNames types.Set    `tfsdk:"alternative_names"`
	ValidationTokens types.Map    `tfsdk:"validation_tokens"`
}

func (*certificate) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "sandbox_certificate"
}

func (*certificate) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "A certificate of the sandbox's authority. Its names cannot be changed: another certificate is made.",
		Attributes: map[string]schema.Attribute{
			"id": computedID(),
			"domain_name": schema.StringAttribute{
				Required: true, Description: "The first name.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"alternative_names": schema.SetAttribute{
				Optional: true, ElementType: types.StringType, Description: "Further names.",
				PlanModifiers: []planmodifier.Set{setplanmodifier.RequiresReplaceIf(differs, otherNames, otherNames)},
			},
			"validation_tokens": schema.MapAttribute{
				Computed: true, ElementType: types.StringType,
				Description: "By name, the value that the TXT record _validation.NAME must have.",
			},
		},
	}
}

const otherNames = "Other names need another certificate."

// differs tells other names from a set that is empty instead of left out.
func differs(_ context.Context, req planmodifier.SetRequest, resp *setplanmodifier.RequiresReplaceIfFuncResponse) {
	none := len(req.StateValue.Elements()) == 0 && len(req.PlanValue.Elements()) == 0 && !req.PlanValue.IsUnknown()
	resp.RequiresReplace = !none
}

// names returns all names, the first one first.
func (m certificateModel) names(ctx context.Context) []string {
	return append([]string{m.DomainName.ValueString()}, sorted(ctx, m.AlternativeNames)...)
}

// ModifyPlan fills in the tokens, which depend on the account and the names
// alone, so that validation records can be planned with their values.
func (c *certificate) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() || c.clients == nil {
		return
	}
	var m certificateModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || m.DomainName.IsUnknown() || m.AlternativeNames.IsUnknown() {
		return
	}
	tokens := map[string]string{}
	for _, name := range m.names(ctx) {
		tokens[name] = website.Token(c.account, name)
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("validation_tokens"), mapOf(tokens))...)
}

func (c *certificate) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m certificateModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var out website.Certificate
	in := map[string]any{"names": m.names(ctx)}
	if err := c.api.call(ctx, http.MethodPost, "/v1/certificates", in, &out); err != nil {
		resp.Diagnostics.AddError("Cannot request the certificate", err.Error())
		return
	}
	m.ID, m.ValidationTokens = types.StringValue(out.ID), mapOf(out.Tokens)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

func (c *certificate) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m certificateModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var out website.Certificate
	err := c.api.call(ctx, http.MethodGet, "/v1/certificates/"+m.ID.ValueString(), nil, &out)
	switch {
	case errors.Is(err, errNotFound):
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		resp.Diagnostics.AddError("Cannot read the certificate", err.Error())
		return
	}
	if m.DomainName.IsNull() {
		// Just imported: an empty set is what most configurations come down to.
		m.AlternativeNames = setOf(nil)
	}
	m.DomainName, m.ValidationTokens = types.StringValue(out.Names[0]), mapOf(out.Tokens)
	m.AlternativeNames = orNull(m.AlternativeNames, setOf(out.Names[1:]))
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// Update is never needed: every change of a name makes another certificate.
func (*certificate) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.State.Raw = req.Plan.Raw
}

func (c *certificate) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m certificateModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	err := c.api.call(ctx, http.MethodDelete, "/v1/certificates/"+m.ID.ValueString(), nil, nil)
	if err != nil && !errors.Is(err, errNotFound) {
		resp.Diagnostics.AddError("Cannot delete the certificate", err.Error())
	}
}

// ImportState takes the id of the certificate.
func (*certificate) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}
