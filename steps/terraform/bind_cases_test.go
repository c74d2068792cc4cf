package terraform

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"lockstep/runbooks/sandbox/provider"
)

func osArch() string { return runtime.GOOS + "_" + runtime.GOARCH }

// put writes a file and returns how to bring back what was there, times included.
func (x *target) put(path, text string) (undo func()) {
	x.t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		writeFile(x.t, path, text)
		return func() { x.must(os.RemoveAll(path)) }
	}
	raw, err := os.ReadFile(path)
	x.must(err)
	x.must(os.Chmod(path, 0o700))
	x.must(os.WriteFile(path, []byte(text), 0o600))
	x.must(os.Chmod(path, info.Mode().Perm()))
	return func() {
		x.must(os.Chmod(path, 0o700))
		x.must(os.WriteFile(path, raw, 0o600))
		x.must(os.Chmod(path, info.Mode().Perm()))
		x.must(os.Chtimes(path, info.ModTime(), info.ModTime()))
	}
}

func (x *target) append(path string) (undo func()) {
	x.t.Helper()
	raw, err := os.ReadFile(path)
	x.must(err)
	return x.put(path, string(raw)+"# x\n")
}

func (x *target) replace(path, old, text string) (undo func()) {
	x.t.Helper()
	raw, err := os.ReadFile(path)
	x.must(err)
	if !strings.Contains(string(raw), old) {
		x.t.Errorf("%s does not hold %q", path, old)
	}
	return x.put(path, strings.Replace(string(raw), old, text, 1))
}

// away moves something away.
func (x *target) away(path string) (undo func()) {
	aside := filepath.Join(x.t.TempDir(), "aside")
	x.must(os.Rename(path, aside))
	return func() {
		x.must(os.RemoveAll(path))
		x.must(os.Rename(aside, path))
	}
}

func (x *target) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

// setenv sets a variable of the shell that the run was started from; "" takes it away.
func (x *target) setenv(name, value string) (undo func()) {
	was := x.environ
	x.environ = slices.DeleteFunc(slices.Clone(was), func(nv string) bool { return strings.HasPrefix(nv, name+"=") })
	if value != "" {
		x.environ = append(x.environ, name+"="+value)
	}
	return func() { x.environ = was }
}

func (x *target) commit(path, text string) (undo func()) {
	files := x.commits["v2"]
	was := files[path]
	files[path] = text
	return func() { files[path] = was }
}

func (x *target) data(name string) string {
	return filepath.Join(x.w.root.Env["TF_DATA_DIR"], name)
}

// serial returns the line of the state that has its serial.
func (x *target) serial() string {
	for line := range strings.Lines(x.state()) {
		if strings.Contains(line, `"serial":`) {
			return line
		}
	}
	return "no serial"
}

