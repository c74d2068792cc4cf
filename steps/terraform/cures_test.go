package terraform

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/durations"
	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/live"
	"lockstep/runbook/plan"
	"lockstep/steps/terraform/cure"
)

// A bench is a session with a full plan that makes an outage.
type bench struct {
	t       *testing.T
	p       *project
	o       *operator
	session *session
	full    *saved
	at      forecast.Forecast
}

// named says that terraform_data holds the live thing that its input names.
func named(mode plan.DeleteMode, data ...string) map[string]live.Identity {
	return map[string]live.Identity{"terraform_data": {Kind: "name", Key: []string{"input.name"}, Delete: mode, Data: data}}
}

// timed makes a forecast know how long actions take, so that windows have a length.
var timed = forecast.Options{Durations: durations.NewBook(durations.Sources{Given: map[string]time.Duration{
	"terraform_data.base.update": 20 * time.Second, "terraform_data.update": time.Second,
	"terraform_data.create": time.Second, "terraform_data.delete": time.Second,
}})}

func lookAt(p *plan.Plan, o *plan.Order) (forecast.Forecast, forecast.Sequence) {
	return forecast.AtOnce(p, o, timed), forecast.OneAtATime(p, o, plan.Split(p, o), timed)
}

// newBench brings c1 into the state and plans c2.
func newBench(t *testing.T, identities map[string]live.Identity, before, after map[string]string) *bench {
	t.Helper()
	p := newProject(t, "")
	p.commits["c1"], p.commits["c2"] = rooted(before), rooted(after)
	p.apply("c1")
	return p.bench("c2", identities)
}

func (p *project) bench(commit string, identities map[string]live.Identity) *bench {
	p.t.Helper()
	b := &bench{t: p.t, p: p, o: p.operator(engine.Live)}
	b.session = newSession(p.deps(), b.o.run)
	var err error
	if b.session.table, err = live.Shipped().With(identities); err != nil {
		p.t.Fatal(err)
	}
	if b.full, err = b.session.fullPlan(p.t.Context(), b.o, commit, commit); err != nil {
		p.t.Fatalf("%v\n%s", err, linesOf(err))
	}
	if b.full.order != nil {
		b.at = forecast.AtOnce(&b.full.model, b.full.order, timed)
	}
	return b
}

func rooted(files map[string]string) map[string]string {
	out := map[string]string{"versions.tf": backendBlock}
	for path, content := range files {
		out[path] = content
	}
	return out
}

// cures returns the proved and tried cures, and checks that nothing of the
// trials is left and that what can be written is what git applies.
func (b *bench) cures() []cure.Proposal {
	b.t.Helper()
	before := listFiles(b.t, b.o.run.WorkDir)
	start := time.Now()
	got, err := b.session.cures(b.t.Context(), b.o, b.full, "c1", b.at, lookAt)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Logf("%d cures in %s", len(got), time.Since(start).Round(10*time.Millisecond))
	if after := listFiles(b.t, b.o.run.WorkDir); after != before {
		b.t.Errorf("files are left, or gone: %s\nbefore: %s", after, before)
	}
	var out []cure.Proposal
	for _, c := range got {
		p, ok := b.session.proposals[c.ID]
		if !ok || len(b.session.proposals) != len(got) {
			b.t.Fatalf("%d proposals for %d cures", len(b.session.proposals), len(got))
		}
		b.t.Logf("%s: proved %t, problem %q, %d edits, after %+v\n%s", c.Title, c.Proved, c.Problem, len(p.Edits), verdicts(c.After), p.Patch)
		if len(p.Edits) > 0 && !p.Earlier {
			b.applies(p)
		}
		out = append(out, p)
	}
	return out
}

// applies checks the patch with git, on a copy of the checkout.
func (b *bench) applies(p cure.Proposal) {
	b.t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("LOCKSTEP_REQUIRE_TOOLS") != "" {
			b.t.Fatal("git is required and not on PATH")
		}
		b.t.Log("NOT TESTED: git is not on PATH, so the patch was not applied")
		return
	}
	dir := b.t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(b.full.work.top)); err != nil {
		b.t.Fatal(err)
	}
	cmd := exec.CommandContext(b.t.Context(), "git", "apply", "-")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(string(p.Patch))
	if out, err := cmd.CombinedOutput(); err != nil {
		b.t.Errorf("git apply: %v\n%s", err, out)
	}
	for _, e := range p.Edits {
		if raw, err := os.ReadFile(filepath.Join(dir, e.Path)); err != nil || string(raw) != string(e.New) {
			b.t.Errorf("git apply made another %s: %v\n%s", e.Path, err, raw)
		}
	}
}

