package origin_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/runbook"
	"lockstep/steps/git"
	"lockstep/steps/terraform/origin"
)

func TestTrace_brokenInBetween(t *testing.T) {
	const good = `
locals { v = 1 }
resource "x_a" "one" { v = 1 }
resource "x_a" "two" { v = 1 }
resource "x_a" "user" { v = local.v }
`
	p := newProject(t, "env/main.tf", good, "env/other.tf", `resource "x_a" "other" { v = local.v }`)
	p.commit("break", "env/main.tf", `resource "x_a" "one" { v = `)
	p.commit("other", "env/other.tf", `resource "x_a" "other" { v = local.v + 1 }`)
	p.commit("repair", "env/main.tf", strings.Replace(good, `"one" { v = 1 }`, `"one" { v = 2 }`, 1))
	p.expect(
		"update x_a.one", "break repair", // one of the two
		"update x_a.two", none, // the same before and after
		"update x_a.user", none,
		"update x_a.other", "other",
	)
	p.commit("local", "env/main.tf", strings.NewReplacer(`"one" { v = 1 }`, `"one" { v = 2 }`, "locals { v = 1 }", "locals { v = 3 }").Replace(good))
	p.expect("update x_a.one", "break repair", "update x_a.user", "local")
	p.commit("break again", "env/main.tf", "}")
	p.expect("update x_a.two", "break again", "update x_a.user", "local")
}

func TestTrace_brokenFromTheStart(t *testing.T) {
	p := newProject(t, "env/main.tf", `resource "x_a" "one" { v = `)
	p.commit("still", "env/main.tf", `resource "x_a" "one" { v = [`)
	p.commit("repair", "env/main.tf", `resource "x_a" "one" { v = 1 }`)
	p.commit("edit", "env/more.tf", `resource "x_a" "two" { v = 1 }`)
	p.expect("update x_a.one", "still repair", "create x_a.two", "edit")
}

func TestTrace_repairWithAModuleInBetween(t *testing.T) {
	p := newProject(t, "env/main.tf", `module "m" { source = "../mod" }`, "mod/m.tf", `resource "x_a" "one" { v = 1 }`)
	p.commit("break", "env/main.tf", `module "m" {`)
	p.commit("edit", "mod/m.tf", `resource "x_a" "one" { v = 2 }`)
	p.commit("repair", "env/main.tf", `module "m" { source = "../mod" }`)
	// While the call cannot be read, nobody knows which module is used.
	p.expect("update module.m.x_a.one", "break edit repair")
}

func TestTrace_hostileRepository(t *testing.T) {
	huge := "resource \"x_a\" \"huge\" { v = 1 }\n" + strings.Repeat("# huge\n", 1<<18)
	deep := "resource \"x_a\" \"deep\" { v = " + strings.Repeat("(", 200_000) + "1" + strings.Repeat(")", 200_000) + " }"
	p := newProject(t,
		"env/main.tf", "module \"self\" { source = \"./\" }\nmodule \"up\" { source = \"../../..\" }\nresource \"x_a\" \"one\" { v = local.a }\nlocals {\n a = local.b\n b = local.a\n}",
		"env/huge.tf", huge, "env/deep.tf", deep, "env/bang.tf", "locals { x = "+strings.Repeat("!", 300_000)+"true }",
		"env/json.tf.json", strings.Repeat("[", 500_000), "env/nul.tf", "\x00\xff\xfe", "shared/s.tf", `resource "x_a" "shared" { v = 1 }`)
	link := func(to, at string) {
		t.Helper()
		_ = os.Remove(filepath.Join(p.dir, at))
		if err := os.Symlink(to, filepath.Join(p.dir, at)); err != nil {
			t.Fatal(err)
		}
	}
	link("../shared/s.tf", "env/linked.tf")
	link("/etc/passwd", "env/out.tf")
	link("../../..", "env/up.tf")
	link("loop.tf", "env/loop.tf")
	link(".", "env/folder.tf")
	p.save("links")
	p.line = p.line[1:] // the pin
	p.commit("linked", "shared/s.tf", `resource "x_a" "shared" { v = 2 }`)
	p.commit("one", "env/one.tf", `resource "x_a" "two" { v = 1 }`)
	p.commit("huge", "env/huge.tf", huge+"# and more\n")
	p.expect(
		"update x_a.shared", "linked",
		"create x_a.two", "one",
		"update x_a.one", "huge", // its provider could be set up there
		"update x_a.huge", "huge",
		"update module.self.x_a.one", none,
		"update module.up.x_a.one", none,
	)

	r, err := git.Open(&runbook.Environment{Repository: p.dir, Branch: "main"}, p.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	files, err := r.Folder(context.Background(), p.line[0], "env")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"huge.tf", "out.tf", "up.tf", "loop.tf", "folder.tf"} {
		if len(files[name]) != 40 {
			t.Errorf("%s has %d bytes and not an id", name, len(files[name]))
		}
	}
	if string(files["linked.tf"]) != `resource "x_a" "shared" { v = 1 }` {
		t.Errorf("linked.tf is %q", files["linked.tf"])
	}
	if none, err := r.Folder(context.Background(), p.line[0], "not/there"); err != nil || len(none) != 0 {
		t.Errorf("a missing folder has %v, %v", none, err)
	}
}

