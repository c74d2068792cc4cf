package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"lockstep/runbook/safe"
)

// change is "ADDRESS ACTION" as tests write it.
func planOf(t *testing.T, changes ...string) *Plan {
	t.Helper()
	p := &Plan{}
	for i, c := range changes {
		f := strings.Fields(c)
		r := ResourceChange{Index: i, Address: safe.Show(f[0]), Action: Action(f[1])}
		for _, extra := range f[2:] {
			if k, ok := strings.CutPrefix(extra, "deposed="); ok {
				r.Deposed = k
			}
			if k, ok := strings.CutPrefix(extra, "was="); ok {
				r.Previous = safe.Show(k)
			}
		}
		p.Resources = append(p.Resources, r)
	}
	return p
}

// graphOf reads "A -> B" lines; names may hold spaces.
func graphOf(lines ...string) Graph {
	g := Graph{Edges: map[string][]string{}}
	add := func(n string) string {
		n = strings.TrimSpace(n)
		if !slices.Contains(g.Nodes, n) {
			g.Nodes = append(g.Nodes, n)
		}
		return n
	}
	for _, l := range lines {
		from, to, ok := strings.Cut(l, "->")
		f := add(from)
		if ok {
			g.Edges[f] = append(g.Edges[f], add(to))
		}
	}
	return g
}

func split(t *testing.T, p *Plan, g Graph) []Change {
	t.Helper()
	o, err := NewOrder(p, g)
	if err != nil {
		t.Fatal(err)
	}
	return Split(p, o)
}

func titles(cs []Change) []string {
	var out []string
	for _, c := range cs {
		out = append(out, c.Title.String())
	}
	return out
}

// incident is the shape of the outage: the record was renamed, so it is deleted
// at one address and created at another; the new one waits for the certificate.
func incident(t *testing.T) (*Plan, Graph) {
	return planOf(
			t, "certificate.static create-delete", "distribution.static update", "record.static delete",
			"record.weighted create", "validation.static create-delete",
		), graphOf(
			"validation.static -> certificate.static",
			"distribution.static -> distribution.static (expand)",
			"distribution.static (expand) -> local.cert",
			"local.cert -> validation.static",
			"distribution.static -> record.static (destroy)",
			"record.weighted -> distribution.static",
			"validation.static (destroy deposed 11111111) -> distribution.static",
			"certificate.static (destroy deposed 22222222) -> validation.static (destroy deposed 11111111)",
		)
}

func TestSplit_takesTheIncidentApart(t *testing.T) {
	p, g := incident(t)
	cs := split(t, p, g)
	want := []string{
		"update distribution.static, with replace certificate.static, replace validation.static",
		"create record.weighted",
		"delete record.static",
		"what is left: old objects kept aside, outputs",
	}
	if got := titles(cs); !slices.Equal(got, want) {
		t.Fatalf("got %q\nwant %q", got, want)
	}
	if got := cs[0].Targets; !slices.Equal(got, []string{"distribution.static"}) {
		t.Errorf("targets of the first change: %q", got)
	}
	if !cs[0].Destroys || cs[1].Destroys || !cs[2].Destroys {
		t.Errorf("destroys: %v %v %v", cs[0].Destroys, cs[1].Destroys, cs[2].Destroys)
	}
	if cs[3].Targets != nil {
		t.Errorf("the rest has targets %q", cs[3].Targets)
	}
}

func TestNewOrder_knowsWhatWaitsForWhat(t *testing.T) {
	p, g := incident(t)
	o, err := NewOrder(p, g)
	if err != nil {
		t.Fatal(err)
	}
	waits := o.Waits(len(p.Resources))
	if got := fmt.Sprint(waits); got != "[[4] [2 4] [] [1] [0 1]]" {
		t.Errorf("waits %s", got)
	}
	if n := len(o.Items()); n != 7 {
		t.Errorf("%d items, want 7", n)
	}
}

func TestNewOrder_refusesAForeignGraph(t *testing.T) {
	p, _ := incident(t)
	if _, err := NewOrder(p, graphOf("other.thing -> certificate.static")); err == nil {
		t.Fatal("a graph without the plan's actions was accepted")
	}
}

func TestNewOrder_namesOldObjectsThatATargetedPlanKeeps(t *testing.T) {
	p := planOf(t, "certificate.static create-delete", "distribution.static update")
	p.Targets = []string{"distribution.static"}
	o, err := NewOrder(p, graphOf("distribution.static -> certificate.static"))
	if err != nil {
		t.Fatal(err)
	}
	if got := o.Dropped(p); !slices.Equal(got, []int{0}) {
		t.Errorf("dropped %v", got)
	}
}

func TestSplit_groupsPlainAdditionsByComponent(t *testing.T) {
	var changes, edges []string
	for i := range 200 {
		changes = append(changes, fmt.Sprintf("a.x[%d] create", i))
		edges = append(edges, fmt.Sprintf("a.x[%d] -> root.y", i))
	}
	changes = append(changes, "root.y create", "b.z update")
	edges = append(edges, "b.z")
	cs := split(t, planOf(t, changes...), graphOf(edges...))
	if len(cs) != 2 {
		t.Fatalf("%d changes: %q", len(cs), titles(cs))
	}
	if n := len(cs[0].Members); n != 201 {
		t.Errorf("the first change has %d members", n)
	}
}

