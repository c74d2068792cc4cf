package tui

import (
	"lockstep/runbook"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// kindName says what a kind of step does.
func kindName(k runbook.Kind) safe.Text {
	switch k {
	case runbook.KindPickCommit:
		return safe.Lit("Pick commit")
	case runbook.KindReviewDiff:
		return safe.Lit("Review diff")
	case runbook.KindPlan:
		return safe.Lit("Plan")
	case runbook.KindApply:
		return safe.Lit("Apply")
	case runbook.KindVerify:
		return safe.Lit("Verify")
	case runbook.KindAnnounce:
		return safe.Lit("Announce")
	case runbook.KindRecordPin:
		return safe.Lit("Record the pin")
	case runbook.KindEachChange:
		return safe.Lit("One change at a time")
	}
	return safe.Show(string(k))
}

// counted writes how many resources a change creates, updates and deletes.
func counted(n map[plan.Action]int) safe.Text {
	var parts []safe.Text
	for _, a := range []plan.Action{plan.Delete, plan.DeleteThenCreate, plan.CreateThenDelete, plan.Create, plan.Update, plan.Forget} {
		if n[a] > 0 {
			parts = append(parts, safe.Sprintf("%d %s", n[a], actionWord(a)))
		}
	}
	return safe.Join(parts, ", ")
}

func actionWord(a plan.Action) string {
	if a.IsReplace() {
		return "replace"
	}
	return string(a)
}