// memory serves files from memory: commit → path → content.
type memory map[string]map[string]string

func (m memory) files(_ context.Context, commit, dir string) (map[string][]byte, error) {
	out := map[string][]byte{}
	for p, c := range m[commit] {
		if filepath.Dir(p) == dir {
			out[filepath.Base(p)] = []byte(c)
		}
	}
	return out, nil
}

func (m memory) trace(t testing.TB, r origin.Range, changes ...string) []string {
	t.Helper()
	got, err := origin.Trace(context.Background(), m.files, r, ".", nil, model(changes...))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for c := range m {
		names[c] = c
	}
	return describe(got, names)
}

func TestTrace_twiceTheCallsAtEveryLevel(t *testing.T) {
	m := memory{"a": {}, "b": {}}
	for i := range 40 {
		src := fmt.Sprintf("module \"l\" { source = \"../m%d\" }\nmodule \"r\" { source = \"../m%d\" }\noutput \"o\" { value = [module.l.o, module.r.o] }", i+1, i+1)
		m["a"][fmt.Sprintf("m%d/m.tf", i)] = src
		m["b"][fmt.Sprintf("m%d/m.tf", i)] = src
	}
	for c, v := range map[string]int{"a": 1, "b": 2} {
		m[c]["m40/m.tf"] = fmt.Sprintf(`output "o" { value = %d }`, v)
		m[c]["main.tf"] = "module \"top\" { source = \"./m0\" }\nresource \"x_a\" \"one\" { v = module.top.o }"
	}
	got := m.trace(t, origin.Range{Pin: "a", Commits: []string{"b"}, Parents: []string{"a"}}, "update x_a.one")
	if got[0] != "(the configuration is too large to be traced)" {
		t.Errorf("origin is %q", got[0])
	}
}

func TestTrace_jsonSyntax(t *testing.T) {
	one := `{"//": "a comment", "locals": {"v": 1}, "resource": {"x_a": {"one": {"v": "${local.v}"}, "two": [{"v": 1, "for_each": "${toset(var.k)}"}]}},
		"variable": {"k": {"default": ["a"]}}, "module": {"m": {"source": "./mod", "v": "${local.v}"}}}`
	m := memory{
		"pin":     {"main.tf.json": one, "mod/m.tf": "variable \"v\" {}\nresource \"x_a\" \"in\" { v = var.v }"},
		"comment": {"main.tf.json": strings.Replace(one, "a comment", "another", 1)},
		"local":   {"main.tf.json": strings.Replace(one, `"v": 1}, "res`, `"v": 2}, "res`, 1)},
	}
	m["keys"] = map[string]string{"main.tf.json": strings.Replace(m["local"]["main.tf.json"], `["a"]`, `["b"]`, 1)}
	for _, c := range []string{"comment", "local", "keys"} {
		m[c]["mod/m.tf"] = m["pin"]["mod/m.tf"]
	}
	got := m.trace(t, origin.Range{Pin: "pin", Commits: []string{"comment", "local", "keys"}, Parents: []string{"pin", "comment", "local"}},
		"update x_a.one", `delete x_a.two["a"]`, "update module.m.x_a.in")
	for i, want := range []string{"local", "keys", "local"} {
		if got[i] != want {
			t.Errorf("change %d is from %q, not %q", i, got[i], want)
		}
	}
}

func FuzzTrace(f *testing.F) {
	for _, s := range []string{
		"", "resource \"x_a\" \"one\" { v = local.v }\nlocals { v = file(\"${path.module}/x\") }",
		"module \"m\" { source = \"./mod\"\n providers = { x = x.y }\n v = [for k in var.a : k.b]\n}",
		"moved {\n from = x_a.b\n to = module.m[\"x\"].x_a.one\n}\nterraform { required_providers { x = {} } }",
		`{"resource": {"x_a": {"one": {"v": "${local.v}", "//": 1}}}, "locals": [{"v": {"a": ["%{if true}"]}}]}`,
		"variable \"v\" {}\noutput \"o\" { value = <<EOT\n${var.v}\nEOT\n}", "\x00((((", "a ? b",
	} {
		f.Add([]byte(s), []byte("locals { v = 1 }"), `module.m["x"].x_a.one[0]`)
	}
	f.Fuzz(func(t *testing.T, a, b []byte, addr string) {
		m := memory{
			"p": {"main.tf": string(a), "x.tf.json": string(b), "mod/m.tf": string(b)},
			"c": {"main.tf": string(b), "x.tf.json": string(a), "mod/m.tf": string(a), "terraform.tfvars": string(a), "t.auto.tfvars.json": string(b)},
		}
		p := model("update x_a.one", "delete module.m.x_a.one", "create-delete data.x_a.b v")
		p.Resources[0].Address = model("update " + strings.Join(strings.Fields("x"+addr), "")).Resources[0].Address
		got, err := origin.Trace(context.Background(), m.files, origin.Range{Pin: "p", Commits: []string{"c"}, Parents: []string{"p"}}, ".", nil, p)
		if err != nil || len(got) != 3 {
			t.Fatal(got, err)
		}
	})
}
