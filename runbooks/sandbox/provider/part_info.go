package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// partInfo is the data source sandbox_part_info. Terraform reads it late, during
// the apply, when the part it asks for changes.
type partInfo struct{}

type partInfoModel struct {
	Part   types.String `tfsdk:"part"`
	ReadMS types.Int64  `tfsdk:"read_ms"`
	Label  types.String `tfsdk:"label"`
}

func (*partInfo) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "sandbox_part_info"
}

func (*partInfo) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "What can be said about a part.",
		Attributes: map[string]schema.Attribute{
			"part":    schema.StringAttribute{Required: true, Description: "Id or name of the part."},
			"read_ms": schema.Int64Attribute{Optional: true, Description: "How long reading takes, in milliseconds; nothing if left out."},
			"label":   schema.StringAttribute{Computed: true, Description: "For people."},
		},
	}
}

func (*partInfo) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m partInfoModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := take(ctx, m.ReadMS); err != nil {
		resp.Diagnostics.AddError("Cannot read about the part", err.Error())
		return
	}
	m.Label = types.StringValue("part " + m.Part.ValueString())
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}