// tamperings is everything that can be tampered with. Those whose name starts
// with "late" are also found when they happen after the answer was checked.
func tamperings() []tampering {
	top := func(x *target, name string) string { return filepath.Join(x.w.top, name) }
	return []tampering{
		{"late one byte of the plan", func(x *target) func() { return x.append(x.planned.File) }, "the saved plan was sha256:"},
		{"late plan of another commit", func(x *target) func() {
			raw, err := os.ReadFile(x.other)
			x.must(err)
			return x.put(x.planned.File, string(raw))
		}, "the saved plan was sha256:"},
		{"plan removed", func(x *target) func() { return x.away(x.planned.File) }, "the saved plan is gone"},
		{"branch rewritten", func(x *target) func() { x.offBranch = true; return func() { x.offBranch = false } }, "is not on the branch any more"},
		{"commit gone", func(x *target) func() {
			files := x.commits["v2"]
			delete(x.commits, "v2")
			return func() { x.commits["v2"] = files }
		}, "cannot be checked out any more"},
		{"commit has other files", func(x *target) func() { return x.commit("deploy.sh", "echo other\n") }, "it is not what the commit has"},
		{"commit has more files", func(x *target) func() {
			x.commits["v2"]["more"] = ""
			return func() { delete(x.commits["v2"], "more") }
		}, `"more" is gone, and the commit has it`},
		{"tree of the commit", func(x *target) func() { x.treeSuffix = "-2"; return func() { x.treeSuffix = "" } }, "the tree of the commit v2 was tree-of-v2 and is"},
		{"inputs moved", func(x *target) func() { x.otherInputs = true; return func() { x.otherInputs = false } }, "the branch has other inputs now"},
		{"late script edited", func(x *target) func() { return x.append(top(x, "deploy.sh")) }, `"deploy.sh" was changed`},
		{"late mode of a file", func(x *target) func() {
			x.must(os.Chmod(top(x, "deploy.sh"), 0o600))
			return func() { x.must(os.Chmod(top(x, "deploy.sh"), 0o700)) }
		}, `"deploy.sh" was -rwx------ and is -rw-------`},
		{"file becomes a link", func(x *target) func() {
			undo := x.away(top(x, "deploy.sh"))
			x.must(os.Symlink(x.effects, top(x, "deploy.sh")))
			return undo
		}, `"deploy.sh" was -rwx------ and is Lrwxrwxrwx`},
		{"link leads elsewhere", func(x *target) func() {
			undo := x.away(top(x, "notes"))
			x.must(os.Symlink("own.tfvars", top(x, "notes")))
			return undo
		}, `"notes" was a link to deploy.sh and is a link to own.tfvars`},
		{"late file added", func(x *target) func() { return x.put(top(x, "extra.sh"), "") }, `"extra.sh" was added`},
		{"configuration added", func(x *target) func() { return x.put(top(x, "extra_override.tf"), "") }, "Terraform would read it"},
		{"file removed", func(x *target) func() { return x.away(top(x, "own.tfvars")) }, `"own.tfvars" is gone`},
		{"folder added", func(x *target) func() {
			x.must(os.Mkdir(top(x, "folder"), 0o700))
			return func() { x.must(os.Remove(top(x, "folder"))) }
		}, `"folder" was added`},
		{"module of the commit edited", func(x *target) func() { return x.append(top(x, "part/main.tf")) }, `"part/main.tf" was changed`},
		{"late lock file", func(x *target) func() { return x.append(top(x, lockFile)) }, "the lock file of the providers"},
		{"lock file removed", func(x *target) func() { return x.away(top(x, lockFile)) }, "the lock file of the providers"},
		{"variable file of the commit", func(x *target) func() { return x.append(top(x, "own.tfvars")) }, "among the variable files"},
		{"late variable file outside", func(x *target) func() { return x.append(x.at("outside.tfvars")) }, "among the variable files"},
		{"variable file removed", func(x *target) func() { return x.away(x.at("outside.tfvars")) }, "is not there"},
		{"the runbook's variables as written", func(x *target) func() {
			return x.append(filepath.Join(x.w.base, "runbook.tfvars.json"))
		}, "runbook.tfvars.json"},
		{"late value of a variable", func(x *target) func() { return x.setenv("TOKEN", "c4n4ry-2") }, `the variable "token" of the runbook has another value`},
		{"number of a variable", func(x *target) func() { return x.setenv("COUNT", "8") }, `the variable "count_" of the runbook has another value`},
		{"boolean of a variable", func(x *target) func() { return x.setenv("LOUD", "false") }, `the variable "loud" of the runbook has another value`},
		{"variable not set", func(x *target) func() { return x.setenv("TOKEN", "") }, `the variable "token" of the runbook is gone`},
		{"late environment value", func(x *target) func() { return x.setenv("APP_REGION", "c4n4ry-there") }, "the environment variable APP_REGION has another value"},
		{"environment name added", func(x *target) func() { return x.setenv("APP_MORE", "1") }, "the environment variable APP_MORE was added"},
		{"environment name removed", func(x *target) func() { return x.setenv("APP_REGION", "") }, "the environment variable APP_REGION is gone"},
		{"PATH", func(x *target) func() { return x.setenv("PATH", os.Getenv("PATH")+":/nowhere") }, "the environment variable PATH has another value"},
		{"late workspace", func(x *target) func() { return x.put(x.data("environment"), "blue") }, "the workspace (choice)"},
		{"workspace of the runbook", func(x *target) func() {
			x.env.Terraform.Workspace = "blue"
			return func() { x.env.Terraform.Workspace = "" }
		}, "the workspace (setting) was default and is blue"},
		{"backend setting", func(x *target) func() { return x.setenv("STATE", "/elsewhere/c4n4ry") }, `the backend setting "path" has another value`},
		{"late what init wrote of the backend", func(x *target) func() {
			return x.replace(x.data("terraform.tfstate"), x.statePath(), x.statePath()+".other")
		}, "what init wrote down of the backend was changed"},
		{"lineage", func(x *target) func() { return x.replace(x.statePath(), `"lineage": "`, `"lineage": "0`) }, "another state is there than the one the plan was made from"},
		{"late serial up", func(x *target) func() { return x.replace(x.statePath(), x.serial(), `"serial": 99,`) }, "the state moved from serial"},
		{"serial down", func(x *target) func() { return x.replace(x.statePath(), x.serial(), `"serial": 1,`) }, "to 1 after the plan was made"},
		{"late state edited, same serial", func(x *target) func() { return x.replace(x.statePath(), `"v1"`, `"v0"`) }, "the state was edited, although its serial is still"},
		{"state gone", func(x *target) func() { return x.away(x.statePath()) }, "another state is there"},
		{"late provider", func(x *target) func() {
			return x.replace(x.mirrored(), "#!/bin/sh\n", "#!/bin/sh\ntouch "+x.at("ran")+"\n")
		}, provider.FileName},
		{"late provider of the same size and time", func(x *target) func() {
			info, err := os.Stat(x.mirrored())
			x.must(err)
			undo := x.replace(x.mirrored(), "a provider", "b provider")
			x.must(os.Chtimes(x.mirrored(), info.ModTime(), info.ModTime()))
			return undo
		}, provider.FileName},
		{"late link to a provider", func(x *target) func() {
			link := filepath.Join(x.data("providers"), filepath.FromSlash(provider.Source), provider.Version, osArch())
			to, err := os.Readlink(link)
			x.must(err)
			undo := x.away(link)
			x.must(os.Symlink(strings.Replace(to, "/mirror/", "/elsewhere/", 1), link))
			return undo
		}, "(link)"},
		{"provider of an override", func(x *target) func() { return x.append(x.at("own/terraform-provider-mine")) }, "terraform-provider-mine"},
		{"module cache", func(x *target) func() { return x.append(x.data("modules/modules.json")) }, "among the installed modules"},
		{"late module added", func(x *target) func() { return x.put(x.data("modules/extra.tf"), "") }, `"extra.tf" was added`},
		{"data folder", func(x *target) func() { return x.put(x.data("extra"), "") }, `"extra" in Terraform's data folder was added`},
		{"late Terraform", func(x *target) func() {
			return x.replace(x.at("terraform"), "#!/bin/sh\n", "#!/bin/sh\ntouch "+x.at("ran")+"\n")
		}, "Terraform's program was sha256:"},
		{"version of Terraform", func(x *target) func() {
			return x.put(x.at("version.json"), `{"terraform_version":"1.99.0","platform":"x","provider_selections":{}}`)
		}, "and is 1.99.0"},
		{"late configuration of Terraform", func(x *target) func() { return x.append(x.at("terraform.tfrc")) }, "Terraform's configuration file"},
		{"credentials of Terraform", func(x *target) func() {
			x.must(os.MkdirAll(x.at(".terraform.d"), 0o700))
			return x.put(x.at(".terraform.d/credentials.tfrc.json"), `{"credentials":{}}`)
		}, "credentials.tfrc.json"},
		{"late number of workers", func(x *target) func() {
			x.env.Terraform.Parallelism = 1
			return func() { x.env.Terraform.Parallelism = 10 }
		}, "the number of workers was 10 and is 1"},
		{"late runbook comment", func(x *target) func() { return x.append(x.at("lockstep.yaml")) }, "is not the one any more that this run was opened with"},
		{"runbook gone", func(x *target) func() { return x.away(x.at("lockstep.yaml")) }, "is not the one any more that this run was opened with"},
		{"definition of the environment", func(x *target) func() {
			x.env.Branch = "other"
			return func() { x.env.Branch = "" }
		}, "the definition of the environment"},
	}
}
