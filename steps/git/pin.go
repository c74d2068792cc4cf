package git

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"lockstep/runbook"
	"lockstep/runbook/safe"
	"lockstep/steps/git/objects"
	"lockstep/steps/git/trees"
)

// maxPin is the size beyond which a file cannot be a pin file.
const maxPin = 4 << 10

// A Pin is where an environment is, as its pin file or its reference says.
type Pin struct {
	Hash  plumbing.Hash
	Where safe.Text   // where it is written
	Notes []safe.Text // what is unusual about it
	entry objects.Entry
}

// Pin reads the pin of the environment. Every way in which a pin can be wrong
// has an error of its own that says what to do.
func (r *Repository) Pin(ctx context.Context) (Pin, error) {
	if r.env.Pin.Ref != "" {
		return r.pinRef(ctx)
	}
	return r.pinFile(ctx, r.head)
}

// where says where a pin is written.
func where(p runbook.Pin, branch string) safe.Text {
	if p.Ref != "" {
		return safe.Show(p.Ref)
	}
	return safe.Sprintf("%s on %s", p.File, branch)
}

// pinFile reads the pin from the file as a commit of the branch has it.
func (r *Repository) pinFile(ctx context.Context, at plumbing.Hash) (Pin, error) {
	file, branch := r.env.Pin.File, r.branch.Short()
	pin := Pin{Where: where(r.env.Pin, branch)}
	l, err := r.objects.Link(at)
	if err != nil {
		return pin, r.explain(err)
	}
	first := fmt.Sprintf("Write the full id of the commit that %s runs now into %s, and commit it on %s.", r.env.Name, file, branch)
	pin.entry, err = trees.Find(r.objects, l.Tree, file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return pin, problem(first, "branch %q has no pin file %q, so nobody knows what is deployed", branch, file)
	case err != nil:
		return pin, r.explain(err)
	case !pin.entry.Mode.IsFile() || pin.entry.Mode.IsMalformed() || !isRegular(pin.entry):
		return pin, problem(first, "the pin file %q on branch %q is not a file but a %s", file, branch, kindOf(pin.entry))
	}
	if n, err := r.objects.Size(pin.entry.Hash); err != nil {
		return pin, r.explain(err)
	} else if n > maxPin {
		return pin, problem(first, "the pin file %q has %d bytes; it holds more than a commit id", file, n)
	}
	b, err := r.objects.Blob(pin.entry.Hash)
	if err != nil {
		return pin, r.explain(err)
	}
	text := string(b)
	id := strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	if id == "" {
		return pin, problem(first, "the pin file %q on branch %q is empty", file, branch)
	}
	if text != id && text != id+"\n" {
		pin.Notes = append(pin.Notes, safe.Sprintf("the pin file %s has blanks or empty lines around the commit id", file))
	}
	return r.pinned(ctx, pin, id, fmt.Sprintf("the pin file %q", file), first)
}

// pinRef reads the pin from a reference.
func (r *Repository) pinRef(ctx context.Context) (Pin, error) {
	name := plumbing.ReferenceName(r.env.Pin.Ref)
	pin := Pin{Where: where(r.env.Pin, "")}
	if err := name.Validate(); err != nil || !strings.HasPrefix(r.env.Pin.Ref, "refs/") {
		return pin, problem(`Write a full name such as refs/heads/deployed/production as "ref" of the pin.`,
			"%q cannot be the name of a reference", r.env.Pin.Ref)
	}
	h, err := r.resolve(name)
	if errors.Is(err, plumbing.ErrReferenceNotFound) {
		return pin, problem(fmt.Sprintf("Set it to the commit that %s runs now: git update-ref %s COMMIT. Or fetch it.", r.env.Name, name),
			"the reference %q does not exist, so nobody knows what is deployed", r.env.Pin.Ref)
	}
	if err != nil {
		return pin, fmt.Errorf("read the pin %q: %w", r.env.Pin.Ref, err)
	}
	for range 8 { // tags of tags end somewhere
		tag, err := r.objects.Tag(h)
		if err != nil {
			break
		}
		h = tag.Target
		pin.Notes = []safe.Text{safe.Sprintf("the pin %s is an annotated tag; the commit behind it counts", name)}
	}
	return r.pinned(ctx, pin, h.String(), fmt.Sprintf("the reference %q", name), fmt.Sprintf("Set %s to the commit that %s runs now.", name, r.env.Name))
}

