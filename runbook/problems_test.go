package runbook

import (
	"errors"
	"strings"
	"testing"
)

// frame puts a fragment into a runbook that is right otherwise. Each part can be replaced.
func frame(environment, probe, channel string, steps ...string) string {
	or := func(s, other string) string {
		if s == "" {
			return other
		}
		return s
	}
	if len(steps) == 0 {
		steps = []string{"pick_commit: {}"}
	}
	return "lockstep: 1\ntitle: t\nenvironments: { e: " + or(environment, "{ pin: { file: f } }") + " }\nprobes: { p: " + or(probe, `{ tcp: { address: "h:1" } }`) +
		" }\nchannels: { c: " + or(channel, "{ stdout: {} }") + " }\nsteps:\n  - " + strings.Join(steps, "\n  - ") + "\n"
}

func env(keys string) string { return frame("{ pin: { file: f }, "+keys+" }", "", "") }
func tf(keys string) string  { return env("terraform: { " + keys + " }") }
func probe(s string) string  { return frame("", "{ "+s+" }", "") }
func channel(s string) string {
	return frame("", "", "{ "+s+" }")
}

func steps(s ...string) string {
	return frame("", "", "", append([]string{"pick_commit: {}"}, s...)...)
}

func TestParse_namesEveryProblem(t *testing.T) {
	const round = "each_change: [ { plan: {} }, { apply: {} } ]"
	for _, tt := range []struct{ name, yaml, want string }{
		{"version", strings.Replace(steps(), "lockstep: 1", "lockstep: 2", 1), "r:1:11: lockstep is 2, a version of the format that is not known (write lockstep: 1)"},
		{"version as text", strings.Replace(steps(), "lockstep: 1", `lockstep: "1"`, 1), "r:1:11: lockstep should be a whole number, not text (remove the quotes)"},
		{"no version", strings.Replace(steps(), "lockstep: 1\n", "", 1), `r:1:1: "lockstep" is missing in the document (Version of the format, 1)`},
		{"no title", strings.Replace(steps(), "title: t", "title: ''", 1), "r:2:8: title is empty (What this runbook does, in a few words)"},
		{"null title", strings.Replace(steps(), "title: t", "title:", 1), "r:2:1: title has no value (give it text, or remove the key)"},
		{"unknown key", steps() + "step: []\n", `r:8:1: unknown key "step" in the document (did you mean "steps"?)`},
		{"no steps", strings.Split(steps(), "steps:")[0], `r:1:1: "steps" is missing in the document (What is done, in this order)`},
		{"empty steps", strings.Split(steps(), "steps:")[0] + "steps: []\n", "r:6:1: steps is empty (What is done, in this order)"},
		{"steps as mapping", strings.Split(steps(), "steps:")[0] + "steps: {a: b}\n", "r:6:1: steps should be a list, not a mapping"},
		{"no environments", strings.Replace(steps(), "{ e: { pin: { file: f } } }", "{}", 1), "r:3:1: environments is empty (The environments that can be deployed with this runbook, by name)"},

		{"environment name", strings.Replace(steps(), "{ e:", `{ "a b":`, 1), `r:3:17: "a b" cannot be the name of an environment (letters, digits, dots, dashes and underscores, at most 64, beginning with a letter or digit)`},
		{"no pin", frame("{ branch: x }", "", ""), `r:3:17: "pin" is missing in environments.e (The commit this environment is locked to)`},
		{"empty pin", frame("{ pin: }", "", ""), "r:3:22: environments.e.pin does not say what kind it is (one of file, ref)"},
		{"two pins", frame("{ pin: { file: f, ref: refs/heads/x } }", "", ""), "r:3:43: environments.e.pin has more than one kind: file, ref (keep one of them)"},
		{"pin outside", frame("{ pin: { file: a/../../f } }", "", ""), `r:3:35: the path "a/../../f" leaves the repository (a path inside the repository, with /)`},
		{"empty pin file", frame("{ pin: { file: '' } }", "", ""), "r:3:35: environments.e.pin.file is empty (a path such as environments/production/deployed-ref)"},
		{"short ref", frame("{ pin: { ref: main } }", "", ""), `r:3:34: "main" cannot be the name of a git reference: it does not begin with refs/heads/, refs/tags/ or the like (the full name, such as refs/heads/deployed/production)`},
		{"dots in ref", frame("{ pin: { ref: refs/heads/a..b } }", "", ""), "it holds .. or @{"},
		{"star in ref", frame("{ pin: { ref: 'refs/heads/*' } }", "", ""), `it holds a blank or one of ~ ^ : ? * [ \`},
		{"lock in ref", frame("{ pin: { ref: refs/heads/a.lock/b } }", "", ""), "begins with a dot or ends with .lock"},
		{"ref with two slashes", frame("{ pin: { ref: refs/heads//b } }", "", ""), "a part of it between slashes is empty"},
		{"ref with a dot at its end", frame("{ pin: { ref: refs/heads/b. } }", "", ""), "it ends with a dot"},
		{"branch", env("branch: 'a b'"), `r:3:48: "a b" cannot be the name of a branch`},
		{"empty branch", env("branch: ''"), "r:3:48: environments.e.branch is empty (Candidates come from the first-parent line of this branch)"},
		{"absolute path", env("paths: [a, /etc]"), `r:3:51: the path "/etc" does not start from the repository (a path inside the repository, with /)`},
		{"empty path", env("inputs: ['']"), `the path "" is empty`},
		{"blank path", env("inputs: [' a']"), `the path " a" begins or ends with a blank`},
		{"backslash", env(`paths: ['a\b']`), "holds a backslash"},
		{"paths as text", env("paths: modules"), "r:3:47: environments.e.paths should be a list, not text (write [ ] around it)"},
		{"unknown after", env("after: f"), `r:3:47: there is no environment "f" (did you mean "e"?)`},
		{"after itself", env("after: e"), "r:3:47: environments wait for each other in a circle: e after e (one of them has to be first)"},
		{"circle", frame("{ pin: { file: f }, after: f }, f: { pin: { file: f }, after: e }", "", ""), "r:3:47: environments wait for each other in a circle: e after f after e (one of them has to be first)"},
		{"directory outside", tf("directory: ../x"), `the path "../x" leaves the repository`},
		{"var file outside", tf("directory: a, var_files: [../../x]"), `the path "../../x" leaves the repository (keep it in the repository)`},
		{"parallelism", tf("parallelism: 0"), "r:3:66: environments.e.terraform.parallelism is 0 (from 1 to 256)"},
		{"parallelism as text", tf("parallelism: many"), "environments.e.terraform.parallelism should be a whole number, not text"},
		{"hexadecimal", tf("parallelism: 0x10"), "environments.e.terraform.parallelism is not a number in plain decimal digits"},
		{"variable that is no text", tf("vars: { n: 3 }"), "r:3:64: environments.e.terraform.vars.n should be text, not a number (put it in quotes)"},
		{"variable that is a list", tf("vars: { n: [a] }"), "environments.e.terraform.vars.n should be text, not a list"},
		{"name of a variable", tf("vars: { 'a b': x }"), `"a b" cannot be the name of a Terraform variable`},
		{"variable in text", tf("vars: { n: 'a${B}' }"), "r:3:64: environments.e.terraform.vars.n holds ${ among other text (the whole value must be ${NAME}, or have no ${ at all)"},
		{"variable elsewhere", tf("workspace: '${B}'"), "r:3:64: environments.e.terraform.workspace holds ${, which is not replaced here (${NAME} works only where the documentation says so)"},
		{"variable in backend", tf("backend: { key: '${B}' }"), "environments.e.terraform.backend.key holds ${, which is not replaced here"},
		{"backend that is no text", tf("backend: { encrypt: true }"), "environments.e.terraform.backend.encrypt should be text, not true or false (put it in quotes)"},
		{"everything allowed", tf("environment: ['*']"), `"*" cannot be the name of an environment variable (a name such as HOME, or its beginning and a star such as AWS_*)`},
		{"Terraform version", tf("version: '>= 1.9, newer'"), `">= 1.9, newer" does not say which versions are accepted (such as >= 1.9, < 2.0)`},
		{"environment that is no mapping", frame("5", "", ""), "r:3:20: environments.e should be a mapping of keys, not a number (give it keys)"},

		{"no kind of probe", probe("every: 1s"), "r:4:11: probes.p does not say what kind it is (one of dns, http, tls, tcp, command, no_changes)"},
		{"unknown kind of probe", probe("htpp: {}"), `r:4:16: unknown key "htpp" in probes.p (did you mean "http"?)`},
		{"two kinds of probe", probe("no_changes: {}, tcp: { address: 'h:1' }"), "r:4:32: probes.p has more than one kind: no_changes, tcp (keep one of them)"},
		{"never measured", probe("no_changes: {}, every: 0s"), "r:4:39: probes.p.every must be longer than zero (such as 30s)"},
		{"number as duration", probe("no_changes: {}, every: 5"), `r:4:39: probes.p.every: "5" is not a length of time (such as 30s, 15m or 2h)`},
		{"zero as duration", probe("no_changes: {}, every: 0"), "r:4:39: probes.p.every should be text, not a number (put it in quotes)"},
		{"required as text", probe("no_changes: {}, required: yes"), "r:4:42: probes.p.required should be true or false, not text"},
		{"type of record", probe("dns: { name: a, type: cname }"), `r:4:38: "cname" is not a type of DNS record that can be asked for (did you mean "CNAME"?)`},
		{"name server", probe("dns: { name: a, servers: ['http://x'] }"), `"http://x" is not host`},
		{"name", probe("dns: { name: https://a/ }"), `"https://a/" cannot be asked for in the DNS (such as www.example.org)`},
		{"address", probe("http: { url: www.example.org }"), "probes.p.http.url is not an http or https address (such as https://www.example.org/health)"},
		{"password in address", probe("http: { url: 'https://u:p@h/' }"), "probes.p.http.url holds a user name or password (use headers, with ${NAME})"},
		{"status", probe("http: { url: 'https://h/', status: 99 }"), "probes.p.http.status is 99 (from 100 to 599)"},
		{"method", probe("http: { url: 'https://h/', method: POST }"), `probes.p.http.method is "POST" (one of GET, HEAD)`},
		{"body of HEAD", probe("http: { url: 'https://h/', method: HEAD, body: x }"), "probes.p.http expects a body, and HEAD gives none (use GET)"},
		{"header", probe("http: { url: 'https://h/', headers: { 'a b': c } }"), `"a b" cannot be the name of a header (such as Accept)`},
		{"port", probe("tcp: { address: h }"), `"h" is not host:port (such as www.example.org:443)`},
		{"port number", probe("tls: { address: 'h:99999' }"), `"h:99999" is not host:port`},
		{"no program", probe("command: { argv: [''] }"), "the program of probes.p.command.argv is empty (the first item is the program)"},
		{"no arguments", probe("command: { argv: [] }"), "probes.p.command.argv is empty (Program and arguments, each a string of its own)"},
		{"exit code", probe("command: { argv: [a], exit: 256 }"), "probes.p.command.exit is 256 (from 0 to 255)"},

		{"secret in the open", channel("slack: https://hooks.example.org/T0"), "r:5:25: channels.c.slack: a secret is given as ${NAME} or file:PATH, never by its value"},
		{"number as secret", channel("slack: 5"), "channels.c.slack: a secret is given as ${NAME} or file:PATH, never by its value"},
		{"no kind of channel", frame("", "", "{}"), "channels.c does not say what kind it is (one of slack, webhook, service, email, file, stdout)"},
		{"mail server", channel("email: { server: h, from: a@b, to: [a@b] }"), `"h" is not host:port`},
		{"mailbox", channel("email: { server: 'h:25', from: a, to: [a@b] }"), `"a" is not the address of a mailbox (such as ops@example.org)`},
		{"password alone", channel("email: { server: 'h:25', from: a@b, to: [a@b], password: '${P}' }"), "has a password and no user name (add username)"},
		{"password unprotected", channel("email: { server: 'h:25', from: a@b, to: [a@b], username: u, password: '${P}', tls: none }"), "would send its password unprotected (starttls or implicit)"},

		{"bare word", frame("", "", "", "pick_commit"), `r:7:5: step 1 should be a mapping of keys, not text (write "pick_commit: {}")`},
		{"mistyped kind", steps("verfy: {}"), `r:8:5: unknown key "verfy" in step 2 (did you mean "verify"?)`},
		{"no kind", steps("name: x"), "r:8:5: step 2 does not say what kind it is (one of pick_commit, review_diff, plan, apply, verify, announce, record_pin, manual, command, confirm, wait, each_change)"},
		{"two kinds", steps("plan: {}\n    apply: {}"), "r:9:5: step 2 has more than one kind: plan, apply (keep one of them)"},
		{"indented too little", steps("review_diff:\n    max_file_bytes: 5"), `r:9:5: unknown key "max_file_bytes" in step 2 (it belongs to "review_diff": indent it further)`},
		{"unknown option", steps("plan: { target: x }"), `r:8:13: unknown key "target" in step 2 plan`},
		{"on_failure", steps("plan: {}\n    on_failure: retry"), `r:9:17: step 2 on_failure is "retry" (one of ask, stop)`},
		{"timeout", steps("plan: {}\n    timeout: -1m"), `r:9:14: step 2 timeout: "-1m" is negative (such as 30s, 15m or 2h)`},
		{"id", steps("plan: {}\n    id: a/b"), `r:9:9: "a/b" cannot be the name of a step`},
		{"same id", steps("plan: {}\n    id: a", "manual: { instructions: [x] }\n    id: a"), `r:11:9: the id "a" is that of step 2 already (give one of them another id)`},
		{"unknown probe", steps("verify: { probes: [p, q] }"), `r:8:27: there is no probe "q" (did you mean "p"?)`},
		{"same probe", steps("verify: { probes: [p, p] }"), `r:8:27: probe "p" is named twice (remove one)`},
		{"no probes", steps("verify: { probes: [] }"), "step 2 verify.probes is empty (Probes that must pass)"},
		{"probes missing", steps("verify: {}"), `r:8:5: "probes" is missing in step 2 verify (Probes that must pass)`},
		{"watched probe", steps("wait: { for: 1s, watch: [x] }"), `there is no probe "x" (did you mean "p"?)`},
		{"no time to pass", steps("verify: { probes: [p], within: 0s }"), "step 2 verify.within must be longer than zero"},
		{"too short to hold", steps("verify: { probes: [p], within: 1m, for: 2m }"), "r:8:45: the probes must pass for 2m0s within 1m0s, which is shorter (make within longer)"},
		{"attempts", steps("verify: { probes: [p], attempts: 0 }"), "step 2 verify.attempts is 0 (from 1 to 1000000)"},
		{"unknown channel", steps("announce: { to: [d], template: done }"), `r:8:22: there is no channel "d" (did you mean "c"?)`},
		{"channels as text", steps("announce: { to: c, template: done }"), "step 2 announce.to should be a list, not text (write [ ] around it)"},
		{"neither text", steps("announce: { to: [c] }"), "step 2 announce says neither template nor text (add template: start, done or stopped, or a text of your own)"},
		{"both texts", steps("announce: { to: [c], template: done, text: x }"), "r:8:48: step 2 announce has both template and text (keep one of them)"},
		{"unknown template", steps("announce: { to: [c], template: don }"), `step 2 announce.template is "don" (did you mean "done"?)`},
		{"function in text", steps(`announce: { to: [c], text: '{{ env "HOME" }}' }`), `step 2 announce.text cannot be read: 1: function "env" not defined`},
		{"template in text", steps(`announce: { to: [c], text: '{{ define "x" }}{{ end }}a' }`), "step 2 announce.text cannot be read: define and block are not allowed"},
		{"broken text", steps(`announce: { to: [c], text: '{{ .Title' }`), "step 2 announce.text cannot be read: 1: unclosed action"},
		{"variable in text of announcement", steps(`announce: { to: [c], text: 'a ${B}' }`), "step 2 announce.text holds ${, which is not replaced here"},
		{"long text", steps(`announce: { to: [c], text: "` + strings.Repeat("(", maxTemplate+1) + `" }`), "step 2 announce.text is longer than 16384 bytes (shorten it)"},
		{"empty instruction", steps("manual: { instructions: [a, ' '] }"), "r:8:33: an item of step 2 manual.instructions is empty (remove it)"},
		{"effect", steps("command: { argv: [a], effect: some }"), `step 2 command.effect is "some"`},
		{"variable in argv", steps("command: { argv: [a, '${B}'] }"), "step 2 command.argv[1] holds ${, which is not replaced here"},
		{"no question", steps("confirm: {}"), `"question" is missing in step 2 confirm (What is asked)`},
		{"word that cannot be typed", steps("confirm: { question: q, typed: ' a' }"), "the word of step 2 confirm.typed cannot be typed as it is (one word)"},
		{"no wait", steps("wait: { for: 0s }"), "step 2 wait.for must be longer than zero (such as 30s)"},

		{"review before pick", frame("", "", "", "review_diff: {}", "pick_commit: {}"), "r:7:5: review_diff (step 1) has no pick_commit before it (put pick_commit before it)"},
		{"plan before pick", frame("", "", "", "plan: {}"), "plan (step 1) has no pick_commit before it"},
		{"pick twice", steps("pick_commit: {}"), "r:8:5: there is a second pick_commit: a run is for one commit (remove one)"},
		{"apply without plan", steps("apply: {}"), "r:8:5: apply (step 2) has no plan of its own before it (put a plan before it in the same list)"},
		{"second apply", steps("plan: {}", "apply: {}", "apply: {}"), "r:10:5: apply (step 4) has no plan of its own before it"},
		{"apply with the plan outside", steps("plan: {}", "each_change: [ { plan: {} }, { apply: {} } ]", "apply: {}"), "r:10:5: apply (step 4) has no plan of its own before it"},
		{"round without plan", steps("each_change: [ { apply: {} } ]"), "each_change (step 2) does not begin with a plan (put a plan first: it finds the next change)"},
		{"round without apply", steps("each_change: [ { plan: {} } ]"), "each_change (step 2) has no apply and would never end (add an apply after the plan)"},
		{"empty round", steps("each_change: []"), "each_change (step 2) has no steps (begin it with plan and apply)"},
		{"null round", steps("each_change:"), "step 2 each_change has no value (give it a list, or remove the key)"},
		{"round as mapping", steps("each_change: { plan: {} }"), "step 2 each_change should be a list, not a mapping"},
		{"round in a round", steps("each_change: [ { plan: {} }, { apply: {} }, { each_change: [ { plan: {} }, { apply: {} } ] } ]"), "each_change stands in another each_change (put its steps in the list around it)"},
		{"pick in a round", steps("each_change: [ { plan: {} }, { apply: {} }, { pick_commit: {} } ]"), "pick_commit stands in each_change: a run is for one commit (move it before each_change)"},
		{"pin in a round", steps("each_change: [ { plan: {} }, { apply: {} }, { record_pin: {} } ]"), "record_pin stands in each_change: the pin moves when every change is applied (move it behind each_change)"},
		{"pin twice", steps(round, "record_pin: {}", "record_pin: {}"), "r:10:5: there is a second record_pin: the first is step 3 (remove one)"},
		{"pin before apply", steps("record_pin: {}", round), "r:8:5: record_pin (step 2) has nothing applied before it (put it after an apply or each_change)"},
		{"remote", steps(round, "record_pin: { remote: --exec=x }"), `"--exec=x" cannot be the name of a remote (such as origin)`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rb, err := Parse("r", []byte(tt.yaml))
			var ps *Problems
			if !errors.As(err, &ps) || rb != nil {
				t.Fatalf("runbook %v, error %T %v\n%s", rb != nil, err, err, tt.yaml)
			}
			if len(*ps) != 1 {
				t.Errorf("%d problems where there is one:\n%v\n%s", len(*ps), err, tt.yaml)
			}
			got := (*ps)[0].String()
			// A row that names the place means the whole line.
			if strings.HasPrefix(tt.want, "r:") && !strings.HasPrefix(got, tt.want) || !strings.Contains(got, tt.want) {
				t.Errorf("got  %s\nwant %s\n%s", got, tt.want, tt.yaml)
			}
		})
	}
}

func TestParse_reportsEverythingAtOnceInOrder(t *testing.T) {
	_, err := Parse("r", []byte("lockstep: 1\ntitle: 5\nsteps:\n  - apply: { watch: [x] }\n  - plna: {}\nextra: &a 1\nenvironments: { e: { pin: { file: .. }, brunch: x } }\n"))
	want := `r:2:8: title should be text, not a number (put it in quotes)
r:4:22: there is no probe "x" (the runbook has no probes yet)
r:5:5: unknown key "plna" in step 2 (did you mean "plan"?)
r:6:1: unknown key "extra" in the document (one of lockstep, title, description, environments, probes, channels, identities, steps)
r:6:8: the anchor &a is not allowed (write the value out where it is needed)
r:7:35: the path ".." leaves the repository (a path inside the repository, with /)
r:7:41: unknown key "brunch" in environments.e (did you mean "branch"?)`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// What stands where a secret belongs is a secret, even when it is in the wrong form.
func TestParse_neverShowsASecret(t *testing.T) {
	for _, yaml := range []string{
		channel("slack: hunter2"), channel("slack: { url: hunter2 }"), channel("service: [hunter2]"), channel("email: { server: 'h:25', from: a@b, to: [a@b], password: hunter2 }"),
		tf("vars: { a: [hunter2] }"), tf("vars: { a: 'hunter2${X}' }"), tf("backend: { a: { b: hunter2 } }"), tf("backend: { a: '${hunter2' }"),
		probe("http: { url: 'https://u:hunter2@h/' }"), probe("http: { url: 'https://h/', headers: { A: [hunter2] } }"), probe("http: { url: 'https://h/', headers: { A: 'hunter2 ${A}' } }"),
	} {
		_, err := Parse("r", []byte(yaml))
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v\n%s", err, yaml)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(steps("verify: { probes: [p] }", "announce: { to: [c], text: '{{ . }}' }")))
	f.Add([]byte("a: &a [*a]\n<<: *a\n? {b: c}\n: !d e\n"))
	f.Add([]byte("lockstep: 1\n---\n...\n%YAML"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rb, err := Parse("r", data)
		if (rb == nil) == (err == nil) {
			t.Fatalf("runbook %v and error %v", rb, err)
		}
		if err == nil {
			rb.Warnings()
			return
		}
		var ps *Problems
		if !errors.As(err, &ps) || len(*ps) == 0 {
			t.Fatalf("error is %T %v", err, err)
		}
		last := Problem{}
		for _, p := range *ps {
			if p.Line < 1 || p.Column < 1 || p.Text == "" || p.File != "r" {
				t.Errorf("problem %+v", p)
			}
			if p.Line < last.Line || p.Line == last.Line && p.Column < last.Column {
				t.Errorf("%v stands after %v", p, last)
			}
			last = p
		}
		if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }) {
			t.Errorf("%q is not inert", err)
		}
	})
}
