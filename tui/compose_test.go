package tui

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"lockstep/runbook/engine"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

func reviewQuestion() engine.Question {
	on := choice("continue", "c", "go on", "nothing is applied yet; the plan comes next")
	on.Recommended = true
	items := candidates().Items
	return engine.Question{
		Kind: engine.AskReview, Title: safe.Lit("Read what 4b226e2 changes"), Choices: []engine.Choice{stopping(), on}, Digest: "d3",
		Payload: engine.Review{
			From: candidates().Pin, To: items[2], Commits: items[:3],
			Files: []engine.ReviewFile{
				{Path: safe.Show("modules/crates-io/certificate.tf"), Status: engine.FileModified, Added: 1, Removed: 1},
				{Path: safe.Show("modules/crates-io/static.tf"), Status: engine.FileModified, Added: -1, Removed: -1},
			},
		},
	}
}

func planQuestion() engine.Question {
	take := choice("take", "enter", "take this change", "plans it alone and shows that plan")
	take.NeedsItem, take.Recommended = true, true
	all := choice("everything", "A", "everything at once", "the whole plan becomes one apply")
	all.NeedsReason = true
	resources := []plan.ResourceChange{
		{Index: 0, Address: safe.Show("certificate.static"), Type: safe.Show("certificate"), Action: plan.CreateThenDelete, Changed: 2},
		{Index: 1, Address: safe.Show("dns_record.weighted"), Type: safe.Show("dns_record"), Action: plan.Create, Changed: 4},
	}
	return engine.Question{
		Kind: engine.AskChange, Title: safe.Lit("Which change is next?"), Choices: []engine.Choice{take, all, stopping()}, Digest: "d4",
		Payload: engine.PlanReview{
			Commit: candidates().Items[2], Round: 1,
			Plan: plan.Plan{Digest: "p", Serial: 118, Resources: resources, Applyable: true, Complete: true},
			Changes: []plan.Change{
				{ID: "c1", Title: safe.Show("certificate.static"), Members: []int{0}, Why: safe.Lit("nothing live is touched")},
				{ID: "c2", Title: safe.Show("dns_record.weighted"), Members: []int{1}},
			},
		},
	}
}

func TestCure_theAnswerNamesTheOneUnderTheCursor(t *testing.T) {
	d := opened(t, cureQuestion())
	d.has("WAYS ROUND THE OUTAGE", "write the patch", "DARK 20 s → nothing dark")
	d.press("j", "b")
	if a := d.theAnswer(); a.Choice != "branch" || a.Item != "k2" {
		t.Errorf("answer %+v", a)
	}
}

func TestReview_wantsEveryFileViewed(t *testing.T) {
	d := opened(t, reviewQuestion())
	d.has("not viewed")
	d.press("c", "enter")
	d.noAnswer()
	d.m.View()
	d.press("v")
	d.m.View()
	d.press("v")
	d.m.View()
	d.press("c")
	a := d.theAnswer()
	if a.Choice != "continue" || len(a.Acknowledge) != 2 || a.Digest != "d3" {
		t.Errorf("answer %+v", a)
	}
}

func TestHints_beginWithWhatGetsTheOperatorOn(t *testing.T) {
	q := reviewQuestion()
	p := q.Payload.(engine.Review)
	p.Hazards = []safe.Text{safe.Lit("re-creates the certificate")}
	q.Payload = p
	footer := func(d *desk) string {
		rows := strings.Split(strings.TrimRight(ansi.Strip(d.m.View()), " "), "\n")
		return strings.TrimSpace(rows[len(rows)-1])
	}
	d := opened(t, q)
	d.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	d.m.View()
	d.press("down")
	if got := footer(d); !strings.HasPrefix(got, "v viewed · h hazards · ") || !strings.Contains(got, "go on (2 files not viewed") {
		t.Errorf("the review offers %q", got)
	}
	q = planQuestion()
	q.Kind = engine.AskApply
	apply := choice("apply", "a", "apply this plan", "")
	apply.Irreversible = true
	q.Choices = []engine.Choice{apply, stopping()}
	r := q.Payload.(engine.PlanReview)
	for range 30 {
		r.Plan.Resources = append(r.Plan.Resources, r.Plan.Resources[1])
	}
	q.Payload = r
	d = opened(t, q)
	d.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	if got := footer(d); !strings.Contains(got, "a apply this plan (read to the end: G)") {
		t.Errorf("the apply offers %q", got)
	}
	d.press("G")
	if got := footer(d); !strings.HasPrefix(got, "a apply this plan · ") {
		t.Errorf("at the end it offers %q", got)
	}
}

