package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"lockstep/runbooks/sandbox/website"
)

// validation is sandbox_certificate_validation. It is no object of the network:
// creating it waits until the certificate is issued, deleting it does nothing.
type validation struct{ configured }

type validationModel struct {
	ID            types.String `tfsdk:"id"`
	CertificateID types.String `tfsdk:"certificate_id"`
}

// How long is waited for issuance, and how often it is looked at.
const (
	issueTimeout = 75 * time.Minute
	issuePoll    = 100 * time.Millisecond
)

func (*validation) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "sandbox_certificate_validation"
}

func (*validation) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "Waits until a certificate is issued. What needs a usable certificate refers to this certificate_id.",
		Attributes: map[string]schema.Attribute{
			"id": computedID(),
			"certificate_id": schema.StringAttribute{
				Required: true, Description: "The certificate that is waited for.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
		},
	}
}

func (v *validation) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m validationModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := v.wait(ctx, m.CertificateID.ValueString()); err != nil {
		resp.Diagnostics.AddError("The certificate was not issued", err.Error())
		return
	}
	m.ID = m.CertificateID
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// wait returns when the certificate is issued, or says why it never will be.
func (v *validation) wait(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, issueTimeout)
	defer cancel()
	tick := time.NewTicker(issuePoll)
	defer tick.Stop()
	var c website.Certificate
	for {
		if err := v.api.call(ctx, http.MethodGet, "/v1/certificates/"+id, nil, &c); err != nil && ctx.Err() == nil {
			return err
		}
		switch c.Status {
		case website.Issued:
			return nil
		case website.Failed:
			return fmt.Errorf("the authority gave up on certificate %s: %s", id, c.Reason)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			state := string(c.Status)
			if c.Reason != "" {
				state += ", " + c.Reason
			}
			return fmt.Errorf("stopped waiting for certificate %s, which is %s: %w", id, state, ctx.Err())
		}
	}
}

// Read takes the validation out of the state when its certificate is gone or is
// not usable.
func (v *validation) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m validationModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var c website.Certificate
	err := v.api.call(ctx, http.MethodGet, "/v1/certificates/"+m.ID.ValueString(), nil, &c)
	switch {
	case errors.Is(err, errNotFound), err == nil && c.Status != website.Issued:
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		resp.Diagnostics.AddError("Cannot read the certificate", err.Error())
		return
	}
	m.CertificateID = m.ID
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// Update is never needed: another certificate is another validation.
func (*validation) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.State.Raw = req.Plan.Raw
}

// Delete has nothing to delete.
func (*validation) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// ImportState takes the id of the certificate.
func (*validation) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}
