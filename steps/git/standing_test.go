package git

import "testing"

func TestStanding_tellsARewrittenBranchAndOtherInputs(t *testing.T) {
	p := newProject(t)
	first := p.commit("first", "modules/a.tf", "1\n", "environments/production/own.tfvars", "a = 1\n")
	chosen := p.commit("chosen", "modules/a.tf", "2\n")
	inputs := []string{"environments/production"}
	env := production()
	env.Pin.File = "environments/production/deployed-ref"
	check := func(name string, wantOn, wantSame bool) {
		t.Helper()
		on, same, err := p.open(env).Standing(t.Context(), chosen, chosen, inputs)
		if err != nil || on != wantOn || same != wantSame {
			t.Errorf("%s: on %t, same %t, %v", name, on, same, err)
		}
	}
	check("as it was", true, true)
	p.commit("moved on", "modules/a.tf", "3\n")
	check("moved on", true, true)
	p.commit("pin", "environments/production/deployed-ref", first+"\n")
	check("a pin was written", true, true)
	p.commit("inputs", "environments/production/own.tfvars", "a = 2\n")
	check("inputs", true, false)
	p.git("reset", "-q", "--hard", first)
	p.commit("rewritten", "modules/a.tf", "2\n")
	check("rewritten", false, true)
}
