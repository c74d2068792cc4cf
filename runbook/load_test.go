package runbook

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const sample = `lockstep: 1
title: Roll out
environments:
  staging: { pin: { file: staging/ref } }
  production:
    pin: { ref: refs/heads/deployed/production }
    after: staging
    terraform: { directory: environments/production, vars: { token: "${TOKEN}", plain: "$5" } }
probes:
  name: { dns: { name: www.example.org } }
  site: { http: { url: "https://www.example.org", headers: { Authorization: "${AUTH}" } }, every: 250ms }
  idle: { no_changes: }
channels:
  ops: { slack: "${OPS}" }
  mail: { email: { server: "mail.example.org:587", from: a@example.org, to: [b@example.org] } }
steps:
  - pick_commit:
  - review_diff: {}
  - announce: { to: [ops], text: "{{ .Title | printf \"%q\" }}" }
  - each_change:
      - plan: {}
        name: Look
      - apply: { watch: [name] }
      - verify: { probes: [name, site] }
  - id: announce-2
    announce: { to: [ops], template: done }
    timeout: 1m
  - record_pin:
    on_failure: stop
  - announce: { to: [ops], template: done }
`

func TestLoad_readsTheWholeDocument(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.yaml")
	if err := os.WriteFile(path, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	rb, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if rb.File != path || len(rb.Digest) != 64 || rb.Version != 1 {
		t.Errorf("file %q, digest %q, version %d", rb.File, rb.Digest, rb.Version)
	}
	production := &Environment{
		Name: "production", Repository: ".", Branch: "main", Pin: Pin{Ref: "refs/heads/deployed/production"}, After: "staging", ManyDestroys: 10,
		Terraform: Terraform{
			Directory: "environments/production", Binary: "terraform", Parallelism: 10,
			Vars: map[string]string{"token": "${TOKEN}", "plain": "$5"},
		},
	}
	if got := rb.Environments["production"]; !reflect.DeepEqual(got, production) {
		t.Errorf("production is %+v\nwant %+v", got, production)
	}
	if got := rb.Environments["staging"].Terraform; got.Directory != "." || got.Binary != "terraform" || got.Parallelism != 10 {
		t.Errorf("defaults of a missing mapping: %+v", got)
	}
	site := &Probe{
		Name: "site", Every: Duration(250 * time.Millisecond), Timeout: Duration(5 * time.Second),
		HTTP: &HTTPProbe{URL: "https://www.example.org", Method: "GET", Status: 200, Headers: map[string]string{"Authorization": "${AUTH}"}},
	}
	if got := rb.Probes["site"]; !reflect.DeepEqual(got, site) {
		t.Errorf("site is %+v %+v", got, got.HTTP)
	}
	if rb.Probes["name"].DNS.Type != "A" || rb.Probes["idle"].NoChanges == nil || rb.Channels["mail"].Email.TLS != "starttls" || rb.Channels["ops"].Name != "ops" {
		t.Error("a default or a name is missing")
	}
	var got []string
	everyStep(rb.Steps, "steps", func(s *Step, _ string) {
		got = append(got, s.Position+" "+s.ID+" "+string(s.Kind())+" "+string(s.OnFailure)+" "+s.Title())
	})
	want := []string{
		"1 pick_commit pick_commit ask Pick the commit", "2 review_diff review_diff ask Review the diff", "3 announce announce ask Announce",
		"4 each_change each_change ask One change at a time", "4.1 plan plan ask Look", "4.2 apply apply ask Apply", "4.3 verify verify ask Verify",
		"5 announce-2 announce ask Announce", "6 record_pin record_pin stop Record the pin", "7 announce-3 announce ask Announce",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("steps\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if s := rb.Steps[3].EachChange[1]; s.Line != 23 || s.Column != 9 {
		t.Errorf("step 4.2 stands at %d:%d", s.Line, s.Column)
	}
	if s := rb.Steps[3].EachChange[2]; s.Verify.Attempts != 1 || s.Verify.Within.Std() != 5*time.Minute {
		t.Errorf("verify is %+v", s.Verify)
	}
	if rb.Steps[1].ReviewDiff.MaxFileBytes != 8<<20 || rb.Steps[5].RecordPin.Remote != "origin" {
		t.Error("defaults of a step are missing")
	}
}

func TestLoad_saysWhatIsWrongWithTheFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(filepath.Join(dir, "none.yaml")); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("folder: %v", err)
	}
	empty := filepath.Join(dir, "empty.yaml")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(empty); err == nil || err.Error() != empty+`:1:1: the document is empty (begin it with "lockstep: 1")` {
		t.Errorf("empty file: %v", err)
	}
}

func TestWarnings_tellWhatIsOddButUsable(t *testing.T) {
	rb, err := Parse("r", []byte(sample+`  - pick: {}`))
	if err == nil || rb != nil {
		t.Fatal("a runbook with problems was returned")
	}
	rb, err = Parse("r", []byte(strings.ReplaceAll(sample, "verify: { probes: [name, site] }", "manual: { instructions: [look] }")))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range rb.Warnings() {
		got = append(got, p.String())
	}
	want := []string{
		`r:11:3: no step uses the probe "site" (name it in a verify, or in watch)`,
		`r:12:3: no step uses the probe "idle" (name it in a verify, or in watch)`,
		`r:15:3: no step uses the channel "mail" (name it in an announce)`,
		`r:23:9: nothing is verified after it is applied (add a verify step)`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("warnings\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestResolve_takesValuesFromTheEnvironment(t *testing.T) {
	rb, err := Parse("r", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	tf, http := rb.Environments["production"].Terraform, rb.Probes["site"].HTTP
	env := map[string]string{"TOKEN": "hunter2", "AUTH": ""}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	vars, err := tf.ResolveVars(lookup)
	if err != nil || !reflect.DeepEqual(vars, map[string]string{"token": "hunter2", "plain": "$5"}) {
		t.Errorf("vars %v, %v", vars, err)
	}
	if tf.Vars["token"] != "${TOKEN}" {
		t.Error("the runbook itself holds the value now")
	}
	if headers, err := http.ResolveHeaders(lookup); err != nil || headers["Authorization"] != "" {
		t.Errorf("a variable that is set and empty: %v, %v", headers, err)
	}
	delete(env, "TOKEN")
	if vars, err = tf.ResolveVars(lookup); vars != nil || err == nil || err.Error() != "terraform.vars: environment variables that are not set: TOKEN (for token)" {
		t.Errorf("vars %v, %v", vars, err)
	}
}
