package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/miekg/dns"
)

// record is sandbox_dns_record.
type record struct{ configured }

type recordModel struct {
	ID            types.String `tfsdk:"id"`
	Zone          types.String `tfsdk:"zone"`
	Name          types.String `tfsdk:"name"`
	Type          types.String `tfsdk:"type"`
	SetIdentifier types.String `tfsdk:"set_identifier"`
	TTL           types.Int64  `tfsdk:"ttl"`
	Values        types.Set    `tfsdk:"values"`
}

func (*record) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "sandbox_dns_record"
}

func (*record) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	replace := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	resp.Schema = schema.Schema{
		Description: "The records of one name and type.",
		Attributes: map[string]schema.Attribute{
			"id":             computedID(),
			"zone":           schema.StringAttribute{Required: true, PlanModifiers: replace, Description: "Zone the name belongs to."},
			"name":           schema.StringAttribute{Required: true, PlanModifiers: replace, Description: "Full name, without a dot at the end."},
			"type":           schema.StringAttribute{Required: true, PlanModifiers: replace, Description: "A, AAAA, CNAME or TXT."},
			"set_identifier": schema.StringAttribute{Optional: true, PlanModifiers: replace, Description: "Tells records apart that share a name and a type."},
			"ttl":            schema.Int64Attribute{Required: true, Description: "In seconds."},
			"values":         schema.SetAttribute{Required: true, ElementType: types.StringType, Description: "Host names without a dot at the end, addresses or texts."},
		},
	}
}

// ValidateConfig checks what is known before anything is planned.
func (*record) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m recordModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	wrong := func(attribute, text string) {
		resp.Diagnostics.AddAttributeError(path.Root(attribute), "Wrong DNS record", text)
	}
	for attribute, v := range map[string]types.String{"zone": m.Zone, "name": m.Name} {
		if strings.HasSuffix(v.ValueString(), ".") {
			wrong(attribute, "Write it without the dot at the end.")
		}
	}
	if known(m.Zone) && known(m.Name) && !dns.IsSubDomain(dns.Fqdn(m.Zone.ValueString()), dns.Fqdn(m.Name.ValueString())) {
		wrong("name", m.Name.ValueString()+" is not in the zone "+m.Zone.ValueString()+".")
	}
	switch kind := m.Type.ValueString(); {
	case !known(m.Type):
	case kind != "A" && kind != "AAAA" && kind != "CNAME" && kind != "TXT":
		wrong("type", "The name server takes A, AAAA, CNAME and TXT.")
	case kind == "CNAME" && !m.Values.IsUnknown() && len(m.Values.Elements()) > 1:
		wrong("values", "A CNAME has one value.")
	}
	if !m.Values.IsUnknown() && len(m.Values.Elements()) == 0 {
		wrong("values", "A record needs at least one value.")
	}
	if ttl := m.TTL.ValueInt64(); ttl < 0 || ttl > 1<<31-1 {
		wrong("ttl", "The TTL is from 0 to 2147483647 seconds.")
	}
}

func known(s types.String) bool { return !s.IsUnknown() && !s.IsNull() }

// rrset returns the record as the name server knows it.
func (m recordModel) rrset(ctx context.Context) rrset {
	r := rrset{
		zone: m.Zone.ValueString(), name: m.Name.ValueString(), kind: m.Type.ValueString(),
		set: m.SetIdentifier.ValueString(), ttl: uint32(m.TTL.ValueInt64()),
	}
	m.Values.ElementsAs(ctx, &r.values, false)
	return r
}

func (r *record) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m recordModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	set := m.rrset(ctx)
	if err := r.names.write(ctx, set); err != nil {
		resp.Diagnostics.AddError("Cannot create the DNS record", err.Error())
		return
	}
	m.ID = types.StringValue(set.id())
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

func (r *record) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m recordModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	values, ttl, err := r.names.read(ctx, m.rrset(ctx))
	if err != nil {
		resp.Diagnostics.AddError("Cannot read the DNS record", err.Error())
		return
	}
	if len(values) == 0 {
		resp.State.RemoveResource(ctx)
		return
	}
	m.TTL = types.Int64Value(int64(ttl))
	m.Values = setOf(values)
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

func (r *record) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m recordModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := r.names.write(ctx, m.rrset(ctx)); err != nil {
		resp.Diagnostics.AddError("Cannot change the DNS record", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

func (r *record) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m recordModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := r.names.remove(ctx, m.rrset(ctx)); err != nil {
		resp.Diagnostics.AddError("Cannot delete the DNS record", err.Error())
	}
}

// ImportState takes ZONE/NAME/TYPE or ZONE/NAME/TYPE/SET_IDENTIFIER.
func (*record) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	parts := strings.SplitN(req.ID, "/", 4)
	if len(parts) < 3 {
		resp.Diagnostics.AddError("Wrong import id", "Write ZONE/NAME/TYPE or ZONE/NAME/TYPE/SET_IDENTIFIER.")
		return
	}
	m := recordModel{
		Zone: types.StringValue(parts[0]), Name: types.StringValue(parts[1]), Type: types.StringValue(parts[2]),
		Values: types.SetNull(types.StringType),
	}
	if len(parts) == 4 && parts[3] != "" {
		m.SetIdentifier = types.StringValue(parts[3])
	}
	m.ID = types.StringValue(m.rrset(ctx).id())
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}
