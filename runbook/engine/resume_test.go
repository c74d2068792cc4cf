package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// A keeping journal stands in memory like [memory], and keeps blobs too. It dies
// at a record: that one and all after it are not written, as when the process is
// killed before them.
type keeping struct {
	memory
	blobs map[string][]byte
	dieAt int
}

var errDead = errors.New("the process is dead")

func (k *keeping) Append(d journal.Draft) (journal.Record, error) {
	k.mu.Lock()
	dead := k.dieAt > 0 && len(k.records) >= k.dieAt
	k.mu.Unlock()
	if dead {
		return journal.Record{}, errDead
	}
	return k.memory.Append(d)
}

func (k *keeping) PutBlob(name string, data []byte) (journal.BlobRef, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.blobs == nil {
		k.blobs = map[string][]byte{}
	}
	ref := journal.BlobRef{Name: name, SHA256: fmt.Sprint(len(k.blobs)), Size: int64(len(data))}
	k.blobs[ref.SHA256] = data
	return ref, nil
}

func (k *keeping) blob(ref journal.BlobRef) ([]byte, error) { return k.blobs[ref.SHA256], nil }

// A trip is a run of a few steps with effects, which can be begun again and again
// in the same journal.
type trip struct {
	t       *testing.T
	journal *keeping
	steps   []runbook.Step
	kit     func(effects *[]string) map[string]Step
	effects []string // that happened, over all processes
	asked   []string // kind and verdict, over all processes
	say     map[string]Answer
	begun   []string // steps that the last process said it started
	ended   []string // and that it said have ended
	work    string   // folder of the run, a new one for each process when empty
}

func (p *trip) run(dieAt int) (Result, error) {
	p.t.Helper()
	p.journal.dieAt = dieAt
	work := p.work
	if work == "" {
		work = filepath.Join(p.t.TempDir(), "work")
	}
	cfg := Config{
		Run: "r1", Mode: Live, Environment: "production", Journal: p.journal, WorkDir: work,
		Runbook: &runbook.Runbook{Steps: p.steps, Environments: map[string]*runbook.Environment{"production": {Name: "production"}}},
	}
	if len(p.journal.records) > 0 {
		past, err := ReadPast(p.journal.records, "r1", p.journal.blob)
		if err != nil {
			p.t.Fatal(err)
		}
		cfg.Past = past
	}
	steps := p.kit(&p.effects)
	build := func(s runbook.Step) (Step, error) { return steps[s.ID], nil }
	cfg.Kit = Kit{
		runbook.KindConfirm: build, runbook.KindPlan: build, runbook.KindApply: build, runbook.KindVerify: build, runbook.KindRecordPin: build,
	}
	e, err := New(cfg)
	if err != nil {
		p.t.Fatal(err)
	}
	events, cancel := e.Subscribe()
	defer cancel()
	p.begun, p.ended = nil, nil
	var wg sync.WaitGroup
	wg.Go(func() {
		for ev := range events {
			switch v := ev.Event.(type) {
			case QuestionAsked:
				p.answer(e, v.Question)
			case StepStarted:
				p.begun = append(p.begun, v.ID)
			case StepFinished:
				p.ended = append(p.ended, v.ID)
			}
		}
	})
	result, err := e.Run(p.t.Context())
	wg.Wait()
	return result, err
}

func (p *trip) answer(e *Engine, q Question) {
	key := string(q.Kind)
	if s, ok := q.Payload.(Settlement); ok {
		key += " " + s.Verdict
	}
	p.asked = append(p.asked, key)
	a, ok := p.say[key]
	if !ok {
		a = Answer{Choice: q.Choices[0].ID}
	}
	a.Question, a.Digest = q.ID, q.Digest
	if err := e.Answer(a); err != nil {
		p.t.Errorf("%s: %v", key, err)
	}
}