var hexOnly = regexp.MustCompile(`^[0-9a-fA-F]{4,40}$`)

// pinned finds the commit that an id stands for. what names where the id stands.
func (r *Repository) pinned(ctx context.Context, pin Pin, id, what, hint string) (Pin, error) {
	if !hexOnly.MatchString(id) {
		if h := r.named(id); !h.IsZero() {
			hint = fmt.Sprintf("Write the commit it stands for now instead, if that is what is deployed: %s.", h)
			return pin, problem(hint, "%s holds the name %q and not a commit id", what, excerpt(id))
		}
		return pin, problem(hint, "%s holds %q, which is not a commit id", what, excerpt(id))
	}
	if low := strings.ToLower(id); low != id {
		pin.Notes = append(pin.Notes, safe.Sprintf("%s is written in capital letters", what))
		id = low
	}
	if len(id) < 2*len(pin.Hash) {
		full, err := r.expand(id, what)
		if err != nil {
			return pin, err
		}
		pin.Notes = append(pin.Notes, safe.Sprintf("%s holds the short id %s, which stands for %s", what, id, full))
		id = full
	}
	pin.Hash = plumbing.NewHash(id)
	kind, err := r.objects.Kind(pin.Hash)
	switch {
	case errors.Is(err, objects.ErrMissing) && len(r.cut) > 0:
		return pin, problem("Run git fetch --unshallow.", "the commit %s in %s is not in this clone, which is shallow", id, what)
	case errors.Is(err, objects.ErrMissing):
		return pin, problem("Run git fetch; if it stays unknown, the pin was written by hand or from another repository.",
			"the commit %s in %s is unknown to this clone", id, what)
	case err != nil:
		return pin, r.explain(err)
	case kind == plumbing.TagObject:
		hint := "Write the id of the commit instead."
		if t, err := r.objects.Tag(pin.Hash); err == nil {
			hint = fmt.Sprintf("Write the id of the commit instead: %s.", t.Target)
		}
		return pin, problem(hint, "%s holds the id of a tag (%s), not of a commit", what, short(pin.Hash))
	case kind != plumbing.CommitObject:
		return pin, problem(hint, "%s holds the id of a %s (%s), not of a commit", what, kind, short(pin.Hash))
	}
	return pin, ctx.Err()
}

// expand returns the only commit whose id starts with some digits.
func (r *Repository) expand(id, what string) (string, error) {
	even, err := hex.DecodeString(id[:len(id)&^1])
	if err != nil {
		return "", err
	}
	all, err := r.objects.WithPrefix(id, even)
	if err != nil {
		return "", err
	}
	var commits []string
	for _, h := range all {
		if k, err := r.objects.Kind(h); err == nil && k == plumbing.CommitObject {
			commits = append(commits, h.String())
		}
	}
	hint := "Write the full id of 40 digits."
	switch len(commits) {
	case 1:
		return commits[0], nil
	case 0:
		return "", problem(hint, "no commit of this clone starts with %s, which is in %s", id, what)
	}
	return "", problem(hint, "%s holds %s, which %d commits start with", what, id, len(commits))
}

// named returns what a branch or tag of that name stands for, or zeros.
func (r *Repository) named(s string) plumbing.Hash {
	for _, form := range []string{"%s", "refs/heads/%s", "refs/tags/%s", "refs/remotes/%s"} {
		name := plumbing.ReferenceName(fmt.Sprintf(form, s))
		if name.Validate() != nil {
			continue
		}
		if h, err := r.resolve(name); err == nil {
			return h
		}
	}
	return plumbing.ZeroHash
}

// excerpt returns the start of a text for an error.
func excerpt(s string) string {
	const most = 60
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
