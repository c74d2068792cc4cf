package git

import (
	"context"
	"errors"
	"fmt"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/plumbing/transport"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// write moves the pin. Nothing has moved when it returns an error that does not
// wrap [engine.ErrUnknown].
func (r *Repository) write(ctx context.Context, w *write) (engine.Ending, error) {
	facts := map[string]any{"ref": w.ref.String(), "at": w.new.String()}
	if w.old == w.new {
		if err := r.pushed(ctx, w); err != nil {
			return engine.Ending{}, err
		}
		return engine.Ending{Detail: safe.Lit("the pin said so already"), Facts: facts}, nil
	}
	if err := r.objects.Write(w.made...); err != nil {
		return engine.Ending{}, err
	}
	if err := r.move(w.ref, w.old, w.new); err != nil {
		return engine.Ending{}, err
	}
	if err := r.pushed(ctx, w); err != nil {
		if errors.Is(err, engine.ErrUnknown) {
			return engine.Ending{}, err
		}
		if back := r.move(w.ref, w.new, w.old); back != nil {
			return engine.Ending{}, fmt.Errorf("%w: %w; and the local pin could not be set back: %w", engine.ErrUnknown, err, back)
		}
		return engine.Ending{}, err
	}
	if w.file != "" {
		r.follow(w)
	}
	return engine.Ending{Detail: w.consequence(), Facts: facts}, nil
}

// remoteCheck compares the remote with what the push expects to find there.
func (r *Repository) remoteCheck(ctx context.Context, w *write) engine.CheckLine {
	at, err := r.remoteAt(ctx, w)
	switch {
	case err != nil:
		return engine.CheckLine{Text: safe.Sprintf("%s cannot be asked: %s", w.remote, err)}
	case !w.base.IsZero() && at == w.base:
		return engine.CheckLine{OK: true, Text: safe.Sprintf("%s of %s is where it was before the pin was written here, and lacks only that", w.ref.Short(), w.remote)}
	case at == w.old, at == w.new, at.IsZero() && w.file == "":
		return engine.CheckLine{OK: true, Text: safe.Sprintf("%s of %s is where it is here", w.ref.Short(), w.remote)}
	case at.IsZero():
		return engine.CheckLine{Text: safe.Sprintf("%s has no branch %s; push it first", w.remote, w.ref.Short())}
	}
	return engine.CheckLine{Text: safe.Sprintf("%s of %s is at %s, here at %s; pull or push first", w.ref.Short(), w.remote, short(at), short(w.old))}
}

// canPush refuses a runbook whose pin is pushed to a remote that the repository
// does not have: better before anything is applied than after.
func (r *Repository) canPush(steps []runbook.Step) error {
	for _, s := range steps {
		if s.RecordPin == nil || !s.RecordPin.Push {
			continue
		}
		if _, err := r.repo.Remote(s.RecordPin.Remote); err != nil {
			return noRemote(s.RecordPin.Remote)
		}
	}
	return nil
}

func noRemote(name string) error {
	return problem(`Correct "remote" of record_pin in the runbook, add the remote, or leave out "push".`, "the repository has no remote %q to push the pin to", name)
}

// remoteAt asks the remote where the reference is; zeros when it has none.
func (r *Repository) remoteAt(ctx context.Context, w *write) (plumbing.Hash, error) {
	remote, err := r.repo.Remote(w.remote)
	if err != nil {
		return plumbing.ZeroHash, noRemote(w.remote)
	}
	refs, err := remote.ListContext(ctx, &gogit.ListOptions{})
	if errors.Is(err, transport.ErrEmptyRemoteRepository) {
		return plumbing.ZeroHash, nil
	}
	if err != nil {
		return plumbing.ZeroHash, plainError(remote, err)
	}
	for _, ref := range refs {
		if ref.Name() == w.ref {
			return ref.Hash(), nil
		}
	}
	return plumbing.ZeroHash, nil
}

// pushed pushes the reference if that is wanted. The remote must have it where
// it was here: a push never takes along what is not the pin, and never
// overwrites. After an error the remote is asked what became of it.
func (r *Repository) pushed(ctx context.Context, w *write) error {
	if w.remote == "" {
		return nil
	}
	at, err := r.remoteAt(ctx, w)
	switch {
	case err != nil:
		return fmt.Errorf("push the pin to %q: %w", w.remote, err)
	case at == w.new:
		return nil
	case at != w.old && !(at.IsZero() && w.file == "") && (w.base.IsZero() || at != w.base):
		return problem("Pull what the remote has, or push what it lacks, and try again.",
			"%q was not pushed: %q has it at %s, and here it was at %s", w.ref.Short(), w.remote, orNothing(at), short(w.old))
	}
	remote, err := r.repo.Remote(w.remote)
	if err != nil {
		return err
	}
	o := &gogit.PushOptions{RemoteName: w.remote, RefSpecs: []config.RefSpec{config.RefSpec(fmt.Sprintf("+%s:%s", w.new, w.ref))}}
	if !at.IsZero() {
		o.RequireRemoteRefs = []config.RefSpec{config.RefSpec(fmt.Sprintf("%s:%s", at, w.ref))}
	}
	perr := remote.PushContext(ctx, o)
	if perr == nil || errors.Is(perr, gogit.NoErrAlreadyUpToDate) {
		r.remember(w)
		return nil
	}
	perr = plainError(remote, perr)
	// The connection may have broken after the remote took it.
	now, err := r.remoteAt(context.WithoutCancel(ctx), w)
	switch {
	case err != nil:
		return fmt.Errorf("%w: the push to %q broke off (%w), and %w", engine.ErrUnknown, w.remote, perr, err)
	case now == w.new:
		r.remember(w)
		return nil
	}
	return problem("See why the remote refuses it (a protected branch, a hook, missing rights), and try again; the pin here was set back.",
		"the remote %q did not take the pin: %w", w.remote, perr)
}

// remember notes where the remote is now, as git push does. It is only a note,
// so an error costs nothing.
func (r *Repository) remember(w *write) {
	if w.ref.IsBranch() {
		name := plumbing.NewRemoteReferenceName(w.remote, w.ref.Short())
		if err := storer.ReferenceStorer(r.store).SetReference(plumbing.NewHashReference(name, w.new)); err != nil {
			r.note(safe.Sprintf("%s was pushed, but %s still says where it was before: %s", w.ref.Short(), name.Short(), err))
		}
	}
}

func orNothing(h plumbing.Hash) string {
	if h.IsZero() {
		return "no commit"
	}
	return short(h)
}
