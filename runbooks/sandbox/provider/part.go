package provider

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// part is sandbox_part: a part of something larger that takes as long as it is
// told to. It is no object of the network and lives in the state alone, so that
// an apply of any shape and length can be tried.
type part struct{ configured }

type partModel struct {
	ID       types.String `tfsdk:"id"`
	Name     types.String `tfsdk:"name"`
	Key      types.String `tfsdk:"key"`
	Version  types.String `tfsdk:"version"`
	Uses     types.List   `tfsdk:"uses"`
	CreateMS types.Int64  `tfsdk:"create_ms"`
	UpdateMS types.Int64  `tfsdk:"update_ms"`
	DeleteMS types.Int64  `tfsdk:"delete_ms"`
}

func (*part) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "sandbox_part"
}

func (*part) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	length := func(what string) schema.Int64Attribute {
		return schema.Int64Attribute{Optional: true, Description: "How long its " + what + " takes, in milliseconds; nothing if left out."}
	}
	replaces := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	resp.Schema = schema.Schema{
		Description: "A part of something larger. Nothing stands behind it; it takes as long as it is told to.",
		Attributes: map[string]schema.Attribute{
			"id":        computedID(),
			"name":      schema.StringAttribute{Required: true, Description: "Another name is another part.", PlanModifiers: replaces},
			"key":       schema.StringAttribute{Optional: true, Description: "What users know it by: parts with one key are one live thing. Another key is another part.", PlanModifiers: replaces},
			"version":   schema.StringAttribute{Optional: true, Description: "Changed in place."},
			"uses":      schema.ListAttribute{Optional: true, ElementType: types.StringType, Description: "What it refers to. Changed in place."},
			"create_ms": length("creation"),
			"update_ms": length("change"),
			"delete_ms": length("deletion"),
		},
	}
}

func (p *part) take(ctx context.Context, ms types.Int64) error {
	if p.hurry {
		return nil
	}
	return take(ctx, ms)
}

// take waits for as long as something takes.
func take(ctx context.Context, ms types.Int64) error {
	select {
	case <-time.After(time.Duration(ms.ValueInt64()) * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *part) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m partModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := p.take(ctx, m.CreateMS); err != nil {
		resp.Diagnostics.AddError("Cannot create the part", err.Error())
		return
	}
	m.ID = types.StringValue(uuid.NewString())
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// Read knows nothing beyond the state.
func (*part) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (p *part) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m partModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := p.take(ctx, m.UpdateMS); err != nil {
		resp.Diagnostics.AddError("Cannot change the part", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

func (p *part) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m partModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := p.take(ctx, m.DeleteMS); err != nil {
		resp.Diagnostics.AddError("Cannot delete the part", err.Error())
	}
}

// ImportState takes the name of the part, since any name will do.
func (*part) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("name"), req, resp)
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}
