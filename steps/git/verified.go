package git

import (
	"context"
	"strings"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/safe"
	"lockstep/steps/git/trees"
)

// verify fills in when the environment that comes first verified each item. It
// knows from the port, and from the commits with which Lockstep wrote that
// environment's pin. Both speak only of exactly that commit.
func (l *Listing) verify(ctx context.Context, src Sources) error {
	after := l.r.env.After
	if after == "" {
		return nil
	}
	l.After = safe.Show(after)
	pins := map[string]time.Time{}
	if src.Runbook != nil && src.Runbook.Environments[after] != nil {
		pins = l.pinsOf(ctx, src.Runbook.Environments[after])
	}
	var newest time.Time
	for i := range l.Items {
		c := &l.Items[i]
		c.Verified = pins[c.Hash]
		if src.Verified != nil {
			if t, ok := src.Verified(after, c.Hash); ok && t.After(c.Verified) {
				c.Verified = t
			}
		}
		if c.Verified.After(newest) {
			newest = c.Verified
			l.AfterAt = safe.Show(c.Short)
		}
	}
	return context.Cause(ctx)
}

// pinsOf returns the commits that Lockstep wrote into the pin file of another
// environment after this one's pin, and when.
func (l *Listing) pinsOf(ctx context.Context, other *runbook.Environment) map[string]time.Time {
	out := map[string]time.Time{}
	if other.Pin.File == "" {
		return out
	}
	if trees.Clean(other.Repository) != trees.Clean(l.r.env.Repository) || other.Branch != l.r.env.Branch {
		l.Notes = append(l.Notes, safe.Sprintf("%s is on another branch or repository, so only the records of this machine say what was verified there", other.Name))
		return out
	}
	for _, s := range l.place.writers(ctx, l.r, other.Pin.File, l.place.ahead) {
		c, err := l.r.objects.Commit(s.hash)
		if err != nil {
			continue // what cannot be read proves nothing
		}
		t := own(c.Message)
		if t[trailerRun] == "" || t[trailerEnvironment] != other.Name {
			continue
		}
		e, err := trees.Find(l.r.objects, s.Tree, other.Pin.File)
		if err != nil || !isRegular(e) {
			continue
		}
		b, err := l.r.objects.Blob(e.Hash)
		if err != nil {
			continue
		}
		id := strings.TrimSpace(string(b))
		if said := t[trailerCommit]; said != "" && said != id {
			continue
		}
		if out[id].IsZero() {
			out[id] = c.Committer.When
		}
	}
	return out
}