func TestReview_aSearchChoosesNothing(t *testing.T) {
	d := opened(t, reviewQuestion())
	d.m.View()
	d.press("v")
	d.m.View()
	d.press("v", "/")
	d.write("scsqSL?")
	d.noAnswer()
	if d.m.overlay != overNothing {
		t.Error("a letter of the search opened something")
	}
}

func TestPlan_enterTakesTheRecommendedChange(t *testing.T) {
	d := opened(t, planQuestion())
	d.m.View()
	d.press("enter")
	if a := d.theAnswer(); a.Choice != "take" || a.Item != "c1" || a.Digest != "d4" {
		t.Errorf("answer %+v", a)
	}
}

func TestPlan_everythingAtOnceAsksForAReason(t *testing.T) {
	d := opened(t, planQuestion())
	d.m.View()
	d.press("A", "enter")
	d.noAnswer()
	d.write("nobody uses it yet")
	d.press("enter")
	if a := d.theAnswer(); a.Choice != "everything" || !strings.HasPrefix(a.Reason, "nobody") {
		t.Errorf("answer %+v", a)
	}
}

func TestPanes_fitEverySize(t *testing.T) {
	for _, q := range []engine.Question{reviewQuestion(), planQuestion()} {
		for w := leastWidth; w < 150; w += 7 {
			for h := leastHeight; h < 50; h += 5 {
				d := newDesk(t, w, h)
				d.begin(engine.Live)
				d.upTo("plan")
				d.tell(engine.QuestionAsked{Question: q})
				exact(t, d.m.View(), w, h)
			}
		}
	}
}

func applying() engine.ApplyStarted {
	return engine.ApplyStarted{
		Title: safe.Show("certificate.static and its validation"), Watch: []string{"static"},
		Items: []engine.ApplyItem{
			{Address: safe.Show("certificate.static"), Action: plan.Create},
			{Address: safe.Show("certificate_validation.static"), Action: plan.Create, WaitsFor: []int{0}},
		},
	}
}

func TestApply_showsTheBoardWhileItWorks(t *testing.T) {
	for _, size := range sizes {
		d := newDesk(t, size.w, size.h)
		d.begin(engine.Live)
		d.upTo("apply")
		d.tell(applying(), engine.ResourceMoved{Item: 0, State: engine.Running})
		d.send(secondMsg{})
		d.has("certificate.static")
		exact(t, d.m.View(), size.w, size.h)
	}
}

func TestVerify_measuresOnWhileAPersonDecides(t *testing.T) {
	d := newDesk(t, 120, 40)
	d.begin(engine.Live)
	d.upTo("verify")
	row := engine.VerifyRow{Probe: "static", Target: safe.Show("CNAME static.crates.io"), Outcome: engine.Fail, Word: safe.Lit("wrong value"), Got: safe.Show("old-network.example")}
	d.tell(engine.VerifyMoved{Rows: []engine.VerifyRow{row}})
	d.has("old-network.example")
	d.tell(engine.QuestionAsked{Question: verifyQuestion()})
	d.has("1 of 3 probes did not pass", "old-network.example", "wait 10 minutes more")
	row.Got = safe.Show("third-network.example")
	d.tell(engine.VerifyMoved{Rows: []engine.VerifyRow{row}, Deciding: true})
	d.has("third-network.example", "wait 10 minutes more")
	d.hasNot("old-network.example")
	d.press("w")
	if a := d.theAnswer(); a.Choice != "wait" {
		t.Errorf("answer %+v", a)
	}
}
