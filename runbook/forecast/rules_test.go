package forecast

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// order lists the actions as they start, those that start together in braces.
func order(f Forecast) string {
	at := map[time.Duration][]string{}
	for _, a := range f.Actions {
		at[a.Start.Typical] = append(at[a.Start.Typical], a.Address.String()+"."+string(a.Action))
	}
	var when []time.Duration
	for w := range at {
		when = append(when, w)
	}
	slices.Sort(when)
	var out []string
	for _, w := range when {
		if text := strings.Join(at[w], " "); len(at[w]) == 1 {
			out = append(out, text)
		} else {
			out = append(out, "{"+text+"}")
		}
	}
	return strings.Join(out, ", ")
}

// The rules of Terraform's order, as its graph draws them: B uses A.
func TestAtOnce_followsTheRules(t *testing.T) {
	for rule, c := range map[string]struct {
		shape
		want string
	}{
		"R1 creators": {
			shape{changes: []string{"a.a update", "b.b create"}, edges: []string{"b.b -> b.b (expand)", "b.b (expand) -> local.x", "local.x -> a.a"}},
			"a.a.update, b.b.create",
		},
		"R2 late reads": {
			shape{changes: []string{"a.a update", "b.b update", "data.d read"}, edges: []string{"b.b -> data.d", "data.d -> a.a"}},
			"a.a.update, data.d.read, b.b.update",
		},
		"R3 destroyers": {
			shape{changes: []string{"a.a delete", "b.b delete"}, edges: []string{"a.a (destroy) -> b.b (destroy)"}},
			"b.b.delete, a.a.delete",
		},
		"R4 replacement, old first": {
			shape{changes: []string{"a.a delete-create", "b.b delete-create"}, edges: []string{"a.a (destroy) -> b.b (destroy)", "b.b -> a.a"}},
			"b.b.delete, a.a.delete, a.a.create, b.b.create",
		},
		"R5 a user that is updated": {
			shape{changes: []string{"a.a delete-create", "b.b update"}, edges: []string{"b.b -> a.a", "b.b -> a.a (destroy)"}},
			"a.a.delete, a.a.create, b.b.update",
		},
		"R6 a user that is deleted": {
			shape{changes: []string{"a.a update", "b.b delete"}, edges: []string{"a.a -> b.b (destroy)"}},
			"b.b.delete, a.a.update",
		},
		"R9 new first": {
			shape{changes: []string{"a.a create-delete", "b.b update"}, edges: []string{"b.b -> a.a", "a.a (destroy) -> b.b"}},
			"a.a.create, b.b.update, a.a.delete",
		},
		"R12 moved": {
			shape{changes: []string{"a.a update", "b.b update", "m.m no-op from=m.old"}, edges: []string{"b.b -> m.m", "m.m -> a.a"}},
			"a.a.update, b.b.update",
		},
		"R13 forget": {
			shape{changes: []string{"a.a update", "b.b forget"}, edges: []string{"a.a -> b.b (forget)"}},
			"{a.a.update b.b.forget}",
		},
		"R14 deposed": {
			shape{changes: []string{"a.a delete deposed=11111111", "a.a create-delete"}, edges: []string{"a.a (destroy) -> a.a (destroy deposed 11111111)"}},
			"{a.a.delete a.a.create}, a.a.delete",
		},
	} {
		if got := order(c.atOnce(t)); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", rule, got, c.want)
		}
	}
}

func TestAtOnce_saysWhatAnActionStartsBehind(t *testing.T) {
	f := incident().atOnce(t)
	var chain []string
	for k, n := f.Outages[0].ClosedBy, 0; k >= 0 && n < 10; k, n = f.Actions[k].Path, n+1 {
		chain = append(chain, f.Actions[k].Address.String())
	}
	same(t, "path", chain, []string{"record.weighted", "distribution.static", "validation.static", "certificate.static"})
	one := shape{changes: []string{"a.a update", "b.b update"}}
	p, o, opt := one.build(t)
	opt.Parallelism = 1
	if f := AtOnce(p, o, opt); f.Actions[0].Path != -1 || f.Actions[1].Path != 0 {
		t.Errorf("paths %d and %d", f.Actions[0].Path, f.Actions[1].Path)
	}
}

