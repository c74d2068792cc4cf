package terraform

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
)

// A tampering is something that happens after the plan was shown.
type tampering struct {
	name   string
	do     func(x *target) (undo func())
	expect string // in what the operator is told
}

// refuse applies the plan while it is tampered with, and wants a refusal.
func (x *target) refuse(c tampering, between func(tamper func())) {
	t := x.t
	t.Helper()
	planned := x.planned
	x.o.facts.Plan, x.o.refusals, x.o.binds, x.o.intents = &planned, nil, nil, nil
	var undo func()
	var state string
	between(func() { undo = c.do(x); state = x.state() })
	effects := x.read("effects")
	_, err := x.o.step(t.Context(), x.tool, runbook.KindApply)
	text := fmt.Sprint(err) + "\n" + linesOf(err)
	if undo == nil {
		t.Errorf("%s: it was never done: %v", c.name, err)
		return
	}
	if !errors.Is(err, engine.ErrStale) || !strings.Contains(text, c.expect) || !strings.Contains(text, "Plan again") {
		t.Errorf("%s: it says\n%s", c.name, text)
	}
	if strings.Contains(text, "c4n4ry") {
		t.Errorf("%s: it tells a secret\n%s", c.name, text)
	}
	if len(x.o.refusals) != 1 || len(x.o.binds) != 1 || x.o.facts.Plan != nil || x.session().work != nil {
		t.Errorf("%s: refusals %q, %d binds, plan %v", c.name, x.o.refusals, len(x.o.binds), x.o.facts.Plan)
	}
	if exists(x.at("ran")) {
		t.Errorf("%s: a program that was put there was run", c.name)
	}
	if x.read("effects") != effects || x.state() != state {
		t.Errorf("%s: it was applied", c.name)
	}
	undo()
}

func TestApproval_holdsForAllThatRuns(t *testing.T) {
	t.Parallel()
	all := tamperings()
	if len(all) < 30 {
		t.Fatalf("only %d", len(all))
	}
	const lanes = 2
	for lane := range lanes {
		t.Run(fmt.Sprint("part ", lane+1), func(t *testing.T) {
			t.Parallel()
			x := newTarget(t)
			for i, c := range all {
				if i%lanes != lane {
					continue
				}
				x.refuse(c, func(tamper func()) {
					x.o.take[engine.AskApply] = func(q engine.Question) engine.Answer {
						tamper()
						return yes(q)
					}
				})
				if n := len(x.o.intents); n > 0 {
					t.Errorf("%s: %d intents", c.name, n)
				}
			}
			x.control()
		})
	}
}

// control applies the plan that nobody tampered with.
func (x *target) control() {
	x.t.Helper()
	x.o.take[engine.AskApply] = yes
	planned := x.planned
	x.o.facts.Plan, x.o.refusals = &planned, nil
	x.o.mustStep(x.tool, runbook.KindApply)
	if got := x.read("effects"); got != "v1\nv2\n" || len(x.o.refusals) > 0 {
		x.t.Errorf("effects %q, refusals %q", got, x.o.refusals)
	}
}

// TestApproval_isLookedAtOnceMoreWhenTerraformStarts tampers after the answer was
// checked, when the intent is written.
func TestApproval_isLookedAtOnceMoreWhenTerraformStarts(t *testing.T) {
	t.Parallel()
	x := newTarget(t)
	done := 0
	for _, c := range tamperings() {
		if !strings.HasPrefix(c.name, "late ") {
			continue
		}
		done++
		x.refuse(c, func(tamper func()) {
			x.o.take[engine.AskApply] = yes
			x.o.onIntent = tamper
		})
		x.o.onIntent = nil
		if end := x.o.endings[len(x.o.endings)-1]; len(x.o.intents) != 1 || end.Result != engine.Failed || end.Facts["started"] != false {
			t.Errorf("%s: %d intents, ending %+v", c.name, len(x.o.intents), end)
		}
	}
	if done < 12 {
		t.Errorf("only %d", done)
	}
	x.control()
}

