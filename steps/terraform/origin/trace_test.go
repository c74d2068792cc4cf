package origin_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/runbooks/sandbox/history"
	"lockstep/steps/terraform/origin"
)

func TestTrace_ownBlock(t *testing.T) {
	p := newProject(t, "env/main.tf", `
resource "x_a" "one" { v = 1 }
resource "x_a" "two" { v = 1 }
resource "x_a" "gone" { v = 1 }
`)
	p.commit("edit", "env/main.tf", `
resource "x_a" "one" { v = 2 }
resource "x_a" "two" { v = 1 }
resource "x_a" "gone" { v = 1 }
`)
	p.commit("comment", "env/main.tf", `
# A comment.
resource "x_a" "one" {
  v = 2 // here too
}
resource "x_a" "two" {

  v   = 1 /* and here */
}
resource "x_a" "gone" { v = 1 }
`)
	p.commit("remove", "env/main.tf", `
resource "x_a" "one" { v = 2 }
resource "x_a" "two" { v = 1 }
`)
	p.commit("add", "env/more.tf", `resource "x_a" "new" { v = 1 }`)
	p.commit("again", "env/more.tf", `resource "x_a" "new" { v = 2 }`)
	p.expect(
		"update x_a.one", "edit",
		"update x_a.two", none,
		"delete x_a.gone", "remove",
		"create x_a.new", "add",
		"delete x_a.never", none,
	)
}

func TestTrace_severalCommitsOnOneBlock(t *testing.T) {
	p := newProject(t, "env/main.tf", `resource "x_a" "one" { v = 1 }`)
	p.commit("first", "env/main.tf", `resource "x_a" "one" { v = 2 }`)
	p.commit("other", "env/other.tf", `resource "x_a" "two" { v = 2 }`)
	p.commit("second", "env/main.tf", `resource "x_a" "one" { v = 3 }`)
	p.expect("update x_a.one", "first second", "create x_a.two", "other")
}

func TestTrace_whatIsPutBackDoesNotCount(t *testing.T) {
	p := newProject(t, "env/main.tf", "resource \"x_a\" \"one\" {\n v = 1\n w = local.w\n}", "env/l.tf", `locals { w = 1 }`)
	p.commit("there", "env/main.tf", "resource \"x_a\" \"one\" {\n v = 2\n w = local.w\n}")
	p.commit("local", "env/l.tf", `locals { w = 2 }`)
	p.commit("back", "env/main.tf", "resource \"x_a\" \"one\" {\n w = local.w\n v = 1\n}")
	p.expect("update x_a.one", "local")
	p.commit("on", "env/main.tf", "resource \"x_a\" \"one\" {\n v = 3\n w = local.w\n}")
	p.expect("update x_a.one", "on")
}

func TestTrace_references(t *testing.T) {
	p := newProject(t,
		"env/main.tf", `
locals {
  name = "a${local.base}"
  base = "b"
  lone = 1
}
variable "size" { default = 1 }
variable "given" { default = 1 }
provider "x" { region = local.lone }
data "y_look" "up" { name = var.given }
resource "y_a" "one" { name = local.name }
resource "y_a" "two" { name = "${local.name}-2" }
resource "y_a" "three" { size = var.size }
resource "y_a" "four" { id = y_a.one.id }
resource "y_a" "five" { id = y_a.still.id }
resource "y_a" "still" { size = var.size }
resource "y_a" "seen" { id = data.y_look.up.id }
resource "x_a" "served" { v = 1 }
`)
	edit := func(name, old, new string) {
		t.Helper()
		p.editor()(name, "env/main.tf", old, new)
	}
	edit("local", `base = "b"`, `base = "c"`)
	edit("default", "variable \"size\" { default = 1 }", "variable \"size\" {\n  description = \"Size.\"\n  default = 2\n}")
	edit("described", `description = "Size."`, `description = "The size."`)
	edit("data", "name = var.given", "name = var.given + 1")
	edit("provider", "region = local.lone", "region = local.lone + 1")
	p.commit("values", "env/terraform.tfvars", "given = 2\n")
	p.commit("not read", "env/staging.tfvars", "given = 3\n")
	p.expect(
		"update y_a.one", "local",
		"update y_a.two", "local",
		"update y_a.three", "default",
		"update y_a.four", "local", // through one, which changes as well
		"update y_a.five", none, // still refers to a default, and does not change
		"update y_a.seen", "data values",
		"update x_a.served", "provider",
	)
	p.vars = []string{"staging.tfvars"}
	p.expect("update y_a.seen", "data values not read") // it wins from the commit on that adds it
}

