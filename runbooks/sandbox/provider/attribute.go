package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// computedID is an attribute that is given once and then stays.
func computedID() schema.StringAttribute {
	return schema.StringAttribute{
		Computed:      true,
		Description:   "Given by the sandbox.",
		PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

func setOf(values []string) types.Set {
	elements := make([]attr.Value, len(values))
	for i, v := range values {
		elements[i] = types.StringValue(v)
	}
	return types.SetValueMust(types.StringType, elements)
}

func mapOf(values map[string]string) types.Map {
	elements := make(map[string]attr.Value, len(values))
	for k, v := range values {
		elements[k] = types.StringValue(v)
	}
	return types.MapValueMust(types.StringType, elements)
}

// sorted returns the strings of a known set. Null has none.
func sorted(ctx context.Context, s types.Set) []string {
	var out []string
	s.ElementsAs(ctx, &out, false)
	slices.Sort(out)
	return out
}

// pairs returns the strings of a known map. Null has none.
func pairs(ctx context.Context, m types.Map) map[string]string {
	out := map[string]string{}
	m.ElementsAs(ctx, &out, false)
	return out
}

// orNull keeps an attribute that was left out of the configuration apart from
// one that was given empty: the network knows no difference.
func orNull(before, now types.Set) types.Set {
	if before.IsNull() && len(now.Elements()) == 0 {
		return before
	}
	return now
}
