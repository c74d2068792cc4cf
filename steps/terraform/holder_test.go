package terraform

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/steps/keep"
	"lockstep/steps/terraform/cli"
)

func TestHolder_isThisApplyOnlyWhenAllAgrees(t *testing.T) {
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Date(2026, 11, 22, 18, 20, 4, 0, time.UTC)
	at := func(d time.Duration) string { return began.Add(d).String() }
	me := u.Username + "@ops1"
	atWork := &afterlife{items: []map[string]any{{}}}
	for _, row := range []struct {
		name string
		lock cli.LockedError
		end  *afterlife
		ours bool
		says string
	}{
		{"its own", cli.LockedError{Who: me, Created: at(time.Second), Operation: "OperationTypeApply"}, nil, true, "whose process is gone"},
		{"another machine", cli.LockedError{Who: u.Username + "@ops2", Created: at(time.Second), Operation: "OperationTypeApply"}, nil, false, "another user or another machine"},
		{"another user", cli.LockedError{Who: "bob@ops1", Created: at(time.Second), Operation: "OperationTypeApply"}, atWork, false, "another user or another machine"},
		{"a plan", cli.LockedError{Who: me, Created: at(time.Second), Operation: "OperationTypePlan"}, nil, false, "for something else"},
		{"before", cli.LockedError{Who: me, Created: at(-time.Minute), Operation: "OperationTypeApply"}, nil, false, "for something else"},
		{"after", cli.LockedError{Who: me, Created: at(time.Hour), Operation: "OperationTypeApply"}, nil, false, "after the process of this apply was gone"},
		{"no time", cli.LockedError{Who: me, Created: "yesterday", Operation: "OperationTypeApply"}, nil, false, "for something else"},
		{"nobody named, at work", cli.LockedError{}, atWork, true, "it held the lock then"},
		{"nobody named, at its end", cli.LockedError{}, &afterlife{items: atWork.items, summed: true}, false, "or somebody else"},
		{"nobody named, never at work", cli.LockedError{}, &afterlife{}, false, "or somebody else"},
	} {
		row.lock.ID = "1111"
		e := &evidence{
			lock: &row.lock, end: row.end, job: keep.State{Phase: keep.Ended, Over: began.Add(time.Minute)},
			trace: &trace{u: engine.Unsettled{At: began, Actor: journal.Actor{Name: "ana", Host: "ops1"}}},
		}
		ours, lines := e.holder()
		all := lines[0].String() + "\n" + lines[1].String()
		if ours != row.ours || !strings.Contains(all, row.says) || !strings.Contains(all, "1111") {
			t.Errorf("%s: ours %t\n%s", row.name, ours, all)
		}
	}
}

// The same saved plan is taken by Terraform a second time, because the state did
// not move. Somebody does that by hand while the run is settled.
func TestReconcile_somebodyIsAtWorkHere(t *testing.T) {
	t.Parallel()
	p, log := slowProject(t, slow("a", ""))
	d := p.die("c2")
	d.start()
	d.killAt(log + ".a")
	if err := os.Remove(log + ".a"); err != nil {
		t.Fatal(err)
	}
	argv := d.u.Facts["argv"].([]any)
	byHand := exec.Command("terraform", "apply", "-input=false", argv[len(argv)-1].(string))
	byHand.Dir = d.u.Facts["directory"].(string)
	byHand.Env = append(slices.Clone(p.environ), "TF_DATA_DIR="+filepath.Join(d.before.run.WorkDir, "terraform", "checkout-1", "data"), "CHECKPOINT_DISABLE=1")
	if err := byHand.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, log+".a")
	f, o, a := d.reconcile()
	expect(t, f, "locked-by-other", "OperationTypeApply", "NOT this apply: it was taken after the process of this apply was gone")
	writeFile(t, log+".go", "")
	if err := byHand.Wait(); err != nil {
		t.Fatal(err)
	}
	expect(t, d.again(o, a), "reconciled-applied", "serial 1 → ")
	if len(o.intents) != 0 {
		t.Errorf("%d effects", len(o.intents))
	}
}