func TestTrace_modules(t *testing.T) {
	p := newProject(t,
		"env/main.tf", `
module "top" {
  source = "../mod/outer"
  size   = 1
  name   = local.name
  for_each = local.keys
}
locals {
  name = "n"
  keys = ["a"]
}
resource "x_a" "user" { id = module.top["a"].id }
resource "x_a" "other" { id = module.top["a"].fixed }
module "far" {
  source  = "example/far/x"
  version = "1.0.0"
}
`,
		"mod/outer/main.tf", `
variable "size" { default = 9 }
variable "name" {}
variable "unset" { default = 1 }
module "in" {
  source = "./inner"
  size   = var.size
  label  = "l"
}
resource "x_a" "named" { name = var.name }
resource "x_a" "unset" { v = var.unset }
output "id" { value = module.in.id }
output "fixed" { value = 1 }
`,
		"mod/outer/inner/main.tf", `
variable "size" {}
variable "label" {}
resource "x_a" "sized" { size = var.size }
resource "x_a" "labelled" { label = var.label }
output "id" { value = x_a.sized.id }
`)
	edit := p.editor()
	edit("argument", "env/main.tf", "size   = 1", "size   = 2")
	edit("default that is not used", "mod/outer/main.tf", "default = 9", "default = 8")
	edit("local", "env/main.tf", `name = "n"`, `name = "m"`)
	edit("nested", "mod/outer/inner/main.tf", "label = var.label", "label = upper(var.label)")
	edit("default", "mod/outer/main.tf", "default = 1", "default = 2")
	edit("keys", "env/main.tf", `keys = ["a"]`, `keys = ["a", "b"]`)
	edit("version", "env/main.tf", `"1.0.0"`, `"1.1.0"`)
	p.expect(
		`update module.top["a"].module.in.x_a.sized`, "argument",
		`update module.top["a"].module.in.x_a.labelled`, "nested",
		`update module.top["a"].x_a.named`, "local",
		`update module.top["a"].x_a.unset`, "default",
		`create module.top["b"].x_a.named`, "keys",
		`create module.top["b"].module.in.x_a.sized[0]`, "keys",
		`update x_a.user`, "argument",
		`update x_a.other`, none,
		`update module.far.module.deep.x_a.it[0]`, "version",
	)
	edit("call goes", "env/main.tf", "module \"far\" {\n  source  = \"example/far/x\"\n  version = \"1.1.0\"\n}\n", "")
	p.expect(`delete module.far.x_a.it`, "call goes")
}

func TestTrace_instances(t *testing.T) {
	p := newProject(t, "env/main.tf", `
locals { names = ["a", "b"] }
resource "x_a" "counted" {
  count = 2
  v     = 1
}
resource "x_a" "each" {
  for_each = toset(local.names)
  v        = 1
}
`)
	edit := p.editor()
	edit("edit", "env/main.tf", "count = 2\n  v     = 1", "count = 2\n  v     = 2")
	edit("count", "env/main.tf", "count = 2", "count = 1")
	edit("names", "env/main.tf", `["a", "b"]`, `["a", "c"]`)
	edit("edit each", "env/main.tf", "v        = 1", "v        = 2")
	p.expect(
		"delete x_a.counted[1]", "count",
		"update x_a.counted[0]", "edit count",
		`create x_a.each["c"]`, "names",
		`delete x_a.each["b"]`, "names",
		`update x_a.each["a"]`, "edit each",
	)
}

