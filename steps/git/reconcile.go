package git

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

var _ engine.Reconciler = (*record)(nil)

// Reconcile looks where the pin is. What was written only in part can be written
// again: the step knows a pin that is there already.
func (s *record) Reconcile(ctx context.Context, op engine.Operator, u engine.Unsettled) (engine.Finding, error) {
	if u.Outcome != nil && u.Outcome.Result != string(engine.OK) {
		return engine.Finding{
			Verdict: "recorded", Sure: true, Then: engine.ThenAgain, Ending: endingOf(u),
			Found: safe.Sprintf("that the pin was not written is recorded: %s", u.Outcome.Detail),
		}, nil
	}
	r, err := openFor(op)
	if err != nil {
		return engine.Finding{}, err
	}
	defer r.Close()
	l := &look{
		want: plumbing.NewHash(text(u, "pin")), from: plumbing.NewHash(text(u, "from")), to: plumbing.NewHash(text(u, "to")),
		remote: text(u, "remote"), ref: plumbing.ReferenceName(text(u, "ref")),
	}
	if err := l.take(ctx, r); err != nil {
		return engine.Finding{}, err
	}
	return l.finding(op, u), nil
}

// A look is where a pin is and where it should be.
type look struct {
	want     plumbing.Hash // what the pin should say
	from, to plumbing.Hash // of what moves
	ref      plumbing.ReferenceName
	remote   string

	pin    plumbing.Hash // what it says
	at     plumbing.Hash // where the reference is here
	lines  []safe.Text
	pushed bool      // the remote has it, or need not
	silent safe.Text // why the remote did not say, or empty
}

func (l *look) take(ctx context.Context, r *Repository) error {
	pin, err := r.Pin(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	l.pin = pin.Hash
	if l.at, err = r.resolve(l.ref); err != nil {
		return err
	}
	l.lines = append(l.lines,
		safe.Sprintf("the pin says %s; %s should have been written", short(l.pin), short(l.want)),
		safe.Sprintf("%s is at %s; it was to move from %s to %s", l.ref.Short(), short(l.at), short(l.from), short(l.to)))
	if dot := r.store.Filesystem(); exists(dot.Join(dot.Root(), l.ref.String()+".lock")) {
		l.lines = append(l.lines, safe.Sprintf("the lock file %s.lock is there; when no git command runs, it was left behind and has to be removed", l.ref))
	}
	if l.pin == l.want && r.env.Pin.File != "" {
		l.lookAtTree(r)
	}
	if l.pushed = l.remote == ""; l.pushed {
		return nil
	}
	there, err := r.remoteAt(ctx, &write{remote: l.remote, ref: l.ref})
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		l.silent = safe.Sprintf("%s cannot be asked: %v", l.remote, err)
		l.lines = append(l.lines, l.silent)
		return nil
	}
	l.lines = append(l.lines, safe.Sprintf("%s of %s is at %s", l.ref.Short(), l.remote, orNothing(there)))
	l.pushed = there == l.to
	if !l.pushed && !there.IsZero() && r.env.Pin.File != "" {
		// Somebody may have pushed more on top of it. A commit that is unknown here says
		// nothing either way.
		on, err := r.contains(ctx, there, l.to)
		l.pushed = err == nil && on
	}
	return nil
}

// lookAtTree says when the work tree was not brought up to date.
func (l *look) lookAtTree(r *Repository) {
	head, err := r.repo.Reference(plumbing.HEAD, false)
	if err != nil || head.Target() != l.ref {
		return
	}
	tree, err := r.repo.Worktree()
	if err != nil {
		return
	}
	b, err := os.ReadFile(filepath.Join(tree.Filesystem.Root(), filepath.FromSlash(r.env.Pin.File)))
	if err == nil && strings.TrimSpace(string(b)) != l.want.String() {
		l.lines = append(l.lines, safe.Sprintf("the work tree still has the pin file of before; git checkout HEAD -- %s brings it up to date", r.env.Pin.File))
	}
}

func (l *look) finding(op engine.Operator, u engine.Unsettled) engine.Finding {
	f := engine.Finding{Lines: l.lines, Facts: map[string]any{
		"pin": l.pin.String(), "want": l.want.String(), "at": l.at.String(), "pushed": l.pushed, "silent": l.silent,
	}}
	began := op.Facts().Pin
	switch {
	case l.pin == l.want && l.pushed:
		f.Verdict, f.Sure, f.Then = "pin-written", true, engine.ThenDone
		f.Found = safe.Sprintf("the pin is at %s wherever it should be", short(l.want))
		f.Ending = engine.Ending{Detail: f.Found, Facts: map[string]any{"recovered": true, "ref": l.ref.String(), "at": l.at.String()}}
		f.Learn = func(facts *engine.Facts) { facts.NewPin = facts.Commit }
		if u.Outcome != nil {
			f.Ending = endingOf(u)
		}
	case l.pin == l.want:
		f.Verdict, f.Sure, f.Then = "pin-not-pushed", true, engine.ThenAgain
		f.Found = safe.Sprintf("the pin is written here and not at %s; the step pushes it", l.remote)
		f.Ending = engine.Ending{Result: engine.Stopped, Detail: f.Found, Facts: map[string]any{"recovered": true}}
	case l.pin == l.from, began != nil && l.pin.String() == began.Hash:
		f.Verdict, f.Sure, f.Then = "pin-not-written", true, engine.ThenAgain
		f.Found = safe.Lit("the pin was not written; the step writes it")
		f.Ending = engine.Ending{Result: engine.Stopped, Detail: f.Found, Facts: map[string]any{"recovered": true}}
	default:
		f.Verdict = "pin-moved"
		f.Found = safe.Sprintf("the pin is at %s, where this run did not put it: somebody else deployed", short(l.pin))
		f.Choices = []engine.Settling{
			{
				Choice: engine.Choice{
					ID: "stop", Key: "s", Label: safe.Lit("stop here"), Stops: true, Recommended: true,
					Consequence: safe.Lit("the pin stays as somebody else left it; find out what is deployed"),
				},
				Ending: engine.Ending{Result: engine.Unknown}, Then: engine.ThenStop,
			},
			{
				Choice: engine.Choice{ID: "look", Key: "l", Label: safe.Lit("look again"), Consequence: safe.Lit("nothing changes")},
				Then:   engine.ThenLook,
			},
			{
				Choice: engine.Choice{
					ID: "theirs", Key: "t", Label: safe.Lit("theirs counts: this run wrote no pin"), NeedsReason: true,
					Consequence: safe.Lit("the step starts again, which refuses as long as the pin is not where it was; then the run can be ended"),
				},
				Ending: engine.Ending{Result: engine.Stopped, Detail: safe.Lit("somebody else moved the pin, and that counts")}, Then: engine.ThenAgain,
			},
		}
	}
	return f
}

func endingOf(u engine.Unsettled) engine.Ending {
	return engine.Ending{Result: engine.Result(u.Outcome.Result), Detail: u.Outcome.Detail, Facts: u.Outcome.Facts}
}

// text returns a fact of an intent.
func text(u engine.Unsettled, name string) string {
	s, _ := u.Facts[name].(string)
	return s
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