func TestAtOnce_hazards(t *testing.T) {
	var many shape
	for i := range 10 {
		many.changes = append(many.changes, fmt.Sprintf("t.x%d delete", i))
	}
	for what, c := range map[string]struct {
		shape
		want []string
	}{
		"nothing to say":   {shape{changes: []string{"a.a update", "b.b create becomes=" + name + "a"}}, []string{}},
		"many destroys":    {many, []string{"MANY_DESTROYS"}},
		"not many":         {shape{changes: many.changes[1:]}, []string{}},
		"let go":           {shape{changes: []string{"a.a forget was=" + name + "a"}}, []string{"FORGET a.a"}},
		"under a mask":     {shape{changes: []string{"a.a update sensitive"}}, []string{"SENSITIVE_CHANGE a.a"}},
		"a bucket deleted": {shape{changes: []string{"a.a delete was=bucket/b/a"}}, []string{"GONE! a.a"}},
		"a race that may cost the name": {
			shape{changes: []string{"a.a delete was=" + name + "a/unknown", "b.b create becomes=" + name + "b"}},
			[]string{"NAME_HANDOVER a.a", "GONE! a.a", "UNORDERED_SWAP! a.a"},
		},
		"a race": {
			shape{changes: []string{"a.a delete was=" + name + "a", "b.b create becomes=" + name + "b"}},
			[]string{"NAME_HANDOVER a.a", "UNORDERED_SWAP a.a"},
		},
		"a name that is not known": {
			shape{changes: []string{"a.a delete-create was=" + name + "a becomes=record/?/a"}}, []string{"UNKNOWN_NAME! a.a"},
		},
		"a certificate, new first": {
			shape{changes: []string{"a.a create-delete was=certificate/c/a becomes=certificate/c/b"}}, []string{"CERT_REPLACED a.a"},
		},
		"used while it is replaced": {
			shape{changes: []string{"a.a delete-create", "b.b update", "data.d read"}, edges: []string{"b.b -> data.d", "data.d -> a.a"}},
			[]string{"REPLACE_IN_USE! a.a"},
		},
		"replaced for something new": {
			shape{changes: []string{"a.a delete-create", "b.b create"}, edges: []string{"b.b -> a.a"}}, []string{},
		},
		"replaced in the state only": {
			shape{changes: []string{"random_id.a delete-create", "b.b update"}, edges: []string{"b.b -> random_id.a"}}, []string{},
		},
		"a wait that is replaced": {
			shape{changes: []string{"x_certificate_validation.a delete-create", "b.b update"}, edges: []string{"b.b -> x_certificate_validation.a"}}, []string{},
		},
	} {
		same(t, what, codes(c.atOnce(t).Hazards), c.want)
	}
}

func TestAtOnce_hazardsAreOneSentence(t *testing.T) {
	p, o, opt := incident().build(t)
	p.Drift = []plan.ResourceChange{{Address: safe.Lit("a.a")}}
	var got []string
	for _, h := range AtOnce(p, o, opt).Hazards {
		got = append(got, h.Text.String())
	}
	same(t, "texts", got, []string{
		"static.example is deleted at record.static and made at record.weighted",
		"static.example is absent for about 21 s: record.static is deleted, and record.weighted, which takes its place, waits for validation.static",
		"validation.static takes about 20 s and stands between the delete and the create of static.example",
		"a.a was changed outside of Terraform since the last apply",
	})
}

// Two objects of one address can be lost; their findings have one key.
func TestAtOnce_hazardsHaveTheirOwnKeys(t *testing.T) {
	s := shape{changes: []string{"a.a delete was=" + name + "a", "a.a delete deposed=11111111 was=record/m/a"}}
	f := s.atOnce(t)
	same(t, "hazards", codes(f.Hazards), []string{"GONE! a.a"})
	if got := f.Hazards[0].Text.String(); !strings.Contains(got, "n is gone") || !strings.Contains(got, "m is gone") {
		t.Errorf("text %q", got)
	}
}
