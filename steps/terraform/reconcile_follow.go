package terraform

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/steps/keep"
	"lockstep/steps/terraform/cli"
)

// An afterlife is what was seen of an apply whose starter died.
type afterlife struct {
	exit    int
	err     error // why it did not end well; nil when it did
	took    time.Duration
	log     *applyLog
	items   []map[string]any // as the outcome of an apply lists them
	printed []byte           // a state that Terraform could only print
	summed  bool             // Terraform had come to its last word
}

// atWork reports whether Terraform was in the middle of its work when it spoke
// last, and so held the lock of the state.
func (a *afterlife) atWork() bool { return a != nil && len(a.items) > 0 && !a.summed }

// result says how it ended, as far as Terraform's exit code tells.
func (a *afterlife) result() engine.Result {
	switch {
	case a == nil, errors.Is(a.err, engine.ErrUnknown):
		return engine.Unknown
	case a.err != nil:
		return engine.Failed
	}
	return engine.OK
}

// follow waits for the end of an apply that goes on without us, and reads what
// it said from its first word. The error is for a context that ended.
func (s *session) follow(ctx context.Context, op engine.Operator, t *trace, job keep.State) (*afterlife, error) {
	if job.Phase == keep.Running {
		op.Tell(engine.Warned{Text: safe.Sprintf("Terraform goes on without the process that started it (%s); it is waited for", job.Words())})
	}
	a := &afterlife{log: &applyLog{net: s.words}}
	// Without the values of the variables what programs print cannot be cleaned.
	clean := s.learnValues() == nil
	b := &latecomer{op: op, session: s, items: map[boardKey]int{}}
	var first, last time.Time
	root := &cli.Root{Dir: t.directory, Net: s.words}
	a.exit, a.err = root.Follow(ctx, t.kept, func(m cli.Message) {
		if len(m.State) > 0 {
			a.printed = m.State
		}
		if !clean && (m.Type == cli.TypeProvisionOutput || m.Type == cli.TypeDiagnostic) {
			return
		}
		if first.IsZero() {
			first = m.Time
		}
		if !m.Time.IsZero() {
			last = m.Time
		}
		a.summed = a.summed || m.Type == cli.TypeChangeSummary
		a.log.take(m)
		b.take(m)
	})
	if err := gone(ctx, a.err); err != nil {
		return nil, err
	}
	if a.err != nil && !clean {
		cause := errors.New("terraform did not finish the apply; what it said is not shown, because the values of the variables are not known here")
		if errors.Is(a.err, engine.ErrUnknown) {
			cause = fmt.Errorf("%w: %w", engine.ErrUnknown, cause)
		}
		a.err = cause
	}
	a.took, a.items = last.Sub(first), b.outcome()
	return a, nil
}

// learnValues lets the nets know the values of the runbook's variables and of the
// backend, as making a checkout does.
func (s *session) learnValues() error {
	t := s.env.Terraform
	vars, err := t.ResolveVars(s.lookup)
	settings, serr := runbook.Terraform{Vars: t.Backend}.ResolveVars(s.lookup)
	for name, v := range vars {
		s.hide(s.values, v, "‹var."+name+"›")
	}
	for name, v := range settings {
		s.hide(s.words, v, "‹backend."+name+"›")
	}
	return errors.Join(err, serr)
}

// A latecomer tells of an apply that it did not see begin: there is no list of
// what is going to happen, only what Terraform says.
type latecomer struct {
	op      engine.Operator
	session *session
	items   map[boardKey]int
	list    []lateItem
	done    int64
}

type lateItem struct {
	key   boardKey
	state engine.ApplyState
	began time.Time
	took  time.Duration
}

func (l *latecomer) take(m cli.Message) {
	k := boardKey{safe.Show(m.Hook.Resource.Address).String(), actionOfHook(m.Hook.Action)}
	switch m.Type {
	case cli.TypeApplyStart:
		l.items[k] = len(l.list)
		l.list = append(l.list, lateItem{key: k, state: engine.Running, began: m.Time, took: -1})
		l.say(k, safe.Lit("started"))
	case cli.TypeApplyComplete:
		l.end(k, m.Time, engine.Done)
	case cli.TypeApplyErrored:
		l.end(k, m.Time, engine.Errored)
	case cli.TypeProvisionOutput:
		lines := l.session.words.Lines(m.Hook.Output)
		for i, line := range lines {
			lines[i] = safe.Sprintf("%s: %s", k.address, line)
		}
		l.op.Tell(engine.OutputWritten{Lines: lines})
	case cli.TypeDiagnostic:
		if m.Diagnostic != nil && m.Diagnostic.Severity == "error" {
			l.op.Tell(engine.OutputWritten{Lines: cli.Describe(m.Diagnostic, l.session.words)})
		}
	}
}

func (l *latecomer) end(k boardKey, at time.Time, state engine.ApplyState) {
	i, ok := l.items[k]
	if !ok || l.list[i].state != engine.Running {
		return
	}
	it := &l.list[i]
	it.state, it.took = state, at.Sub(it.began)
	word := safe.Sprintf("done after %s", it.took.Round(time.Second))
	if state == engine.Errored {
		word = safe.Lit("failed")
	} else {
		l.done++
	}
	l.say(k, word)
	l.op.Tell(engine.Progressed{What: safe.Lit("applying, as Terraform says"), Done: l.done})
}

func (l *latecomer) say(k boardKey, what safe.Text) {
	l.op.Tell(engine.OutputWritten{Lines: []safe.Text{safe.Sprintf("%s, %s: %s", k.address, actionWord(k.action), what)}})
}

// outcome lists how each action ended that Terraform spoke of.
func (l *latecomer) outcome() []map[string]any {
	out := make([]map[string]any, len(l.list))
	for i, it := range l.list {
		state := it.state
		if state == engine.Running {
			state = engine.Errored
		}
		out[i] = map[string]any{"address": it.key.address, "action": string(it.key.action), "state": string(state)}
		if it.took >= 0 {
			out[i]["took_ms"] = it.took.Milliseconds()
		}
	}
	return out
}
