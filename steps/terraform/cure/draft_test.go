package cure

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// checkout writes files into a new folder.
func checkout(t *testing.T, files map[string]string) Source {
	t.Helper()
	dir := t.TempDir()
	for path, content := range files {
		full := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Source{Top: dir, Dir: "root"}
}

func thing(name string, mode plan.DeleteMode, data string) *plan.Thing {
	return &plan.Thing{Kind: "name", Name: safe.Show(name), Key: []plan.KeyPart{{Name: "name", Value: safe.Show(name)}}, Delete: mode, Data: data}
}

// renames is a plan that hands things over, from address to address, one after
// the other, and its forecast.
func renames(mode plan.DeleteMode, addresses ...string) (*plan.Plan, forecast.Forecast) {
	p := &plan.Plan{}
	var f forecast.Forecast
	for i := 0; i < len(addresses); i += 2 {
		was, becomes := thing(addresses[i], mode, "old"), thing(addresses[i], mode, "new")
		for k, r := range []plan.ResourceChange{
			{Action: plan.Delete, Was: was}, {Action: plan.Create, Becomes: becomes},
		} {
			r.Index, r.Type = i+k, safe.Lit("t")
			r.Address = safe.Show(addresses[i+k])
			p.Resources = append(p.Resources, r)
			f.Actions = append(f.Actions, forecast.Action{Resource: i + k, Action: r.Action})
		}
		f.Outages = append(f.Outages, forecast.Outage{
			Thing: *was, Verdict: forecast.Window, OpenedBy: i, ClosedBy: i + 1, Length: forecast.Span{Typical: time.Minute},
		})
	}
	return p, f
}

func propose(t *testing.T, src Source, p *plan.Plan, f forecast.Forecast) []Proposal {
	t.Helper()
	out, err := Propose(src, p, f)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range out {
		if (len(c.Edits) > 0) != c.Cure.Problem.IsEmpty() || c.Cure.ID == "" || len(c.Things) == 0 {
			t.Errorf("%+v", c)
		}
	}
	return out
}

func TestPropose_aModuleCalledTwiceIsOneCure(t *testing.T) {
	src := checkout(t, map[string]string{
		"root/main.tf": "module \"a\" {\n  source = \"../m\"\n}\nmodule \"b\" {\n  source = \"../m/\"\n}\n",
		"m/x.tf":       "resource \"t\" \"new\" {}\n",
	})
	p, f := renames(plan.DeleteWholeName, "module.a.t.old", "module.a.t.new", "module.b.t.old", "module.b.t.new")
	all := propose(t, src, p, f)
	if len(all) != 2 || len(all[0].Things) != 2 || all[0].Cure.Kind != forecast.CureMoved || all[0].Cure.Files[0].String() != "m/x.tf" {
		t.Errorf("%+v", all)
	}
}

func TestPropose_saysWhatCannotBeChanged(t *testing.T) {
	for name, c := range map[string]struct {
		files    map[string]string
		from, to string
		problem  string
	}{
		"another repository": {
			map[string]string{"root/main.tf": "module \"a\" {\n  source = \"example/a/x\"\n}\n"},
			"module.a.t.old", "module.a.t.new", "the module a is not in this repository",
		},
		"outside of this one": {
			map[string]string{"root/main.tf": "module \"a\" {\n  source = \"../../a\"\n}\n"},
			"module.a.t.old", "module.a.t.new", "is not in this repository",
		},
		"only JSON": {
			map[string]string{"root/main.tf.json": `{"resource":{"t":{"new":{}}}}`}, "t.old", "t.new", "has no file that can be changed",
		},
	} {
		p, f := renames(plan.DeleteWholeName, c.from, c.to)
		all := propose(t, checkout(t, c.files), p, f)
		if len(all) != 2 || !strings.Contains(all[0].Cure.Problem.String(), c.problem) {
			t.Errorf("%s: %+v", name, all)
		}
	}
}

func TestPropose_followsNoLink(t *testing.T) {
	src := checkout(t, map[string]string{"root/main.tf": "module \"a\" {\n  source = \"../link\"\n}\n", "m/x.tf": "resource \"t\" \"new\" {}\n"})
	if err := os.Symlink("m", filepath.Join(src.Top, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/hosts", filepath.Join(src.Top, "root", "a.tf")); err != nil {
		t.Fatal(err)
	}
	p, f := renames(plan.DeleteWholeName, "module.a.t.old", "module.a.t.new")
	for _, c := range propose(t, src, p, f) {
		if c.Cure.Kind == forecast.CureMoved && !strings.Contains(c.Cure.Problem.String(), "behind a link") {
			t.Errorf("moved: %+v", c.Cure)
		}
		for _, e := range c.Edits {
			if e.Path != "root/main.tf" {
				t.Errorf("it changes %s", e.Path)
			}
		}
	}
}

func TestPropose_leavesAloneWhatIsMeantToGo(t *testing.T) {
	src := checkout(t, map[string]string{"root/main.tf": ""})
	p, f := renames(plan.DeleteWholeName, "t.old", "t.new")
	p.Resources, f.Actions = p.Resources[:1], f.Actions[:1]
	f.Outages[0].Verdict, f.Outages[0].ClosedBy = forecast.Gone, -1
	if all := propose(t, src, p, f); len(all) > 0 {
		t.Errorf("%+v", all)
	}
	// Another object has the same name, and stays.
	p.Standing = []plan.Holder{{Address: safe.Lit("t.there"), Thing: *thing("t.old", plan.DeleteWholeName, "x")}}
	if all := propose(t, src, p, f); len(all) != 1 || all[0].Cure.Kind != forecast.CureForget {
		t.Errorf("%+v", all)
	}
}

func TestProve_ordersByWhatIsLeft(t *testing.T) {
	src := checkout(t, map[string]string{"root/main.tf": "resource \"t\" \"new\" {\n}\n"})
	p, f := renames(plan.DeleteOwnData, "t.old", "t.new")
	drafts := propose(t, src, p, f)
	if len(drafts) != 3 {
		t.Fatalf("%+v", drafts)
	}
	after := map[forecast.CureKind]forecast.Outage{
		forecast.CureMoved:       {Thing: f.Outages[0].Thing, Verdict: forecast.Window, Length: forecast.Span{Typical: time.Second}, OpenedBy: 0, ClosedBy: 1},
		forecast.CureCreateFirst: {Thing: f.Outages[0].Thing, Verdict: forecast.None},
	}
	var at forecast.CureKind
	c := Case{
		Plan: p, Before: f,
		Try: func(_ context.Context, d Proposal) (*plan.Plan, *plan.Order, error) {
			if at = d.Cure.Kind; at == forecast.CureForget {
				return nil, nil, &engine.Problem{Err: errors.New("no plan"), Lines: []safe.Text{{}, safe.Lit("error: Refused")}}
			}
			return &plan.Plan{}, &plan.Order{}, nil
		},
		Look: func(*plan.Plan, *plan.Order) (forecast.Forecast, forecast.Sequence) {
			return forecast.Forecast{Outages: []forecast.Outage{after[at]}}, forecast.Sequence{Dark: forecast.Span{Typical: time.Second}}
		},
	}
	got, err := c.Prove(t.Context(), drafts)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []forecast.CureKind
	for _, g := range got {
		kinds = append(kinds, g.Cure.Kind)
	}
	if len(kinds) != 3 || kinds[0] != forecast.CureCreateFirst || kinds[1] != forecast.CureMoved || kinds[2] != forecast.CureForget {
		t.Errorf("order %v", kinds)
	}
	if !got[0].Cure.Proved || !got[1].Cure.Proved || got[1].Cure.Dark.Typical != time.Second || got[1].Cure.After[0].OpenedBy != -1 {
		t.Errorf("%+v", got[1].Cure)
	}
	if got[2].Cure.Proved || got[2].Cure.Problem.String() != "error: Refused" || len(got[2].Cure.Before) != 1 {
		t.Errorf("%+v", got[2].Cure)
	}
	if _, body := got[1].Message(); !strings.Contains(body, "t.old is absent for 1m0s.") || !strings.Contains(body, "With it t.old is absent for 1s.") {
		t.Errorf("message %s", body)
	}

	// One that makes something else absent is none.
	after[forecast.CureCreateFirst] = forecast.Outage{Thing: *thing("other", plan.DeleteOwnData, ""), Verdict: forecast.Gone}
	got, err = c.Prove(t.Context(), drafts)
	if err != nil || !strings.Contains(got[2].Cure.Problem.String()+got[1].Cure.Problem.String(), "with it other is gone for good, which it does not without") {
		t.Errorf("%v %+v", err, got)
	}
}

func TestDeployed_marksTheBlockAndWhatItUses(t *testing.T) {
	state := `{"version":4,"serial":90071992547409931,"resources":[
		{"module":"module.m[\"k\"]","mode":"managed","type":"t","name":"old","instances":[{"index_key":"a","dependencies":["module.m.t.base","data.t.x"]},{"index_key":"b"}]},
		{"module":"module.m[\"k\"]","mode":"managed","type":"t","name":"base","instances":[{}]},
		{"mode":"managed","type":"t","name":"base","instances":[{}]},
		{"mode":"data","type":"t","name":"x","instances":[{}]}]}`
	got, err := Proposal{block: "module.m.t.old"}.Deployed([]byte(state))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(got), `"create_before_destroy":true`); n != 3 || !strings.Contains(string(got), "90071992547409931") {
		t.Errorf("%d marks: %s", n, got)
	}
	for _, bad := range []string{"", "{", `{"version":3}`, `{"version":4}`, `{"version":4,"resources":[1,{"mode":"managed","instances":[2]}]}`} {
		if _, err := (Proposal{block: "t.old"}).Deployed([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
