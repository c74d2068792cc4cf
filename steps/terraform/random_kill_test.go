package terraform

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"lockstep/steps/keep"
)

// TestReconcile_killedAtAnyMoment kills real applies at random moments. Whatever
// the verdict, it must not say more than what the effects themselves say.
func TestReconcile_killedAtAnyMoment(t *testing.T) {
	t.Parallel()
	times := 2
	if os.Getenv("LOCKSTEP_NIGHTLY") != "" {
		times = 60
	}
	seen := map[string]int{}
	for range times {
		seed := rand.Uint64()
		r := rand.New(rand.NewPCG(seed, 0))
		p, log := slowProject(t, slow("a", "")+slow("b", "  input = terraform_data.a.id")+slow("c", "  input = terraform_data.b.id"))
		writeFile(t, log+".go", "")
		d := p.die("c2")
		d.start()
		time.Sleep(time.Duration(r.Int64N(int64(900 * time.Millisecond)))) // a moment, not a wait for something
		_ = keep.Signal(d.kept(), syscall.SIGKILL)                         // it may have ended
		st := d.wait()
		done := 0
		for _, name := range []string{"a", "b", "c"} {
			done += effects(t, log+"."+name)
		}
		f, o, _ := d.reconcile()
		seen[f.Verdict]++
		inState := len(p.stateResources())
		var right bool
		switch f.Verdict {
		case "recovered-rc":
			right = f.Sure && st.Signal == "" && done == 3
		case "reconciled-applied":
			right = done == 3 && inState == 4
		case "reconciled-partial":
			right = inState >= 1 && done <= 3 && inState < 4
		case "unknown-state-did-not-move":
			right = done <= 1 && inState == 1
		case "state-damaged":
			right = inState == 0
		}
		if !right || len(o.intents) != 0 || f.Sure && f.Verdict != "recovered-rc" {
			t.Errorf("seed %d: %s with %d effects and %d resources in the state, terraform %s\n%v", seed, f.Verdict, done, inState, st.Words(), f.Lines)
		}
	}
	t.Log(seen)
}

// stateResources lists the resources of the state, none when it cannot be read.
func (p *project) stateResources() []string {
	if text := p.state(); text == "" || !strings.HasSuffix(strings.TrimSpace(text), "}") {
		return nil
	}
	return slices.DeleteFunc(p.resources(), func(a string) bool { return strings.Contains(a, "deposed") })
}
