package terraform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/steps/keep"
	"lockstep/steps/terraform/cli"
	"lockstep/steps/terraform/planfile"
)

// evidence is all that can be seen of an apply afterwards.
type evidence struct {
	trace *trace
	job   keep.State
	end   *afterlife // nil when nobody wrote down how it ended

	unseen error // why nothing is known of the process, which may run still, or nil

	blind error // why nothing could be looked at, or nil

	raw    string // the state now; "" when there is none
	now    planfile.StateID
	broken error // why the state is no state, or nil

	lock  *cli.LockedError // who holds the state, or nil
	plan  error            // why there is no fresh plan, or nil
	left  int              // resources and outputs that a fresh plan of the change still wants
	what  safe.Text        // those in words
	whole safe.Text        // what is left of everything, when the change is only a part of it

	rescued *rescued // a state that Terraform could not save, or nil
}

// A rescued state lies in a file, because Terraform could not save it.
type rescued struct {
	path string
	id   planfile.StateID
	sum  string
}

// collect looks at state, lock, plan and rescued states. The error is for a
// context that ended; what cannot be seen is part of the evidence.
func (s *session) collect(ctx context.Context, op engine.Operator, e *evidence) error {
	t := e.trace
	s.lookForRescued(op, e)
	commit, head := t.commit, op.Facts().Head
	if head == "" {
		head = commit
	}
	op.Tell(engine.Progressed{What: safe.Lit("looking at what became of an apply")})
	w, err := s.workplace(ctx, op, commit, head)
	if err != nil {
		// Making a folder ready reads the state, too.
		if e.blind = err; illegible(err) {
			e.blind, e.broken = nil, err
		}
		return gone(ctx, err)
	}
	if err := e.pull(ctx, w); err != nil || e.blind != nil {
		return err
	}
	if known := e.end.result(); known != engine.Unknown && !e.unsaved() {
		return nil // how it ended is known; the state is read for the record
	}
	return s.planAgain(ctx, op, w, e)
}

// pull reads the state.
func (e *evidence) pull(ctx context.Context, w *workplace) error {
	raw, err := w.root.PullState(ctx)
	if gerr := gone(ctx, err); gerr != nil {
		return gerr
	}
	switch {
	case err == nil:
		if e.now, err = cli.StateID(raw); err != nil {
			e.broken = err
		}
		e.raw = raw
	case illegible(err):
		e.broken = err
	default:
		e.blind = err
	}
	return nil
}

// illegible reports whether Terraform could get the state and not read it, by
// its words. A test with the real program holds them.
func illegible(err error) bool {
	text := err.Error() + linesIn(err)
	return strings.Contains(text, "Unsupported state file format") || strings.Contains(text, "Invalid state file") ||
		strings.Contains(text, "state file could not be parsed")
}

func linesIn(err error) string {
	var p *engine.Problem
	if !errors.As(err, &p) {
		return ""
	}
	// Terraform breaks lines in the middle of a sentence.
	return strings.Join(strings.Fields(safe.Join(p.Lines, " ").String()), " ")
}

// planAgain makes a fresh plan, which also shows whether somebody holds the state.
func (s *session) planAgain(ctx context.Context, op engine.Operator, w *workplace, e *evidence) error {
	n, what, err := s.wants(ctx, op, w, nil)
	switch {
	case err == nil:
		e.left, e.what = n, what
	case errors.As(err, &e.lock):
		return gone(ctx, err)
	default:
		e.plan = err
		return gone(ctx, err)
	}
	if n == 0 || len(e.trace.targets) == 0 {
		return nil
	}
	// The apply was about a part of it.
	e.whole = what
	if e.left, e.what, err = s.wants(ctx, op, w, e.trace.targets); err != nil {
		e.plan = err
	}
	return gone(ctx, err)
}

