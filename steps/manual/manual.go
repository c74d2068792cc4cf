// Package manual is the steps in which a person does the work, or nobody does:
// manual, confirm and wait.
//
//   - manual shows instructions that have to be ticked off one by one. The answer
//     acknowledges "item N", from 1, for each; a note may come with it and is
//     recorded as evidence. In a rehearsal the operator is told to read and not
//     to do.
//   - confirm asks a question. Yes may need a typed word. No ends the run.
//   - wait lets time pass. A watched probe that fails is reported, and again
//     when it recovers, and waiting goes on. It can be called off like any step.
//     A rehearsal does not wait: nothing has changed that could settle.
package manual

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/steps/probe"
)

// Deps is what the steps need from outside.
type Deps struct {
	Hub *probe.Hub // for wait with watched probes
}

// Kit returns the builders of manual, confirm and wait.
func Kit(d Deps) engine.Kit {
	return engine.Kit{
		runbook.KindManual: func(s runbook.Step) (engine.Step, error) {
			if len(s.Manual.Instructions) == 0 {
				return nil, errors.New("there are no instructions")
			}
			return checklist{name: s.Name, items: s.Manual.Instructions}, nil
		},
		runbook.KindConfirm: func(s runbook.Step) (engine.Step, error) {
			return confirm{question: s.Confirm.Question, typed: s.Confirm.Typed}, nil
		},
		runbook.KindWait: func(s runbook.Step) (engine.Step, error) {
			for _, name := range s.Wait.Watch {
				if d.Hub == nil {
					return nil, errors.New("there are no probes")
				}
				if _, ok := d.Hub.Outline(name); !ok {
					return nil, fmt.Errorf("there is no probe %q", safe.Show(name))
				}
			}
			return wait{hub: d.Hub, length: s.Wait.For.Std(), watch: s.Wait.Watch}, nil
		},
	}
}

// stop is the choice that ends the run, and the first of each question.
func stop(label, consequence safe.Text) engine.Choice {
	return engine.Choice{ID: "stop", Key: "s", Label: label, Consequence: consequence, Stops: true}
}

type checklist struct {
	name  string
	items []string
}

// Run shows the list and waits until every item is ticked.
func (c checklist) Run(ctx context.Context, op engine.Operator) (engine.Report, error) {
	payload := engine.Checklist{}
	for _, i := range c.items {
		payload.Items = append(payload.Items, safe.Show(i))
	}
	q := engine.Question{
		Kind: engine.AskManual, Title: safe.Lit("Work to do by hand"), Payload: payload,
		Choices: []engine.Choice{
			stop(safe.Lit("stop here"), safe.Lit("what is done stays done")),
			{
				ID: "done", Tags: []string{"recommended"}, Key: "d", Label: safe.Lit("all done"), Recommended: true,
				Consequence: safe.Lit("the run goes on; that you did it is recorded"),
			},
		},
		Check: c.check,
	}
	if c.name != "" {
		q.Title = safe.Show(c.name)
	}
	if op.Run().Rehearsal() {
		q.Body = []safe.Text{safe.Lit("This is a rehearsal: read each item and tick it, and do not do it.")}
	}
	a, err := op.Ask(ctx, q)
	if err != nil {
		return engine.Report{}, err
	}
	facts := map[string]any{"items": len(c.items), "rehearsal": op.Run().Rehearsal()}
	var blobs []engine.Blob
	if note := safe.Lines(a.Text); len(note) > 0 {
		facts["note"] = note[0].String()
		text := ""
		for _, l := range note {
			text += l.String() + "\n"
		}
		blobs = append(blobs, engine.Blob{Name: "note", Data: []byte(text)})
	}
	if err := op.Evidence(safe.Sprintf("%d items were ticked", len(c.items)), facts, blobs...); err != nil {
		return engine.Report{}, err
	}
	return engine.Report{Summary: safe.Sprintf("%d of %d done", len(c.items), len(c.items))}, nil
}