// causes is a step with one effect.
func causes(effects *[]string, id string, kind runbook.Effect) does {
	return func(ctx context.Context, op Operator) (Report, error) {
		_, err := op.Effect(ctx, Intent{Effect: kind, What: safe.Show(id)}, func(context.Context) (Ending, error) {
			*effects = append(*effects, id)
			return Ending{}, nil
		})
		return Report{Summary: safe.Show(id + " done")}, err
	}
}

// deployment is a round trip: a first step, changes one by one, a last step.
func deployment(changes int) ([]runbook.Step, func(*[]string) map[string]Step) {
	steps := []runbook.Step{
		confirm("first"),
		{ID: "each", Position: "2", EachChange: []runbook.Step{
			{ID: "plan", Position: "2.1", Plan: &runbook.Plan{}}, {ID: "apply", Position: "2.2", Apply: &runbook.Apply{}}, confirm("verify"),
		}},
		confirm("last"),
	}
	kit := func(effects *[]string) map[string]Step {
		applied := func() int {
			n := 0
			for _, e := range *effects {
				if strings.HasPrefix(e, "apply") {
					n++
				}
			}
			return n
		}
		return map[string]Step{
			"first": causes(effects, "first", runbook.EffectRepeatable),
			"plan": does(func(_ context.Context, op Operator) (Report, error) {
				f := op.Facts()
				f.PlanEmpty = applied() == changes
				if !f.PlanEmpty {
					f.Plan = &Planned{}
				}
				return Report{}, nil
			}),
			"apply": does(func(ctx context.Context, op Operator) (Report, error) {
				if op.Facts().Plan == nil {
					return Report{}, errors.New("apply without a plan")
				}
				id := fmt.Sprintf("apply %d", applied()+1)
				report, err := causes(effects, id, runbook.EffectIrreversible).Run(ctx, op)
				op.Facts().Plan = nil
				op.Facts().Applied = append(op.Facts().Applied, ChangeDone{ID: id, Title: safe.Show(id)})
				return report, err
			}),
			"verify": does(func(_ context.Context, op Operator) (Report, error) {
				*effects = append(*effects, "verify")
				op.Facts().Verified = true
				return Report{}, nil
			}),
			"last": causes(effects, "last", runbook.EffectRepeatable),
		}
	}
	return steps, kit
}

// Wherever the process dies, the run goes on to the same end; nothing that cannot
// be undone happens twice.
func TestEngine_resumesAfterEveryRecord(t *testing.T) {
	steps, kit := deployment(3)
	whole := &trip{t: t, journal: &keeping{}, steps: steps, kit: kit}
	if result, err := whole.run(0); result != OK {
		t.Fatal(result, err)
	}
	n := len(whole.journal.records)
	for first := 1; first < n; first++ {
		for _, second := range []int{0, 1, 2, 3, 5, 8, 13} {
			t.Run(fmt.Sprintf("%d then %d", first, second), func(t *testing.T) {
				p := &trip{t: t, journal: &keeping{}, steps: steps, kit: kit, say: map[string]Answer{
					"settle unknown": {Choice: "done", Reason: "I looked"},
				}}
				_, _ = p.run(first)
				if second > 0 {
					_, _ = p.run(len(p.journal.records) + second)
				}
				if past, err := ReadPast(p.journal.records, "r1", p.journal.blob); err != nil || past.Closed {
					if err != nil {
						t.Fatal(err)
					}
					return // it came to its end before it could die
				}
				result, err := p.run(0)
				if result != OK {
					t.Fatalf("%s: %v\n%s", result, err, strings.Join(p.journal.kinds(), "\n"))
				}
				checkTrip(t, p, 3)
			})
		}
	}
}