func TestSplit_takesInstancesOfOneBlockTogether(t *testing.T) {
	cs := split(t, planOf(t, "record.a[0] update", "record.a[1] update", "record.b update"), graphOf("record.a[0]", "record.a[1]", "record.b"))
	if got := titles(cs); !slices.Equal(got, []string{"update record.a[0], update record.a[1]", "update record.b"}) {
		t.Errorf("got %q", got)
	}
}

func TestSplit_takesInstancesTogetherWhateverTheirKeysHold(t *testing.T) {
	addresses := []string{`m.a["x[0]"]`, `m.a["y[1].b"]`, `m.a["q\"[z"]`, `m.a["plain"]`}
	changes := []string{"z.other update"}
	graph := []string{"z.other"}
	for _, a := range addresses {
		changes, graph = append(changes, a+" update"), append(graph, a)
	}
	got := split(t, planOf(t, changes...), graphOf(graph...))
	if len(got) != 2 || !slices.Equal(got[1].Targets, addresses) {
		t.Errorf("changes %+v", got)
	}
}

func TestSplit_leavesAWholePlanWithoutTargets(t *testing.T) {
	cs := split(t, planOf(t, "record.a update"), graphOf("record.a"))
	if len(cs) != 1 || cs[0].Targets != nil {
		t.Errorf("got %+v", cs)
	}
}

func TestSplit_movesComeFirst(t *testing.T) {
	cs := split(t, planOf(t, "a.x update", "b.new no-op was=b.old", "c.y update"), graphOf("a.x", "c.y -> a.x"))
	if got := cs[0].Targets; !slices.Equal(got, []string{"b.new", "b.old"}) {
		t.Errorf("first targets %q of %q", got, titles(cs))
	}
}

func TestSplit_deletesUsersBeforeWhatTheyUse(t *testing.T) {
	cs := split(t, planOf(t, "a.base delete", "b.user delete", "c.new create"), graphOf("a.base (destroy) -> b.user (destroy)", "c.new"))
	if got := titles(cs); !slices.Equal(got, []string{"create c.new", "delete b.user", "delete a.base"}) {
		t.Errorf("got %q", got)
	}
}

// Whatever the graph, every resource is a member of exactly one change, and no
// change brings along what has not had its turn.
func TestSplit_coversEveryResourceOnceInOrder(t *testing.T) {
	actions := []Action{Create, Update, Delete, DeleteThenCreate, CreateThenDelete, Read, Forget}
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := 1 + r.IntN(14)
		var changes, lines []string
		for i := range n {
			a := actions[r.IntN(len(actions))]
			changes = append(changes, fmt.Sprintf("t.r%02d %s", i, a))
			up, down := fmt.Sprintf("t.r%02d", i), fmt.Sprintf("t.r%02d (destroy)", i)
			if a == CreateThenDelete {
				down = fmt.Sprintf("t.r%02d (destroy deposed %08x)", i, i)
			}
			if a == Forget {
				down = fmt.Sprintf("t.r%02d (forget)", i)
			}
			lines = append(lines, up, down)
			switch a {
			case DeleteThenCreate:
				lines = append(lines, up+" -> "+down)
			case CreateThenDelete:
				lines = append(lines, down+" -> "+up)
			}
			for j := range i {
				if r.IntN(4) == 0 {
					lines = append(lines, up+fmt.Sprintf(" -> t.r%02d", j))
				}
			}
		}
		p, g := planOf(t, changes...), graphOf(lines...)
		o, err := NewOrder(p, g)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		count := make([]int, n)
		turn := make([]int, n)
		for k, c := range Split(p, o) {
			for _, m := range c.Members {
				count[m]++
				turn[m] = k
			}
		}
		for i := range n {
			if count[i] != 1 {
				t.Fatalf("seed %d: %s is in %d changes", seed, changes[i], count[i])
			}
			for j := range n {
				ci, iok := o.creator[i]
				cj, jok := o.creator[j]
				if iok && jok && o.waits(ci, cj) && turn[i] < turn[j] {
					t.Fatalf("seed %d: %s comes before %s, which it waits for", seed, changes[i], changes[j])
				}
			}
		}
	}
}

func TestPlan_namesAreShortWhereTheyTellResourcesApart(t *testing.T) {
	p := planOf(t, "module.a.t.x create", "module.b.t.x create", `module.a["k.l"].t.y["m.n"] create`, "t.z create")
	for i, m := range []string{"module.a", "module.b", `module.a["k.l"]`, ""} {
		p.Resources[i].Module = safe.Show(m)
	}
	var got []string
	for _, n := range p.Names() {
		got = append(got, n.String())
	}
	want := []string{"module.a.t.x", "module.b.t.x", `t.y["m.n"]`, "t.z"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
