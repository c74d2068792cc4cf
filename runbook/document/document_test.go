package document

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/runbook"
)

var update = flag.Bool("update", false, "write the golden files anew")

// everything uses each kind of step, probe and channel, and text that tries to
// be Markdown.
const everything = `lockstep: 1
title: "Everything *there* is"
description: |
  First line of the
  first paragraph.

  - no list, <b>no HTML</b>, [no](link)
environments:
  staging:
    pin: { ref: refs/heads/deployed/staging }
    probes: { tcp: { tcp: { address: "staging.example.org:22" }, required: true } }
  production:
    repository: ../infra
    branch: release
    pin: { file: "production/deployed ref" }
    paths: [production, "a|b"]
    inputs: [production/inputs]
    after: staging
    terraform:
      directory: production
      binary: tofu
      version: ">= 1.9"
      workspace: prod
      vars: { token: "${TOKEN}", size: hunter2 }
      var_files: [size.tfvars]
      backend: { key: hunter2 }
      environment: ["AWS_*"]
      parallelism: 3
    durations: { aws_lb.create: 3m, 'module.m["a.b"].aws_lb.l.delete': 20s }
    negative_ttl: 60s
    many_destroys: 4
identities:
  acme_listener: { key: ["spec[0].port", host], delete: whole-name }
  aws_lb: { delete: own-data }
  aws_s3_bucket: { key: [bucket], delete: unknown }
probes:
  a-dns: { dns: { name: www.example.org, servers: ["192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:53"], values: [192.0.2.9] }, required: true }
  b-dns: { dns: { name: www.example.org, type: TXT } }
  http: { http: { url: "https://www.example.org/", connect: "127.0.0.1:8443", ca_file: "ca's.pem", headers: { Authorization: "hunter2" }, body: "` + "`ok`" + `" }, every: 1m30s }
  head: { http: { url: "https://www.example.org/", method: HEAD, status: 204 } }
  tls: { tls: { address: "www.example.org:443", server_name: example.org, names: [a.example.org, b.example.org], valid_for: 720h, ca_file: ca.pem } }
  tcp: { tcp: { address: "www.example.org:22" } }
  command: { command: { argv: [check, "two words", "it's"], exit: 3, output: fine } }
  none: { no_changes: }
channels:
  slack: { slack: "${HOOK}" }
  webhook: { webhook: "file:/run/hook" }
  service: { service: "${SERVICE}" }
  mail: { email: { server: "mail.example.org:587", from: ops@example.org, to: [all@example.org], username: u, password: "${MAIL}" } }
  file: { file: log.txt }
  stdout: { stdout: }
steps:
  - pick_commit:
  - review_diff: {}
    on_failure: stop
  - announce: { to: [slack, webhook], template: start }
  - each_change:
      - plan:
        why: "Because *of* | this."
      - confirm: { question: "Sure?", typed: "yes" }
      - apply: { watch: [http] }
        timeout: 1h30m
      - verify: { probes: [a-dns, b-dns, http, tls, tcp, command, none], within: 1h, for: 90s, attempts: 3 }
  - command: { argv: [notify, "a b"], directory: tools, environment: [HOME], effect: repeatable }
  - command: { argv: [look], effect: none }
  - command: { argv: [launch] }
    name: "1. Launch"
  - wait: { for: 30m, watch: [http] }
    unattended: true
  - manual: { instructions: ["Look at | the board", "# not a heading"] }
  - record_pin: { push: true }
  - announce: { to: [service, mail, file, stdout], text: "Now at {{.Commit}}\n- no list" }
  - announce: { to: [stdout], template: stopped }
`

func TestMarkdown_describesEverything(t *testing.T) {
	rb, err := runbook.Parse("runbooks/everything.yaml", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	for _, env := range []string{"production", "staging", ""} {
		golden(t, "everything-"+env, Markdown(rb, env))
	}
}

func TestMarkdown_holdsNoSecret(t *testing.T) {
	rb, err := runbook.Parse("r.yaml", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	if got := Markdown(rb, "production"); bytes.Contains(got, []byte("hunter2")) {
		t.Errorf("the document holds a value of a variable, a backend setting or a header:\n%s", got)
	}
}

// Text of the runbook cannot break out of its place.
func TestMarkdown_staysPlainWhateverTheTextSays(t *testing.T) {
	hostile := "\x1b[2J`code` **bold** <script> | # x\r\n```\n\n# heading\n\u202etxt"
	rb, err := runbook.Parse("r.yaml", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	rb.Title, rb.Description, rb.Steps[0].Why, rb.Steps[0].Name = hostile, hostile, hostile, hostile
	rb.Environments["production"].Branch = hostile
	rb.Environments["production"].Durations = map[string]runbook.Duration{hostile: 1}
	rb.Identities[hostile] = &runbook.Identity{Key: []string{hostile}}
	rb.Probes["command"].Command.Argv = []string{hostile, "$(reboot)"}
	rb.Steps[4].Command.Argv = []string{"echo", hostile}
	got := string(Markdown(rb, "production"))
	if strings.ContainsAny(got, "\x1b\r\u202e") {
		t.Error("the document holds control characters")
	}
	fences := 0
	for _, l := range strings.Split(got, "\n") {
		if strings.HasPrefix(l, "```") {
			fences++
		}
		if strings.HasPrefix(l, "# heading") || fences%2 == 0 && strings.Contains(l, "<script>") && !strings.Contains(l, "`") {
			t.Errorf("text became Markdown: %s", l)
		}
		if strings.Contains(l, "reboot") && !strings.Contains(l, `'$(reboot)'`) {
			t.Errorf("an argument is not quoted: %s", l)
		}
	}
	if fences%2 != 0 {
		t.Errorf("%d fences", fences)
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".md")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what is made now; look at it, and run go test -update:\n%s", path, got)
	}
}