// wants makes a plan and forgets it.
func (s *session) wants(ctx context.Context, op engine.Operator, w *workplace, targets []string) (int, safe.Text, error) {
	p, err := s.plan(ctx, op, w, targets)
	if err != nil {
		return 0, safe.Text{}, err
	}
	defer s.drop(p)
	if p.model.IsEmpty() {
		return 0, safe.Lit("nothing to do"), nil
	}
	return len(p.model.Resources) + len(p.model.Outputs), safe.Sprintf("%s: %s", countWords(&p.model), names(p.model.Resources)), nil
}

// lookForRescued is findRescued, and sees to it that a state stays where it is when
// it can be read or copied by nobody now.
func (s *session) lookForRescued(op engine.Operator, e *evidence) {
	err := s.findRescued(e)
	if err == nil {
		return
	}
	op.Tell(engine.Warned{Text: safe.Sprintf("a state that Terraform could not save could not be copied to a safe place: %v", err)})
	at := erroredPath(e.trace.directory)
	if !exists(at) {
		at = e.trace.kept // it was only printed
	}
	op.Facts().Keep = onlyCopy(at)
	if r, err := readRescued(at); err == nil {
		e.rescued = r
	}
}

// findRescued finds the state that the apply could not save, and copies it to a
// safe place when it is not in one.
func (s *session) findRescued(e *evidence) error {
	var printed []byte
	if e.end != nil {
		printed = e.end.printed
	}
	kept, err := s.alreadyRescued(e.trace.u.At)
	if kept == "" && err == nil {
		kept, err = s.rescueState(e.trace.directory, printed)
	}
	if kept == "" || err != nil {
		return err
	}
	e.rescued, err = readRescued(kept)
	return err
}

func readRescued(path string) (*rescued, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &rescued{path: path, sum: digestOf(string(raw))}
	r.id, err = cli.StateID(string(raw))
	return r, err
}

// alreadyRescued returns the newest state that was rescued in this run since a
// time, or "".
func (s *session) alreadyRescued(since time.Time) (string, error) {
	folder, err := s.rescueFolder()
	if err != nil {
		return "", err
	}
	all, err := filepath.Glob(filepath.Join(folder, "*-"+filepath.Base(s.run.ID)+"-errored.tfstate"))
	slices.Sort(all) // by time, which their names start with
	for _, path := range slices.Backward(all) {
		stamp, _, _ := strings.Cut(filepath.Base(path), "-")
		at, terr := time.Parse(rescueStamp, stamp)
		if terr == nil && !at.Before(since) {
			return path, nil
		}
	}
	return "", err
}

// fits says why a state in a file must not take the place of the one that is
// there, or is empty.
func (e *evidence) fits(r *rescued) safe.Text {
	switch {
	case e.broken != nil:
		return safe.Lit("Terraform pushes nothing over a state that it cannot read; move that aside first")
	case e.now.Lineage != "" && r.id.Lineage != e.now.Lineage:
		return safe.Lit("it is of another lineage than the state that is there")
	case e.now.Lineage == "" && e.trace.lineage != "" && r.id.Lineage != e.trace.lineage:
		return safe.Lit("it is of another lineage than the state that was there")
	case r.id.Serial < e.now.Serial:
		return safe.Sprintf("its serial %d is lower than %d of the state that is there", r.id.Serial, e.now.Serial)
	}
	return safe.Text{}
}

// unsaved reports whether a rescued state is not the one that is there.
func (e *evidence) unsaved() bool {
	return e.rescued != nil && !(e.now.Lineage == e.rescued.id.Lineage && e.now.Serial >= e.rescued.id.Serial)
}

// moved says how the state relates to the one of the intent.
type moved int

const (
	same    moved = iota
	higher        // the same state, written since
	damaged       // another state, an older one, or none
)