func TestTrace_renames(t *testing.T) {
	p := newProject(t, "env/main.tf", `
resource "x_a" "old" { v = 1 }
resource "x_a" "plain" { v = 1 }
resource "x_a" "kept" { v = 1 }
`, "mod/m.tf", `resource "x_a" "in" { v = 1 }`, "env/m.tf", `module "m" { source = "../mod" }`)
	edit := p.editor()
	edit("move", "env/main.tf", `resource "x_a" "old" { v = 1 }`, "resource \"x_a\" \"new\" { v = 1 }\nmoved {\n  from = x_a.old\n  to   = x_a.new\n}")
	edit("rename", "env/main.tf", `"plain"`, `"fancy"`)
	edit("forget", "env/main.tf", `resource "x_a" "kept" { v = 1 }`, "removed {\n  from = x_a.kept\n  lifecycle {\n    destroy = false\n  }\n}")
	edit("move module", "env/m.tf", `module "m" { source = "../mod" }`, "module \"n\" { source = \"../mod\" }\nmoved {\n  from = module.m\n  to = module.n\n}")
	edit("edit", "env/main.tf", `resource "x_a" "new" { v = 1 }`, `resource "x_a" "new" { v = 2 }`)
	p.expect(
		"update x_a.old -> x_a.new", "move edit",
		"delete x_a.plain", "rename",
		"create x_a.fancy", "rename",
		"forget x_a.kept", "forget",
		"no-op module.m.x_a.in -> module.n.x_a.in", "move module",
	)
}

func TestTrace_replacementGoesByWhatForcesIt(t *testing.T) {
	p := newProject(t, "env/main.tf", "locals { zone = 1 }\nresource \"x_a\" \"one\" {\n  zone = local.zone\n  tags = 1\n  rule {\n    port = 1\n  }\n}")
	edit := p.editor()
	edit("tags", "env/main.tf", "tags = 1", "tags = 2")
	edit("zone", "env/main.tf", "zone = 1", "zone = 2")
	edit("port", "env/main.tf", "port = 1", "port = 2")
	p.expect("delete-create x_a.one zone", "zone")
	p.expect("create-delete x_a.one rule[0].port", "port")
	p.expect("delete-create x_a.one id", "tags port")
	p.expect("update x_a.one", "tags port")
}

func TestTrace_otherFiles(t *testing.T) {
	p := newProject(t, "env/main.tf", `
resource "x_a" "one" { v = templatefile("${path.module}/t/x.tpl", {}) }
resource "x_a" "two" { v = file("two.txt") }
resource "x_a" "three" { v = 1 }
data "archive_file" "zip" { source_dir = "${path.module}/src" }
resource "x_a" "four" { v = data.archive_file.zip.output_sha }
`, "env/t/x.tpl", "1", "env/two.txt", "1", "env/src/deep/f", "1")
	p.commit("template", "env/t/x.tpl", "2")
	p.commit("file", "env/two.txt", "2")
	p.commit("folder", "env/src/deep/f", "2")
	p.expect("update x_a.one", "template", "update x_a.two", "file", "update x_a.three", none, "update x_a.four", "folder")
}

func TestTrace_providers(t *testing.T) {
	p := newProject(t, "env/main.tf", `
terraform {
  required_providers {
    x = { version = "1" }
    y = { version = "1" }
  }
}
provider "x" { v = 1 }
provider "x" {
  alias = "west"
  v     = 1
}
module "m" {
  source    = "../mod"
  providers = { x = x.west }
}
resource "x_a" "east" { v = 1 }
resource "y_a" "why" { v = 1 }
`, "mod/m.tf", `resource "x_a" "west" { v = 1 }`)
	edit := p.editor()
	edit("west", "env/main.tf", "v     = 1", "v     = 2")
	edit("version of y", "env/main.tf", `y = { version = "1" }`, `y = { version = "2" }`)
	p.expect("update module.m.x_a.west", "west", "update x_a.east", none, "update y_a.why", "version of y")
}

func TestTrace_reasonsWithoutACommit(t *testing.T) {
	p := newProject(t, "env/main.tf", "module \"m\" {\n source = \"../mod\"\n v = 1\n}", "mod/m.tf", "variable \"v\" {}\nresource \"x_a\" \"one\" { v = var.v }\nresource \"x_a\" \"two\" { v = 1 }")
	edit := p.editor()
	edit("root", "env/main.tf", "v = 1", "v = 2")
	edit("two", "mod/m.tf", "v = 1", "v = 2")
	p.expect("update module.m.x_a.one", "root")
	p.inputs = []string{"env/"}
	p.expect("update module.m.x_a.one", byInput, "update module.m.x_a.two", "two")
	p.inputs, p.drift = nil, []string{"module.m.x_a.two", "module.m.x_a.three"}
	p.expect("update module.m.x_a.two", "two", "create module.m.x_a.two", drifted, "update module.m.x_a.three", drifted)

	m := model("delete module.m.x_a.two", "update ‹strange›")
	m.Resources[0].Deposed = "abcd"
	got, err := origin.Of(context.Background(), repository(p.dir), origin.Range{Pin: p.line[0], Commits: p.line[1:]}, "env", nil, m)
	if err != nil || got[0].Commits != nil || got[0].Why != safe.Lit("an object left over from an earlier apply") || got[1].Commits != nil {
		t.Errorf("origins are %v, %v", got, err)
	}
}