// check wants every item ticked, by its number.
func (c checklist) check(a engine.Answer) error {
	if a.Choice != "done" {
		return nil
	}
	for i, text := range c.items {
		if !slices.Contains(a.Acknowledge, fmt.Sprintf("item %d", i+1)) {
			return fmt.Errorf("item %d is not ticked: %s", i+1, safe.Show(text))
		}
	}
	return nil
}

type confirm struct{ question, typed string }

// Run asks.
func (c confirm) Run(ctx context.Context, op engine.Operator) (engine.Report, error) {
	a, err := op.Ask(ctx, engine.Question{
		Kind: engine.AskConfirm, Title: safe.Show(c.question),
		Choices: []engine.Choice{
			stop(safe.Lit("no, stop here"), safe.Lit("nothing more is done")),
			{ID: "yes", Tags: []string{"recommended"}, Key: "y", Label: safe.Lit("yes"), Consequence: safe.Lit("the run goes on"), Typed: c.typed},
		},
	})
	if err != nil {
		return engine.Report{}, err
	}
	return engine.Report{Summary: safe.Show(a.Choice)}, nil
}

type wait struct {
	hub    *probe.Hub
	length time.Duration
	watch  []string
}

// Run lets the time pass and tells each second how much of it is over, in seconds.
func (w wait) Run(ctx context.Context, op engine.Operator) (engine.Report, error) {
	if op.Run().Rehearsal() {
		return engine.Report{Summary: safe.Sprintf("a real run would wait %v", w.length), Result: engine.Skipped}, nil
	}
	var wake <-chan struct{}
	take := func() []engine.ProbeMeasured { return nil }
	if len(w.watch) > 0 {
		feed, err := w.hub.Follow(w.watch, nil)
		if err != nil {
			return engine.Report{}, err
		}
		defer feed.Close()
		wake, take = feed.Wake(), feed.Take
	}
	began := time.Now()
	over := time.NewTimer(w.length)
	defer over.Stop()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	seen := watching{failing: map[string]bool{}}
	progress := func() {
		op.Tell(engine.Progressed{
			What: safe.Sprintf("waiting %v", w.length), Done: int64(time.Since(began) / time.Second), Total: int64(w.length / time.Second),
		})
	}
	progress()
	for {
		select {
		case <-ctx.Done():
			return engine.Report{}, context.Cause(ctx)
		case <-second.C:
			progress()
		case <-wake:
			seen.take(op, take())
		case <-over.C:
			seen.take(op, take())
			summary := safe.Sprintf("waited %v%s", w.length, seen.words())
			return engine.Report{Summary: summary}, op.Evidence(summary, map[string]any{
				"waited_ms": w.length.Milliseconds(), "measured": seen.asked, "failed": seen.failed,
			})
		}
	}
}

// watching is what the watched probes said while time passed.
type watching struct {
	failing       map[string]bool
	asked, failed int
}

// take reports every change from passing to failing and back.
func (s *watching) take(op engine.Operator, measured []engine.ProbeMeasured) {
	for _, m := range measured {
		s.asked++
		switch {
		case m.Outcome == engine.Fail:
			s.failed++
			if !s.failing[m.Probe] {
				op.Tell(engine.Warned{Text: safe.Sprintf("%s fails: %s, %s", m.Probe, m.Word, m.Got)})
			}
			s.failing[m.Probe] = true
		case m.Outcome == engine.Pass && s.failing[m.Probe]:
			op.Tell(engine.Warned{Text: safe.Sprintf("%s passes again", m.Probe)})
			s.failing[m.Probe] = false
		}
	}
}

func (s *watching) words() string {
	switch {
	case s.asked == 0:
		return ""
	case s.failed == 0:
		return ", all probes passed"
	}
	return fmt.Sprintf(", %d of %d measurements failed", s.failed, s.asked)
}
