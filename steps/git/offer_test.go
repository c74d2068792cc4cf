package git

import (
	"context"
	"errors"
	"testing"
	"time"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
)

var (
	operatorAna = journal.Actor{Name: "ana", Host: "ops1"}
	offeredAt   = time.Unix(1_700_500_000, 0)
)

func offerOf(branch string) Offer {
	return Offer{
		Branch: branch, Subject: "Keep the name\nwhile it moves", Body: "It would be gone for 21 s.",
		Files: []OfferedFile{
			{Path: "modules/dns/a.tf", Old: []byte("1"), New: []byte("2\n")},
			{Path: "modules/dns/b.tf", Old: []byte("b"), New: []byte("c\n")},
			{Path: "modules/new/moved.tf", New: []byte("n\n")},
		},
	}
}

func TestOffer_isOneCommitThatTouchesNothingElse(t *testing.T) {
	p := newProject(t)
	p.pin(p.commit("first", "modules/dns/a.tf", "1", "modules/dns/b.tf", "b", "README", "x"))
	p.git("update-index", "--chmod=+x", "modules/dns/b.tf")
	p.git("commit", "-qm", "run it")
	head := p.git("rev-parse", "main")
	p.write("README", "somebody's work")
	p.write("modules/dns/a.tf", "somebody's work")
	before := p.git("status", "--porcelain")

	r := p.open(production())
	commit, err := r.Offer(context.Background(), offerOf("lockstep/keep"), operatorAna, offeredAt)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.git("rev-parse", "lockstep/keep"); got != commit {
		t.Errorf("the branch is at %s, not at %s", got, commit)
	}
	if p.git("rev-parse", "main") != head || p.git("rev-parse", "lockstep/keep^") != head {
		t.Error("the commit is not on top of the branch, or the branch moved")
	}
	if got := p.git("diff", "--name-only", "main", "lockstep/keep"); got != "modules/dns/a.tf\nmodules/dns/b.tf\nmodules/new/moved.tf" {
		t.Errorf("it changes %q", got)
	}
	if got := p.git("diff", "--summary", "main", "lockstep/keep"); got != "create mode 100644 modules/new/moved.tf" {
		t.Errorf("modes: %q", got)
	}
	if got := p.git("show", "lockstep/keep:modules/dns/b.tf"); got != "c" {
		t.Errorf("the file holds %q", got)
	}
	if got, want := p.git("log", "-1", "--format=%an <%ae>%n%B", "lockstep/keep"),
		"ana <ana@ops1>\nKeep the name while it moves\n\nIt would be gone for 21 s."; got != want {
		t.Errorf("message %q, want %q", got, want)
	}
	if got := p.git("status", "--porcelain"); got != before || p.read("README") != "somebody's work" {
		t.Errorf("the work tree changed: %q, was %q", got, before)
	}
	p.git("fsck", "--strict")
}

func TestOffer_refuses(t *testing.T) {
	p := newProject(t)
	p.pin(p.commit("first", "modules/dns/a.tf", "1", "modules/dns/b.tf", "b"))
	p.git("branch", "taken")
	p.git("pack-refs", "--all")
	r := p.open(production())
	offer := func(o Offer) error {
		_, err := r.Offer(context.Background(), o, operatorAna, offeredAt)
		return err
	}
	mustFail(t, offer(offerOf("taken")), `there is a branch "taken" already`, "Choose another name")
	mustFail(t, offer(offerOf("taken/too")), "cannot stand beside", "Choose another name")
	mustFail(t, offer(offerOf("a..b")), "cannot be the name", "Choose another name")
	for _, path := range []string{"../x", "/x", "a/../b", ".git/config", "a/.GIT/hooks/x", ""} {
		o := offerOf("lockstep/keep")
		o.Files[2].Path = path
		if err := offer(o); err == nil {
			t.Errorf("a file at %q is taken", path)
		}
	}
	o := offerOf("lockstep/keep")
	o.Files[1].Path = "modules/dns/gone.tf"
	mustFail(t, offer(o), "is not there any more", "Take the patch instead")
	o = offerOf("lockstep/keep")
	o.Files[2].Path = "modules/dns/b.tf" // it was not there in the commit
	if err := offer(o); !errors.Is(err, engine.ErrStale) {
		t.Errorf("a file that came meanwhile: %v", err)
	}

	p.commit("other", "modules/dns/a.tf", "1 and more")
	r = p.open(production())
	err := offer(offerOf("lockstep/keep"))
	mustFail(t, err, "modules/dns/a.tf is another one than in the commit that was planned", "Take the patch instead")
	if !errors.Is(err, engine.ErrStale) {
		t.Error("it is not told as stale")
	}
	if got := p.git("branch", "--list", "lockstep/*"); got != "" {
		t.Errorf("branches were made: %q", got)
	}
}
