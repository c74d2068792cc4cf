package offline

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"lockstep/runbook/live"
	"lockstep/runbook/plan"
)

func TestBlock_hasNoInstanceKeys(t *testing.T) {
	for addr, want := range map[string]string{
		`a.b`: `a.b`, `a.b[0]`: `a.b`, `a.b["x"]`: `a.b`, `a.b["x[0]\"]"]`: `a.b`, `module.m["a.b"].a.b[1]`: `module.m.a.b`,
		`module.m[0].module.n["]"].data.a.b`: `module.m.module.n.data.a.b`, `a.b["cut`: `a.b`, `a.b]`: `a.b]`, ``: ``, `[`: ``,
	} {
		if got := block(addr); got != want {
			t.Errorf("%s is %s, want %s", addr, got, want)
		}
	}
}

func TestIsData_looksBehindModules(t *testing.T) {
	for addr, want := range map[string]bool{
		`data.a.b`: true, `a.data`: false, `module.m.data.a.b`: true, `module.m["data."].a.b`: false, `module.m["x.y"].module.n.data.a.b[0]`: true,
		`module.data.a.b`: false, `module.m`: false, ``: false,
	} {
		if got := isData(addr); got != want {
			t.Errorf("%s: %t", addr, got)
		}
	}
}

// FuzzBlock looks for addresses that make these functions fall over.
func FuzzBlock(f *testing.F) {
	f.Add(`module.m["a\"]."].data.a.b[0] (destroy deposed 01)`)
	f.Fuzz(func(_ *testing.T, s string) {
		addr, _ := cutEnd(s)
		_, _ = block(addr), isData(addr)
	})
}

func change(address, mode, actions, rest string) string {
	parts := strings.Split(strings.SplitN(address, "[", 2)[0], ".")
	return `{"address":"` + strings.ReplaceAll(address, `"`, `\"`) + `","mode":"` + mode + `","type":"` + parts[0] + `","name":"n",` + rest +
		`"change":{"actions":` + actions + `,"before":{},"after":{},"after_unknown":{},"before_sensitive":{},"after_sensitive":{}}}`
}