func TestTrace_withoutCandidates(t *testing.T) {
	p := newProject(t, "env/main.tf", `resource "x_a" "one" { v = 1 }`)
	p.expect("update x_a.one", none)
}

func TestTrace_inputFileAlone(t *testing.T) {
	p := newProject(t, "env/main.tf", "variable \"v\" {}\nresource \"x_a\" \"one\" { v = var.v }\nresource \"x_a\" \"two\" { v = 1 }", "env/terraform.tfvars", "v = 1")
	p.inputs = []string{"env/terraform.tfvars"}
	p.commit("code", "env/main.tf", "variable \"v\" {}\nresource \"x_a\" \"one\" { v = var.v }\nresource \"x_a\" \"two\" { v = 2 }")
	p.commit("values", "env/terraform.tfvars", "v = 2")
	p.expect("update x_a.one", byInput, "update x_a.two", "code")
}

func TestTrace_sandbox(t *testing.T) {
	newProject(t) // says when git is missing
	r, err := history.Build(filepath.Join(t.TempDir(), "repo"), time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	var all []string
	for i, c := range r.Candidates() {
		names[c.Hash] = []string{"ttl", "redirects", "weighted", "comment"}[i]
		all = append(all, c.Hash)
	}
	rows := []string{
		"delete module.crates_io.sandbox_dns_record.static", "weighted",
		"create module.crates_io.sandbox_dns_record.weighted_static", "weighted",
		"create-delete module.crates_io.module.certificate.sandbox_certificate.cert alternative_names", "weighted",
		`create module.crates_io.module.certificate.sandbox_dns_record.validation["cloudfront-static.crates.test"]`, "weighted",
		`update module.crates_io.module.certificate.sandbox_dns_record.validation["static.crates.test"]`, "weighted",
		"delete-create module.crates_io.module.certificate.sandbox_certificate_validation.cert certificate_id", "weighted",
		"update module.crates_io.sandbox_distribution.static", "redirects weighted comment",
	}
	trace := func(n int, rows ...string) {
		t.Helper()
		var changes, want []string
		for i := 0; i < len(rows); i += 2 {
			changes, want = append(changes, rows[i]), append(want, rows[i+1])
		}
		rg := origin.Range{Pin: r.Baseline(), Commits: all[:n], Head: r.Head()}
		got, err := origin.Of(context.Background(), repository(r.Dir), rg, "environments/production", []string{"environments/production"}, model(changes...))
		if err != nil {
			t.Fatal(err)
		}
		if d := describe(got, names); !slices.Equal(d, want) {
			t.Errorf("of %d candidates:\n%s\nwant\n%s", n, strings.Join(d, "\n"), strings.Join(want, "\n"))
		}
	}
	trace(4, rows...)
	trace(1, "update module.crates_io.sandbox_dns_record.static", "ttl", "update module.crates_io.sandbox_distribution.static", none)
	trace(2, "update module.crates_io.sandbox_dns_record.static", "ttl", "update module.crates_io.sandbox_distribution.static", "redirects")
}

func TestTrace_endsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	files := func(context.Context, string, string) (map[string][]byte, error) { return nil, nil }
	_, err := origin.Trace(ctx, files, origin.Range{Pin: "a", Commits: []string{"b"}, Parents: []string{"a"}}, ".", nil, &plan.Plan{})
	if !errors.Is(err, context.Canceled) {
		// A plan without changes may be done before it is noticed.
		_, err = origin.Trace(ctx, files, origin.Range{Pin: "a", Commits: []string{"b"}, Parents: []string{"a"}}, ".", nil, model("update x_a.one"))
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	if _, err := origin.Trace(context.Background(), files, origin.Range{Commits: []string{"b"}}, ".", nil, &plan.Plan{}); err == nil {
		t.Error("a range without parents was traced")
	}
}