func verdicts(outages []forecast.Outage) []string {
	var out []string
	for _, o := range outages {
		out = append(out, o.Thing.Name.String()+" "+string(o.Verdict))
	}
	return out
}

func listFiles(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		b.WriteString(path + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// one returns the cure of a kind.
func one(t *testing.T, all []cure.Proposal, kind forecast.CureKind) cure.Proposal {
	t.Helper()
	var found []cure.Proposal
	for _, p := range all {
		if p.Cure.Kind == kind {
			found = append(found, p)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d cures of kind %s, want one", len(found), kind)
	}
	return found[0]
}

func wantAdded(t *testing.T, p cure.Proposal, file, text string) {
	t.Helper()
	if len(p.Edits) != 1 || p.Edits[0].Path != file {
		t.Fatalf("it changes %v, want %s", p.Cure.Files, file)
	}
	e := p.Edits[0]
	if got := strings.TrimPrefix(string(e.New), string(e.Old)); got != text {
		t.Errorf("added to %s:\n%s\nwant\n%s", file, got, text)
	}
}

func data(block, name, more string) string {
	return "resource \"terraform_data\" \"" + block + "\" {\n  input = { name = \"" + name + "\", v = \"" + block + "\" }\n" + more + "}\n"
}

func TestCures_renameInTheRootModule(t *testing.T) {
	t.Parallel()
	b := newBench(t, named(plan.DeleteWholeName),
		map[string]string{"names.tf": data("old", "static", "")},
		map[string]string{"names.tf": data("new", "static", ""), "main.tf": data("else", "other", "")})
	all := b.cures()
	moved := one(t, all, forecast.CureMoved)
	if !moved.Cure.Proved || len(moved.Cure.Before) != 1 || len(moved.Cure.After) != 0 || all[0].Cure.ID != moved.Cure.ID {
		t.Errorf("moved: %+v", moved.Cure)
	}
	wantAdded(t, moved, "names.tf", "\nmoved {\n  from = terraform_data.old\n  to   = terraform_data.new\n}\n")
	removed := one(t, all, forecast.CureForget)
	if !removed.Cure.Proved || len(removed.Cure.After) != 0 {
		t.Errorf("removed: %+v", removed.Cure)
	}
	wantAdded(t, removed, "names.tf", "\nremoved {\n  from = terraform_data.old\n\n  lifecycle {\n    destroy = false\n  }\n}\n")
	if subject, body := removed.Message(); subject != "Keep name static while terraform_data.old is renamed" || !strings.Contains(body, "Without it") || !strings.Contains(body, "With it name static stays.") {
		t.Errorf("message %q\n%s", subject, body)
	}
}

func TestCures_renameInNestedModules(t *testing.T) {
	t.Parallel()
	call := func(n string) string { return "module \"" + n + "\" {\n  source = \"./modules/" + n + "\"\n}\n" }
	outer := "module \"inner\" {\n  for_each = toset([\"a\"])\n  source   = \"../inner\"\n}\n"
	b := newBench(t, named(plan.DeleteOwnData, "input.v"),
		map[string]string{"main.tf": call("outer"), "modules/outer/main.tf": outer, "modules/inner/x.tf": data("old", "static", "")},
		map[string]string{"main.tf": call("outer"), "modules/outer/main.tf": outer, "modules/inner/x.tf": data("new", "static", "")})
	all := b.cures()
	moved := one(t, all, forecast.CureMoved)
	if !moved.Cure.Proved {
		t.Errorf("moved: %+v", moved.Cure)
	}
	wantAdded(t, moved, "modules/inner/x.tf", "\nmoved {\n  from = terraform_data.old\n  to   = terraform_data.new\n}\n")
	removed := one(t, all, forecast.CureForget)
	if !removed.Cure.Proved {
		t.Errorf("removed: %+v", removed.Cure)
	}
	wantAdded(t, removed, "modules/inner/x.tf", "\nremoved {\n  from = terraform_data.old\n\n  lifecycle {\n    destroy = false\n  }\n}\n")
}

func TestCures_moveIntoAModule(t *testing.T) {
	t.Parallel()
	call := "module \"names\" {\n  source = \"./names\"\n}\n"
	b := newBench(t, named(plan.DeleteUnknown),
		map[string]string{"main.tf": data("static", "static", "")},
		map[string]string{"main.tf": "locals {\n  x = 1\n}\n", "names.tf": call, "names/main.tf": data("it", "static", "")})
	all := b.cures()
	moved := one(t, all, forecast.CureMoved)
	if !moved.Cure.Proved {
		t.Errorf("moved: %+v", moved.Cure)
	}
	wantAdded(t, moved, "names.tf", "\nmoved {\n  from = terraform_data.static\n  to   = module.names.terraform_data.it\n}\n")
	wantAdded(t, one(t, all, forecast.CureForget), "main.tf", "\nremoved {\n  from = terraform_data.static\n\n  lifecycle {\n    destroy = false\n  }\n}\n")
}

func TestCures_outOfAModuleThatIsGone(t *testing.T) {
	t.Parallel()
	call := "module \"names\" {\n  source = \"./names\"\n}\n"
	b := newBench(t, named(plan.DeleteUnknown),
		map[string]string{"main.tf": call, "names/main.tf": data("it", "static", "")},
		map[string]string{"main.tf": data("static", "static", "")})
	all := b.cures()
	if moved := one(t, all, forecast.CureMoved); !moved.Cure.Proved {
		t.Errorf("moved: %+v", moved.Cure)
	}
	removed := one(t, all, forecast.CureForget)
	if !removed.Cure.Proved {
		t.Errorf("removed: %+v", removed.Cure)
	}
	wantAdded(t, removed, "main.tf", "\nremoved {\n  from = module.names.terraform_data.it\n\n  lifecycle {\n    destroy = false\n  }\n}\n")
}

func TestCures_renameOfAllInstances(t *testing.T) {
	t.Parallel()
	each := func(block, keys string) map[string]string {
		return map[string]string{"main.tf": "resource \"terraform_data\" \"" + block + "\" {\n  for_each = toset([" + keys + "])\n  input    = { name = each.key, v = \"" + block + "\" }\n}\n"}
	}
	b := newBench(t, named(plan.DeleteWholeName), each("old", `"a.b", "c", "d"`), each("new", `"a.b", "c"`))
	all := b.cures()
	moved, removed := one(t, all, forecast.CureMoved), one(t, all, forecast.CureForget)
	if !moved.Cure.Proved || len(moved.Things) != 2 || !removed.Cure.Proved {
		t.Errorf("moved: %+v\nremoved: %+v", moved.Cure, removed.Cure)
	}
	wantAdded(t, moved, "main.tf", "\nmoved {\n  from = terraform_data.old\n  to   = terraform_data.new\n}\n")
	if why := removed.Cure.Why.String(); !strings.Contains(why, `It lets go of terraform_data.old["d"] as well`) {
		t.Errorf("why: %s", why)
	}
}

func TestCures_renameOfOneInstance(t *testing.T) {
	t.Parallel()
	old := func(keys string) string {
		return "resource \"terraform_data\" \"old\" {\n  for_each = toset([" + keys + "])\n  input    = { name = each.key, v = \"old\" }\n}\n"
	}
	b := newBench(t, named(plan.DeleteWholeName),
		map[string]string{"main.tf": old(`"a", "b"`)},
		map[string]string{"main.tf": old(`"b"`) + data("new", "a", "")})
	all := b.cures()
	moved, removed := one(t, all, forecast.CureMoved), one(t, all, forecast.CureForget)
	if !moved.Cure.Proved {
		t.Errorf("moved: %+v", moved.Cure)
	}
	wantAdded(t, moved, "main.tf", "\nmoved {\n  from = terraform_data.old[\"a\"]\n  to   = terraform_data.new\n}\n")
	if removed.Cure.Proved || len(removed.Edits) > 0 || !strings.Contains(removed.Cure.Problem.String(), "lets go of all of them or of none") {
		t.Errorf("removed: %+v", removed.Cure)
	}
	if all[0].Cure.Kind != forecast.CureMoved {
		t.Error("what helps is not first")
	}
}

func TestCures_replacementAtOneAddress(t *testing.T) {
	t.Parallel()
	files := func(v string) map[string]string {
		return map[string]string{"main.tf": "resource \"terraform_data\" \"static\" {\n  input            = { name = \"static\", v = \"" + v + "\" }\n  triggers_replace = \"" + v + "\"\n}\n"}
	}
	b := newBench(t, named(plan.DeleteOwnData, "input.v"), files("1"), files("2"))
	all := b.cures()
	if len(all) == 0 {
		t.Fatalf("no cures for %v", verdicts(b.at.Outages))
	}
	first := one(t, all, forecast.CureCreateFirst)
	if !first.Cure.Proved || len(first.Edits) != 1 || !strings.Contains(string(first.Edits[0].New), "  lifecycle {\n    create_before_destroy = true\n  }\n}\n") {
		t.Errorf("create first: %+v", first.Cure)
	}
	for _, id := range []map[string]live.Identity{named(plan.DeleteWholeName), named(plan.DeleteOwnData, "input.name")} {
		b := newBench(t, id, files("1"), files("2"))
		if all := b.cures(); len(all) > 0 {
			t.Errorf("proposed where the delete takes the new object along: %+v", all[0].Cure)
		}
	}
}

func TestCures_moveThatReplacesIsNoCure(t *testing.T) {
	t.Parallel()
	block := func(name string) map[string]string {
		return map[string]string{"main.tf": data(name, "static", "  triggers_replace = \""+name+"\"\n")}
	}
	b := newBench(t, named(plan.DeleteWholeName), block("old"), block("new"))
	all := b.cures()
	if moved := one(t, all, forecast.CureMoved); moved.Cure.Proved && len(moved.Cure.After) == 0 {
		t.Errorf("moved: %+v", moved.Cure)
	}
	if all[0].Cure.Kind != forecast.CureForget || !all[0].Cure.Proved {
		t.Errorf("first is %+v", all[0].Cure)
	}
}

func TestCures_oneThatFailsDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	// The move is there already, so a second one from the same address is refused.
	b := newBench(t, named(plan.DeleteWholeName),
		map[string]string{"main.tf": data("old", "static", "")},
		map[string]string{"main.tf": data("new", "static", "") + data("third", "third", "") + "moved {\n  from = terraform_data.gone\n  to   = terraform_data.new\n}\n"})
	all := b.cures()
	moved := one(t, all, forecast.CureMoved)
	if moved.Cure.Proved || !strings.Contains(moved.Cure.Problem.String(), "error: Ambiguous move statements") {
		t.Errorf("moved: %+v", moved.Cure)
	}
	if !one(t, all, forecast.CureForget).Cure.Proved {
		t.Error("the other cure was not tried")
	}
}

func TestCures_leaveTheStateAlone(t *testing.T) {
	t.Parallel()
	p := newProject(t, "variable \"token\" {\n  type      = string\n  sensitive = true\n}\n"+data("old", "static", "")+"resource \"terraform_data\" \"s\" {\n  input = var.token\n}\n")
	p.environ = append(p.environ, "SECRET_TOKEN=c4n4ry-token")
	p.env.Terraform.Vars = map[string]string{"token": "${SECRET_TOKEN}"}
	p.apply("c1")
	p.commits["c2"] = map[string]string{"main.tf": strings.Replace(p.commits["c1"]["main.tf"], `"old" {`, `"new" {`, 1)}
	p.env.Terraform.Workspace = "default"
	b := p.bench("c2", named(plan.DeleteWholeName))
	before := p.state()
	info, err := os.Stat(p.statePath())
	if err != nil {
		t.Fatal(err)
	}
	// Whatever else holds the lock: a trial neither needs it nor takes it.
	lock := filepath.Join(filepath.Dir(p.statePath()), ".terraform.tfstate.lock.info")
	if err := os.WriteFile(lock, []byte(`{"ID":"x","Operation":"OperationTypeApply","Who":"somebody"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range b.cures() {
		if !c.Cure.Proved {
			t.Errorf("%+v", c.Cure)
		}
	}
	if raw, err := os.ReadFile(lock); err != nil || !strings.Contains(string(raw), "somebody") {
		t.Errorf("the lock was touched: %s, %v", raw, err)
	}
	after, err := os.Stat(p.statePath())
	if err != nil || p.state() != before || !after.ModTime().Equal(info.ModTime()) {
		t.Errorf("the state was written (%v)", err)
	}
	if strings.Contains(b.o.said(), "c4n4ry-token") {
		t.Error("the token got out")
	}
	if entries, err := os.ReadDir(filepath.Dir(p.statePath())); err != nil || len(entries) > 3 {
		t.Errorf("files beside the state: %v %v", entries, err)
	}
}

func TestCures_endWithTheContext(t *testing.T) {
	t.Parallel()
	b := newBench(t, named(plan.DeleteWholeName),
		map[string]string{"main.tf": data("old", "static", "")}, map[string]string{"main.tf": data("new", "static", "")})
	ctx, cancel := context.WithCancel(t.Context())
	b.o.onEvent = func(ev engine.Event) {
		if p, ok := ev.(engine.Progressed); ok && strings.Contains(p.What.String(), "trying a way round") {
			cancel()
		}
	}
	before := listFiles(t, b.o.run.WorkDir)
	if _, err := b.session.cures(ctx, b.o, b.full, "c1", b.at, lookAt); err == nil {
		t.Error("no error")
	}
	if after := listFiles(t, b.o.run.WorkDir); after != before {
		t.Errorf("files are left: %s", after)
	}
}

func TestCures_ofAnInstanceWhoseBlockStays(t *testing.T) {
	t.Parallel()
	b := newBench(t, named(plan.DeleteOwnData, "input.v"), takenOver("1", `"a", "b"`, "other"), takenOver("2", `"b"`, "a"))
	all := b.cures()
	if removed := one(t, all, forecast.CureForget); removed.Cure.Proved {
		t.Errorf("removed: %+v", removed.Cure)
	}
	last := one(t, all, forecast.CureDeployBefore)
	if !last.Cure.Proved || !last.Earlier || !slices.Equal(verdicts(last.Cure.After), []string{"name a swap"}) || last.Cure.Before[0].Verdict != forecast.Window {
		t.Errorf("deployed before: %+v", last.Cure)
	}
}

// takenOver has a base, a block that uses it, and another resource that does,
// and that takes over the name of an instance which goes.
func takenOver(base, keys, other string) map[string]string {
	files := map[string]string{
		"main.tf": "resource \"terraform_data\" \"base\" {\n  input = { name = \"base\", v = \"" + base + "\" }\n}\n" +
			"resource \"terraform_data\" \"other\" {\n  input = { name = \"" + other + "\", v = \"other\", base = terraform_data.base.output.v }\n}\n",
	}
	if keys != "" {
		files["old.tf"] = "resource \"terraform_data\" \"old\" {\n  for_each = toset([" + keys + "])\n  input    = { name = each.key, v = \"old\", base = terraform_data.base.output.v }\n}\n"
	}
	return files
}

func TestCures_deployedBefore(t *testing.T) {
	t.Parallel()
	before, after := takenOver("1", `"a"`, "other"), takenOver("2", "", "a")
	b := newBench(t, named(plan.DeleteOwnData, "input.v"), before, after)
	all := b.cures()
	if removed := one(t, all, forecast.CureForget); !removed.Cure.Proved || !strings.Contains(removed.Cure.Why.String(), "delete it by hand") {
		t.Errorf("removed: %+v", removed.Cure)
	}
	first := one(t, all, forecast.CureDeployBefore)
	if !first.Cure.Proved || !first.Earlier || !slices.Equal(verdicts(first.Cure.After), []string{"name a swap"}) || first.Cure.Before[0].Verdict != forecast.Window {
		t.Errorf("deployed before: %+v", first.Cure)
	}
	if len(first.Edits) != 1 || first.Edits[0].Path != "old.tf" || string(first.Edits[0].Old) != before["old.tf"] {
		t.Errorf("the patch is not one of the deployed commit:\n%s", first.Patch)
	}

	// What was proved holds: deploying it, empty as its plan is, marks the state.
	p := b.p
	p.commits["c1b"] = maps.Clone(p.commits["c1"])
	p.commits["c1b"]["old.tf"] = string(first.Edits[0].New)
	if strings.Contains(p.state(), "create_before_destroy") {
		t.Fatal("the state is marked already")
	}
	d := p.bench("c1b", nil)
	if !d.full.model.IsEmpty() {
		t.Errorf("the plan of it is not empty: %+v", d.full.model.Resources)
	}
	if _, err := d.full.work.root.Apply(t.Context(), filepath.Join(t.TempDir(), "kept"), d.full.file, nil); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(p.state(), "create_before_destroy") {
		t.Error("the apply did not mark the state")
	}
	again := p.bench("c2", named(plan.DeleteOwnData, "input.v"))
	if got, want := verdicts(again.at.Outages), verdicts(first.Cure.After); !slices.Contains(got, want[0]) {
		t.Errorf("deployed, it leaves %v, and %v was proved", got, want)
	}
}
