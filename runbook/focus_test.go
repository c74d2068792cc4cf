package runbook

import (
	"strings"
	"testing"
)

const twoEnvironments = `
lockstep: 1
title: t
environments:
  staging:
    pin: { file: a }
    probes: { NAME: { tcp: { address: "127.0.0.1:2" } } }
  production: { pin: { file: b } }
probes: { web: { tcp: { address: "127.0.0.1:1" } } }
steps:
  - pick_commit:
  - plan:
  - apply:
  - verify: { probes: [web] }
`

func TestFor_putsTheProbesOfAnEnvironmentInPlaceOfTheGeneralOnes(t *testing.T) {
	rb, err := Parse("x.yaml", []byte(strings.Replace(twoEnvironments, "NAME", "web", 1)))
	if err != nil {
		t.Fatal(err)
	}
	for env, want := range map[string]string{"staging": "127.0.0.1:2", "production": "127.0.0.1:1"} {
		p := rb.For(env).Probes["web"]
		if p.TCP.Address != want || p.Name != "web" {
			t.Errorf("%s: probe %q at %s", env, p.Name, p.TCP.Address)
		}
	}
	if got := rb.Probes["web"].TCP.Address; got != "127.0.0.1:1" {
		t.Errorf("the runbook itself was changed: %s", got)
	}
}

func TestParse_refusesAProbeOfAnEnvironmentThatReplacesNone(t *testing.T) {
	_, err := Parse("x.yaml", []byte(strings.Replace(twoEnvironments, "NAME", "wbe", 1)))
	want := `x.yaml:7:15: there is no general probe "wbe" that it could take the place of (did you mean "web"?)`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