// read reads a plan of changes beside a graph of nodes.
func read(t *testing.T, complete bool, changes []string, nodes ...string) (*Plan, error) {
	t.Helper()
	dir := t.TempDir()
	doc := `{"format_version":"1.2","resource_changes":[` + strings.Join(changes, ",") + `],"complete":` + map[bool]string{true: "true", false: "false"}[complete] + `}`
	dot := "digraph {\n\tsubgraph \"root\" {\n"
	for _, n := range nodes {
		dot += "\t\t\"[root] " + strings.ReplaceAll(n, `"`, `\"`) + "\"\n"
	}
	for name, text := range map[string]string{"plan.json": doc, "plan.dot": dot + "\t}\n}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := Source{Plan: "plan.json", Graph: filepath.Join(dir, "plan.dot"), Dir: dir, Live: live.Shipped()}
	return s.Read(context.Background())
}

func TestRead_takesPlanAndGraphThatBelongTogether(t *testing.T) {
	const deposed = `"deposed":"0a1b2c3d",`
	for name, c := range map[string]struct {
		limited bool
		changes []string
		nodes   []string
		wrong   string // what the error says; none when empty
	}{
		"all kinds": {
			changes: []string{
				change("a.new", "managed", `["create"]`, ""), change("a.dbc", "managed", `["delete","create"]`, ""),
				change("a.cbd", "managed", `["create","delete"]`, ""), change("a.old", "managed", `["delete"]`, ""),
				change("a.old", "managed", `["delete"]`, deposed), change("a.gone", "managed", `["forget"]`, ""),
				change("a.same", "managed", `["no-op"]`, ""), change(`a.each["x[0]"]`, "managed", `["update"]`, ""),
			},
			nodes: []string{
				"a.new", "a.new (expand)", "a.dbc", "a.dbc (destroy)", "a.dbc (expand)", "a.cbd", "a.cbd (destroy deposed 11111111)", "a.cbd (expand)",
				"a.old (destroy)", "a.old (destroy deposed 0a1b2c3d)", "a.gone (forget)", "a.same", "a.same (expand)", `a.each["x[0]"]`, "a.each (expand)",
				"var.x", "root", "module.m (expand)", "module.m (close)", "provider[\"x\"] (close)", "data.d.check", "data.d.check (expand)", "other.b (expand)",
			},
		},
		"a node that creates":        {changes: []string{change("a.b", "managed", `["create"]`, "")}, nodes: []string{"a.b", "a.b (expand)", "a.c", "a.c (expand)"}, wrong: "to change a.c"},
		"a node that destroys":       {changes: []string{change("a.b", "managed", `["create"]`, "")}, nodes: []string{"a.b", "a.c (destroy)"}, wrong: "to destroy a.c"},
		"a destroy of an update":     {changes: []string{change("a.b", "managed", `["update"]`, "")}, nodes: []string{"a.b", "a.b (destroy)"}, wrong: "to destroy a.b"},
		"a deposed of a delete":      {changes: []string{change("a.b", "managed", `["delete"]`, "")}, nodes: []string{"a.b (destroy)", "a.b (destroy deposed 01)"}, wrong: "to destroy a.b"},
		"another deposed":            {changes: []string{change("a.b", "managed", `["delete"]`, deposed)}, nodes: []string{"a.b (destroy deposed 0a1b2c3d)", "a.b (destroy deposed ffffffff)"}, wrong: "to destroy a.b"},
		"a create of a delete":       {changes: []string{change("a.b", "managed", `["delete"]`, "")}, nodes: []string{"a.b", "a.b (expand)", "a.b (destroy)"}, wrong: "to change a.b"},
		"a node that forgets":        {changes: []string{change("a.b", "managed", `["create"]`, "")}, nodes: []string{"a.b", "a.c (forget)"}, wrong: "to forget a.c"},
		"another key":                {changes: []string{change(`a.b["x"]`, "managed", `["create"]`, "")}, nodes: []string{`a.b["x"]`, `a.b["y"]`, "a.b (expand)"}, wrong: `to change a.b["y"]`},
		"no node":                    {changes: []string{change("a.b", "managed", `["create"]`, "")}, nodes: []string{"a.b (expand)"}, wrong: "no node for create of a.b"},
		"nothing to do":              {},
		"nothing to do, and a node":  {nodes: []string{"a.b (destroy)"}, wrong: "to destroy a.b"},
		"limited, old object stays":  {limited: true, changes: []string{change("a.b", "managed", `["create","delete"]`, "")}, nodes: []string{"a.b", "a.b (expand)"}},
		"limited, delete is missing": {limited: true, changes: []string{change("a.b", "managed", `["delete"]`, "")}, nodes: []string{"a.b (expand)"}, wrong: "no node for delete of a.b"},
		"limited, no create":         {limited: true, changes: []string{change("a.b", "managed", `["create"]`, "")}, nodes: []string{"a.b (expand)"}, wrong: "no node for create of a.b"},
	} {
		p, err := read(t, !c.limited, c.changes, c.nodes...)
		switch {
		case c.wrong == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
			t.Errorf("%s: %v, want %q", name, err, c.wrong)
		case c.wrong == "" && (p.Order == nil || p.Limited != c.limited):
			t.Errorf("%s: %+v", name, p)
		case c.wrong != "" && p != nil:
			t.Errorf("%s: an error, and a plan", name)
		}
	}
}

func TestRead_saysWhatOfALimitedPlanStays(t *testing.T) {
	p, err := read(t, false, []string{change("a.b", "managed", `["create","delete"]`, "")}, "a.b", "a.b (expand)")
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Order.Items(); len(got) != 1 || got[0].Action != plan.Create {
		t.Errorf("%+v", got)
	}
}

func TestRead_takesAPipe(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	go func() {
		defer out.Close()
		_, _ = out.WriteString(`{"format_version":"1.2","planned_values":{},"complete":true}`)
	}()
	dot := filepath.Join(t.TempDir(), "plan.dot")
	if err := os.WriteFile(dot, []byte("digraph { }"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (Source{Plan: "/dev/fd/" + strconv.Itoa(int(in.Fd())), Graph: dot}).Read(t.Context()); err != nil {
		t.Error(err)
	}
}