// TestApproval_isLookedAtAfterTheStateWasRead tampers while Terraform tells the
// state, which is the last that is asked before the start.
func TestApproval_isLookedAtAfterTheStateWasRead(t *testing.T) {
	t.Parallel()
	x := newTarget(t)
	script := filepath.Join(x.w.top, "deploy.sh")
	x.refuse(tampering{"while the state is read", func(x *target) func() {
		undo := x.put(script, x.commits["v2"]["deploy.sh"]) // to bring it back
		writeFile(t, x.at("during"), "echo '# x' >> "+script+"\n")
		return func() { x.must(os.Remove(x.at("during"))); undo() }
	}, `"deploy.sh" was changed`}, func(tamper func()) {
		x.o.take[engine.AskApply] = yes
		x.o.onIntent = tamper
	})
	if len(x.o.intents) != 1 {
		t.Errorf("%d intents: it was found before the last look", len(x.o.intents))
	}
	x.o.onIntent = nil
	x.control()
}

// TestApproval_namesAllThatMovedAtOnce also says what it was and what it is.
func TestApproval_namesAllThatMovedAtOnce(t *testing.T) {
	t.Parallel()
	x := newTarget(t)
	both := tampering{"three at once", func(x *target) func() {
		a := x.append(filepath.Join(x.w.top, "deploy.sh"))
		b := x.setenv("APP_REGION", "elsewhere")
		was := x.env.Terraform.Parallelism
		x.env.Terraform.Parallelism = 3
		return func() { a(); b(); x.env.Terraform.Parallelism = was }
	}, "the number of workers was 10 and is 3"}
	x.refuse(both, func(tamper func()) {
		x.o.take[engine.AskApply] = func(q engine.Question) engine.Answer {
			tamper()
			return yes(q)
		}
	})
	for _, want := range []string{`"deploy.sh"`, "the environment variable APP_REGION has another value", "the number of workers was 10 and is 3"} {
		if !strings.Contains(x.o.refusals[0], want) {
			t.Errorf("%q is missing in %q", want, x.o.refusals[0])
		}
	}
	x.control()
}

// TestApproval_isRecordedBeforeTheQuestion looks at the record.
func TestApproval_isRecordedBeforeTheQuestion(t *testing.T) {
	t.Parallel()
	x := newTarget(t)
	asked := false
	x.o.take[engine.AskApply] = func(q engine.Question) engine.Answer {
		asked = true
		if len(x.o.binds) != 1 {
			t.Fatalf("%d records", len(x.o.binds))
		}
		return engine.Answer{Choice: "stop"}
	}
	if _, err := x.o.step(t.Context(), x.tool, runbook.KindApply); !errors.Is(err, engine.ErrDeclined) || !asked {
		t.Fatal(err)
	}
	things := x.o.binds[0]
	for _, name := range recordNames {
		if things[name] == nil {
			t.Errorf("no %s", name)
		}
	}
	for name, group := range map[string]string{"token": "variables", "count_": "variables", "loud": "variables", "APP_REGION": "environment", "path": "backend"} {
		value, _ := things[group].(map[string]any)[name].(string)
		if !strings.HasPrefix(value, "hmac:") || len(value) != len("hmac:")+keptDigits {
			t.Errorf("%s is recorded as %q", name, value)
		}
	}
	for _, secret := range []string{"c4n4ry", x.statePath()} {
		if strings.Contains(fmt.Sprint(things), secret) {
			t.Errorf("%q is in the record", secret)
		}
	}
	if a, b := x.session().keyed([]byte("true")), newSession(x.tool.deps, x.o.run).keyed([]byte("true")); a == b {
		t.Error("two runs have the same key")
	}
}

// TestApproval_findsNothingWhenNothingMoved also says what each look costs.
func TestApproval_findsNothingWhenNothingMoved(t *testing.T) {
	t.Parallel()
	x := newTarget(t)
	s := x.session()
	p := s.plans[x.planned.Plan.Digest]
	before := p.basis
	for _, d := range []struct {
		depth depth
		name  string
	}{{full, "before the question"}, {gate, "after the answer"}, {last, "before the start"}} {
		began := time.Now()
		b, err := s.look(t.Context(), p, d.depth, before)
		if err != nil {
			t.Fatalf("%s: %v", d.name, err)
		}
		before = b
		t.Logf("%s: %v", d.name, time.Since(began).Round(time.Millisecond))
	}
}
