package terraform

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/steps/terraform/scripted"
)

const sceneSecret = "c4n4ry-scene-secret"

// mostKept is more than one file of a journal may have, whatever was printed.
const mostKept = 8 << 20

// A scene is one run of the real engine with a scripted Terraform.
type scene struct {
	*project
	tf      *scripted.Program
	engine  *engine.Engine
	folder  string // of the journal
	heard   *operator
	onEvent func(engine.Event)
	asked   []engine.Question

	result  engine.Result
	err     error
	records []journal.Record
}

// sceneMain has two resources, the second of which waits for the first, so that
// it is one change and one apply.
const sceneMain = "resource \"terraform_data\" \"a\" {\n  input = \"one\"\n}\nresource \"terraform_data\" \"b\" {\n  input      = \"two\"\n  depends_on = [terraform_data.a]\n}\n"

func newScene(t *testing.T, s scripted.Script) *scene {
	t.Helper()
	tf, err := scripted.Install(t.TempDir(), s)
	if err != nil {
		t.Fatal(err)
	}
	p := &project{t: t, dir: t.TempDir(), commits: map[string]map[string]string{}}
	p.commit("c1", sceneMain)
	p.env = &runbook.Environment{Name: "production", Terraform: runbook.Terraform{
		Directory: ".", Binary: tf.Path, Parallelism: 10, Backend: map[string]string{"path": p.statePath()},
		Environment: []string{"SCRIPTED_*"},
	}}
	p.environ = []string{"HOME=" + p.dir, "PATH=" + os.Getenv("PATH"), scripted.SecretName + "=" + sceneSecret}
	return &scene{project: p, tf: tf, folder: t.TempDir()}
}

// play runs the run to its end. Every question about a failure is answered "stop".
func (s *scene) play() {
	t := s.t
	t.Helper()
	j, err := journal.Open(s.folder, journal.Options{Log: "lockstep/production"})
	if err != nil {
		t.Fatal(err)
	}
	work := filepath.Join(t.TempDir(), "work")
	if err := os.Mkdir(work, 0o700); err != nil {
		t.Fatal(err)
	}
	s.engine = mustEngine(t, s.config(New(s.deps()), "c1", j, work, oneByOne()))
	s.heard = s.operator(engine.Live) // only to keep what is told
	ask := asked(s.answer)
	s.result, s.err = toTheEnd(t, s.engine, func(ev engine.Envelope) {
		s.heard.keep(ev)
		ask(ev)
		if s.onEvent != nil {
			s.onEvent(ev.Event)
		}
	})
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	if s.records, err = journal.Read(j.Path()); err != nil {
		t.Fatal(err)
	}
}

func (s *scene) answer(q engine.Question) {
	s.asked = append(s.asked, q)
	lost, _ := q.Payload.(engine.Settlement)
	switch {
	case lost.Verdict == "errored-state", q.Kind == engine.AskFailure, q.Kind == engine.AskPostMortem, q.Kind == engine.AskSettle, q.Kind == engine.AskChange && s.applied() > 0:
		_ = s.engine.Answer(engine.Answer{Question: q.ID, Digest: q.Digest, Choice: "stop"}) // or it was withdrawn
	default:
		answer(s.t, s.engine, q)
	}
}

func (s *scene) applied() int {
	n, err := s.tf.Applies()
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// outcomes are the bodies of the outcomes that were recorded.
func (s *scene) outcomes() (out []journal.OutcomeBody) {
	for _, r := range s.records {
		if r.Kind != journal.KindOutcome {
			continue
		}
		var b journal.OutcomeBody
		if err := json.Unmarshal(r.Body, &b); err != nil {
			s.t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

func (s *scene) count(kind journal.Kind) (n int) {
	for _, r := range s.records {
		if r.Kind == kind {
			n++
		}
	}
	return n
}

// effects are what Terraform did, as "ADDRESS ACTION".
func (s *scene) effects() []string {
	effects, err := s.tf.Effects()
	if err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for _, e := range effects {
		out = append(out, e.Address+" "+e.Action)
	}
	return out
}

// clean checks that nothing that was told or is left in a file holds a secret or
// a control character.
func (s *scene) clean() {
	s.t.Helper()
	check := func(where, text string) {
		if strings.Contains(text, sceneSecret) {
			s.t.Errorf("%s holds the secret", where)
		}
		if strings.ContainsAny(text, "\x1b\u009b\u202e\x07") {
			s.t.Errorf("%s holds a control character", where)
		}
	}
	check("what was told", s.heard.said())
	var p *engine.Problem
	if errors.As(s.err, &p) {
		raw, err := json.Marshal(p.Lines)
		if err != nil {
			s.t.Fatal(err)
		}
		check("the error", s.err.Error()+p.Hint+string(raw))
	}
	err := filepath.WalkDir(s.folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if len(raw) > mostKept {
			s.t.Errorf("%s has %d bytes", path, len(raw))
		}
		check(path, string(raw))
		if strings.Contains(string(raw), "check_results") {
			s.t.Errorf("%s holds a state", path)
		}
		return err
	})
	if err != nil {
		s.t.Error(err)
	}
}

// once checks that Terraform was told to apply at most once, and did nothing twice.
func (s *scene) once() {
	s.t.Helper()
	if n := s.applied(); n > 1 {
		s.t.Errorf("Terraform was told to apply %d times", n)
	}
	all := s.effects()
	slices.Sort(all)
	if len(slices.Compact(slices.Clone(all))) != len(all) {
		s.t.Errorf("it was done twice: %q", all)
	}
}
