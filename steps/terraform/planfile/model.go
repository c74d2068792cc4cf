package planfile

import (
	"fmt"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/steps/terraform/redact"
)

const sensitive = redact.Sensitive

// resourceChange makes the model of one resource change. It says no to what is
// not a change: no-ops that did not move, and reads that belong to a check block,
// which Terraform plans anew each time whether anything changed or not.
//
// The address is not cleaned of secrets: it is the name that a person, a target
// and the graph know the resource by, and Terraform refuses sensitive keys.
func (f *File) resourceChange(rc *tfjson.ResourceChange) (plan.ResourceChange, bool, error) {
	m := plan.ResourceChange{
		Address:  safe.Show(rc.Address),
		Module:   safe.Show(rc.ModuleAddress),
		Type:     safe.Show(rc.Type),
		Provider: safe.Show(strings.TrimPrefix(rc.ProviderName, "registry.terraform.io/")),
		Deposed:  safe.Show(rc.DeposedKey).String(),
	}
	action, err := actionOf(rc.Change.Actions)
	if err != nil {
		return m, false, fmt.Errorf("%s: %w", m.Address, err)
	}
	m.Action = action
	moved := rc.PreviousAddress != "" && rc.PreviousAddress != rc.Address
	if moved {
		m.Previous = safe.Show(rc.PreviousAddress)
	}
	imported := rc.Change.Importing != nil
	switch {
	case action == plan.NoOp && !moved && !imported,
		action == plan.Read && rc.ActionReason == tfjson.ActionReasonReadBecauseCheckNested:
		return m, false, nil
	}
	m.Reason = reason(rc.ActionReason)
	if imported {
		m.Reason = safe.Lit("an object that exists is taken over by Terraform")
	}
	for _, p := range replacePaths(rc.Change) {
		m.Replaces = append(m.Replaces, f.net.Show(p).String())
	}
	walk(changeTrail(rc.Change), func(l leaf) {
		if !l.same() {
			m.Changed++
			m.Sensitive = m.Sensitive || l.sensitive && action != plan.Create && action != plan.Delete
		}
	})
	return m, true, nil
}

func actionOf(a tfjson.Actions) (plan.Action, error) {
	switch {
	case a.NoOp():
		return plan.NoOp, nil
	case a.Create():
		return plan.Create, nil
	case a.Read():
		return plan.Read, nil
	case a.Update():
		return plan.Update, nil
	case a.Delete():
		return plan.Delete, nil
	case a.Forget():
		return plan.Forget, nil
	case a.DestroyBeforeCreate():
		return plan.DeleteThenCreate, nil
	case a.CreateBeforeDestroy():
		return plan.CreateThenDelete, nil
	}
	return "", fmt.Errorf("actions %q are not known to this program", a)
}

// reason says in words why Terraform plans an action. A reason that is not known
// is left out: Terraform gives it for display only.
func reason(r tfjson.ActionReason) safe.Text {
	switch r {
	case tfjson.ActionReasonReplaceBecauseCannotUpdate:
		return safe.Lit("an attribute changes that cannot be changed in place")
	case tfjson.ActionReasonReplaceBecauseTainted:
		return safe.Lit("the object is tainted: an earlier apply did not finish it")
	case tfjson.ActionReasonReplaceByRequest:
		return safe.Lit("its replacement was asked for")
	case tfjson.ActionReasonReplaceByTriggers:
		return safe.Lit("something in its replace_triggered_by changes")
	case tfjson.ActionReasonDeleteBecauseNoResourceConfig:
		return safe.Lit("its block is not in the configuration any more: removed or renamed")
	case tfjson.ActionReasonDeleteBecauseWrongRepetition:
		return safe.Lit("its key does not fit count or for_each any more")
	case tfjson.ActionReasonDeleteBecauseCountIndex:
		return safe.Lit("its index is beyond count")
	case tfjson.ActionReasonDeleteBecauseEachKey:
		return safe.Lit("its key is not in for_each any more")
	case tfjson.ActionReasonDeleteBecauseNoModule:
		return safe.Lit("its module is not in the configuration any more")
	case tfjson.ActionReasonDeleteBecauseNoMoveTarget:
		return safe.Lit("it was moved to an address that is not in the configuration")
	case tfjson.ActionReasonReadBecauseConfigUnknown:
		return safe.Lit("what it asks for is known only after other changes")
	case tfjson.ActionReasonReadBecauseDependencyPending:
		return safe.Lit("it depends on something that changes")
	}
	return safe.Text{}
}