// checkTrip compares what happened with what had to happen.
func checkTrip(t *testing.T, p *trip, changes int) {
	t.Helper()
	count := map[string]int{}
	for _, e := range p.effects {
		count[e]++
	}
	for i := 1; i <= changes; i++ {
		id := fmt.Sprintf("apply %d", i)
		if count[id] != 1 {
			t.Errorf("%s happened %d times", id, count[id])
		}
	}
	if count["first"] == 0 || count["last"] == 0 || count["verify"] < changes {
		t.Errorf("left out: %v", count)
	}
	open := map[int64]bool{}
	for _, r := range p.journal.records {
		switch r.Kind {
		case journal.KindIntent:
			open[r.Seq] = true
		case journal.KindOutcome:
			var b journal.OutcomeBody
			if err := json.Unmarshal(r.Body, &b); err != nil {
				t.Fatal(err)
			}
			if !open[b.Intent] {
				t.Errorf("two outcomes of the intent %d", b.Intent)
			}
			delete(open, b.Intent)
		}
	}
	if len(open) > 0 {
		t.Errorf("intents without an outcome: %v", open)
	}
}

// An effect whose outcome was lost is asked about; saying nothing leaves it
// unknown, and the run open.
func TestEngine_leavesUnknownWhatNobodySettles(t *testing.T) {
	steps, kit := deployment(1)
	p := &trip{t: t, journal: &keeping{}, steps: steps, kit: kit, work: filepath.Join(t.TempDir(), "work")}
	evidence := filepath.Join(p.work, "evidence")
	if err := errors.Join(os.Mkdir(p.work, 0o700), os.WriteFile(evidence, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	// open, first: step intent outcome step, each: step, plan: step step, apply: step intent
	if _, err := p.run(10); err == nil {
		t.Fatal("the run did not die")
	}
	if last := p.journal.kinds()[9]; last != "apply intent" {
		t.Fatalf("died after %q", last)
	}
	for range 2 {
		result, err := p.run(0)
		if result != Unknown || !errors.Is(err, ErrUnknown) {
			t.Fatal(result, err)
		}
		if p.journal.count(journal.KindClose) != 0 {
			t.Error("the run was closed")
		}
		if _, err := os.Stat(evidence); err != nil {
			t.Errorf("what can be found out is gone: %v", err)
		}
	}
	if want := []string{"settle unknown", "settle unknown"}; !slices.Equal(p.asked, want) {
		t.Errorf("asked %q", p.asked)
	}
	p.say = map[string]Answer{"settle unknown": {Choice: "again", Reason: "the service says so", Typed: "production"}}
	p.effects = slices.DeleteFunc(p.effects, func(e string) bool { return e == "apply 1" }) // it never happened
	if result, err := p.run(0); result != OK {
		t.Fatal(result, err)
	}
	checkTrip(t, p, 1)
	if _, err := os.Stat(p.work); err == nil {
		t.Error("the work folder is left although all is settled")
	}
}

// A step that can look for itself is believed when it is sure, and asked again
// after something was done about the evidence.
func TestEngine_reconcilesBeforeItAsks(t *testing.T) {
	steps, kit := deployment(1)
	looked := 0
	withLooker := func(effects *[]string) map[string]Step {
		m := kit(effects)
		m["apply"] = looker{m["apply"], func(u Unsettled) Finding {
			if looked++; looked == 1 {
				return Finding{Verdict: "stranded-lock", Choices: []Settling{
					{Choice: stopSettling(), Then: ThenStop},
					{Choice: Choice{ID: "release", NeedsItem: false}, Then: ThenLook, Do: func(ctx context.Context, op Operator) error {
						*effects = append(*effects, "release")
						return nil
					}},
				}}
			}
			return Finding{Verdict: "reconciled-applied", Sure: true, Then: ThenDone, Learn: func(f *Facts) {
				f.Plan, f.Applied = nil, append(f.Applied, ChangeDone{ID: "learnt"})
			}}
		}}
		return m
	}
	p := &trip{t: t, journal: &keeping{}, steps: steps, kit: withLooker, say: map[string]Answer{"settle stranded-lock": {Choice: "release"}}}
	_, _ = p.run(10)
	if result, err := p.run(0); result != OK {
		t.Fatal(result, err)
	}
	checkTrip(t, p, 1)
	if looked != 2 || !slices.Contains(p.effects, "release") {
		t.Errorf("looked %d times, did %q", looked, p.effects)
	}
	var out journal.OutcomeBody
	for _, r := range p.journal.records {
		if r.Kind == journal.KindOutcome && r.Step == "apply" {
			if err := json.Unmarshal(r.Body, &out); err != nil {
				t.Fatal(err)
			}
		}
	}
	if out.Facts["recovered"] != true || out.Facts["verdict"] != "reconciled-applied" {
		t.Errorf("the outcome says %v", out.Facts)
	}
}

// What ended in an earlier process is told as ended, and not as started now.
func TestEngine_tellsWhatEndedBeforeTheResume(t *testing.T) {
	steps, kit := deployment(1)
	p := &trip{t: t, journal: &keeping{}, steps: steps, kit: kit}
	_, _ = p.run(8)
	if result, err := p.run(0); result != OK {
		t.Fatal(result, err)
	}
	if slices.Contains(p.begun, "first") || !slices.Contains(p.begun, "last") {
		t.Errorf("begun are %q", p.begun)
	}
	if !slices.Contains(p.ended, "first") || !slices.Contains(p.ended, "last") {
		t.Errorf("ended are %q", p.ended)
	}
}

type looker struct {
	Step
	look func(Unsettled) Finding
}

func (l looker) Reconcile(_ context.Context, _ Operator, u Unsettled) (Finding, error) {
	return l.look(u), nil
}

func TestEngine_refusesAPastThatIsNotItsOwn(t *testing.T) {
	steps, kit := deployment(1)
	p := &trip{t: t, journal: &keeping{}, steps: steps, kit: kit}
	if result, err := p.run(0); result != OK {
		t.Fatal(result, err)
	}
	past, err := ReadPast(p.journal.records, "r1", p.journal.blob)
	if err != nil || !past.Closed {
		t.Fatal(past, err)
	}
	if _, err := ReadPast(p.journal.records, "r2", p.journal.blob); err == nil {
		t.Error("a run that is not there has a past")
	}
	rb := &runbook.Runbook{Digest: "other", Environments: map[string]*runbook.Environment{"production": {Name: "production"}}}
	cfg := Config{Run: "r1", Mode: Live, Environment: "production", Runbook: rb, Journal: p.journal, WorkDir: t.TempDir()}
	for want, change := range map[string]func(*Past){
		"is closed":        func(p *Past) {},
		"not the one that": func(p *Past) { p.Closed = false },
		"was another one":  func(p *Past) { p.Closed, p.Mode = false, Rehearsal },
	} {
		other := *past
		change(&other)
		cfg.Past = &other
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}

// The process that did not see an end can look for it at once.
func TestEngine_looksForAnEndThatWasNotSeen(t *testing.T) {
	for then, want := range map[Then]Result{ThenDone: OK, ThenAgain: OK, ThenStop: Unknown} {
		runs := 0
		p := &trip{
			t: t, journal: &keeping{}, steps: []runbook.Step{confirm("a")},
			say: map[string]Answer{"unknown": {Choice: "look"}, "settle nobody-saw": {Choice: "so"}},
			kit: func(*[]string) map[string]Step {
				return map[string]Step{"a": looker{does(func(ctx context.Context, op Operator) (Report, error) {
					_, err := op.Effect(ctx, Intent{Effect: runbook.EffectIrreversible}, func(context.Context) (Ending, error) {
						if runs++; runs == 1 {
							return Ending{}, ErrUnknown
						}
						return Ending{}, nil
					})
					return Report{}, err
				}), func(Unsettled) Finding {
					return Finding{Verdict: "nobody-saw", Choices: []Settling{{Choice: Choice{ID: "so"}, Then: then, Ending: Ending{Result: Failed}}}}
				}}}
			},
		}
		result, err := p.run(0)
		closes, again := p.journal.count(journal.KindClose), runs
		if result != want || (closes == 1) != (want == OK) || (again == 2) != (then == ThenAgain) {
			t.Errorf("%s: %s %v, %d closes, started %d times", then, result, err, closes, again)
		}
	}
}