// state compares the state with the one from before the apply.
func (e *evidence) state() (moved, safe.Text) {
	t := e.trace
	switch {
	case e.broken != nil:
		return damaged, safe.Lit("state: it cannot be read")
	case e.raw == "" && t.serial == 0 && t.lineage == "":
		return same, safe.Lit("state: there was none, and there is none")
	case e.raw == "":
		return damaged, safe.Sprintf("state: it is empty; it was serial %d", t.serial)
	case t.lineage == "":
		return higher, safe.Sprintf("state: there was none; now it is serial %d", e.now.Serial)
	case e.now.Lineage != t.lineage:
		return damaged, safe.Sprintf("state: another lineage is there (%.8s, serial %d) than before (%.8s, serial %d)", safe.Show(e.now.Lineage).String(), e.now.Serial, t.lineage, t.serial)
	case e.now.Serial < t.serial:
		return damaged, safe.Sprintf("state: serial went back from %d to %d", t.serial, e.now.Serial)
	case e.now.Serial > t.serial && t.before(e.raw):
		return same, safe.Sprintf("state: serial %d → %d, with the content of before", t.serial, e.now.Serial)
	case e.now.Serial > t.serial:
		return higher, safe.Sprintf("state: serial %d → %d, lineage the same", t.serial, e.now.Serial)
	case t.state != "" && digestOf(e.raw) != t.state && t.sameVersion(e.raw):
		return damaged, safe.Sprintf("state: serial is %d as before, but the content is another", t.serial)
	}
	return same, safe.Sprintf("state: serial %d as before, lineage the same", t.serial)
}

// serialOf finds the serial in what "state pull" prints.
var serialOf = regexp.MustCompile(`"serial": \d+`)

// before reports whether a state is the one from before the apply but for its
// serial, as after it was restored.
func (t *trace) before(raw string) bool {
	copied, err := os.ReadFile(t.copied)
	if t.copied == "" || err != nil || digestOf(string(copied)) != t.state {
		return false
	}
	const any = `"serial": 0`
	return serialOf.ReplaceAllString(raw, any) == serialOf.ReplaceAllString(string(copied), any)
}

// sameVersion reports whether a state was written by the version of Terraform
// that the apply was made with. Another one writes the same state in other words.
func (t *trace) sameVersion(raw string) bool {
	return strings.Contains(raw, `"terraform_version": "`+t.terraform+`"`)
}

// holder says who holds the lock, and whether that is the apply itself.
func (e *evidence) holder() (ours bool, lines []safe.Text) {
	l, t := e.lock, e.trace
	since, host := l.Since(), t.u.Actor.Host
	name := t.u.Actor.Name
	if u, err := user.Current(); err == nil {
		name = u.Username // Terraform asks the system, and not who answers
	}
	if l.Who == "" {
		lines = append(lines, safe.Sprintf("lock: held, id %s; the backend does not say by whom or since when", l.ID))
	} else {
		lines = append(lines, safe.Sprintf("lock: held by %s since %s (%s), id %s%s", l.Who, l.Created, l.Operation, l.ID, age(since)))
	}
	const not = "lock: the holder is NOT this apply: "
	switch {
	case e.unseen != nil:
		return false, append(lines, safe.Lit("lock: it may be this apply, which may be at work still, or somebody else"))
	case e.job.Phase == keep.Running:
		return false, append(lines, safe.Sprintf("lock: the process of this apply still runs (%s)", e.job.Words()))
	case l.Who == "" && e.end.atWork():
		return true, append(lines, safe.Sprintf("lock: this apply was at work when its process went, so it held the lock then%s, and nobody will release it", age(e.job.Over)))
	case l.Who == "":
		return false, append(lines, safe.Lit("lock: it may be this apply, or somebody else who is at work"))
	case l.Who != name+"@"+host:
		return false, append(lines, safe.Lit(not+"it is another user or another machine, and may be at work"))
	case l.Operation != "OperationTypeApply", since.IsZero(), since.Before(t.u.At.Add(-time.Second)):
		return false, append(lines, safe.Lit(not+"it was taken for something else on this machine, which may be at work"))
	case !e.job.Over.IsZero() && since.After(e.job.Over):
		return false, append(lines, safe.Lit(not+"it was taken after the process of this apply was gone"))
	}
	return true, append(lines, safe.Lit("lock: taken by this apply, whose process is gone, so nobody will release it"))
}

// age says how long ago something was, when that is known.
func age(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return fmt.Sprintf(" (%s ago)", time.Since(t).Round(time.Second))
}
