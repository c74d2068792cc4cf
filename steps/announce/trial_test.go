package announce

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
)

// trial is one run that announces, with the real engine and the real journal.
type trial struct {
	t        *testing.T
	mode     engine.Mode
	channels map[string]*runbook.Channel
	to       []string
	spec     runbook.Announce
	deps     Deps
	facts    func(*engine.Facts)
	title    string
	answers  func(q engine.Question) engine.Answer // Send to everything when nil

	folder, dir string
	stdout      bytes.Buffer
	events      []engine.Envelope
	asked       []engine.Question
	result      engine.Result
	err         error
}

// before sets what the run knows, as the steps before would have done.
type before func(*engine.Facts)

func (b before) Run(_ context.Context, op engine.Operator) (engine.Report, error) {
	b(op.Facts())
	return engine.Report{}, nil
}

func (tr *trial) run() *trial {
	tr.t.Helper()
	tr.folder, tr.dir = tr.t.TempDir(), tr.t.TempDir()
	j, err := journal.Open(tr.dir, journal.Options{Log: "lockstep/test"})
	if err != nil {
		tr.t.Fatal(err)
	}
	defer func() { _ = j.Close() }()
	if tr.mode == "" {
		tr.mode = engine.Live
	}
	if tr.facts == nil {
		tr.facts = func(*engine.Facts) {}
	}
	if tr.spec.Text == "" && tr.spec.Template == "" {
		tr.spec.Text = "hello"
	}
	tr.spec.To = tr.to
	if tr.title == "" {
		tr.title = "Roll out"
	}
	tr.deps.Stdout = &tr.stdout
	kit := Kit(tr.deps)
	kit[runbook.KindConfirm] = func(runbook.Step) (engine.Step, error) { return before(tr.facts), nil }
	e, err := engine.New(engine.Config{
		Run: "r1", Mode: tr.mode, Environment: "production", Kit: kit, Journal: j, Folder: tr.folder,
		Actor: journal.Actor{Name: "ana", Host: "ops1"},
		Runbook: &runbook.Runbook{
			Title: tr.title, Channels: tr.channels, Environments: map[string]*runbook.Environment{"production": {Name: "production"}},
			Steps: []runbook.Step{
				{ID: "facts", Position: "1", Confirm: &runbook.Confirm{}},
				{ID: "tell", Position: "2", Announce: &tr.spec},
			},
		},
	})
	if err != nil {
		tr.t.Fatal(err)
	}
	events, cancel := e.Subscribe()
	var wg sync.WaitGroup
	wg.Go(func() {
		for ev := range events {
			tr.events = append(tr.events, ev)
			q, ok := ev.Event.(engine.QuestionAsked)
			if !ok {
				continue
			}
			tr.asked = append(tr.asked, q.Question)
			a := engine.Answer{Choice: send}
			if q.Question.Kind == engine.AskFailure {
				a = engine.Answer{Choice: "stop"}
			}
			if tr.answers != nil {
				a = tr.answers(q.Question)
			}
			a.Question = q.Question.ID
			if err := e.Answer(a); err != nil {
				tr.t.Errorf("%s: %v", a.Choice, err)
				e.Interrupt(engine.CancelNow)
			}
		}
	})
	tr.result, tr.err = e.Run(tr.t.Context())
	wg.Wait()
	cancel()
	return tr
}

// sent lists what was told about each channel: "name result".
func (tr *trial) sent() string {
	var out []string
	for _, e := range tr.events {
		if s, ok := e.Event.(engine.AnnouncementSent); ok {
			out = append(out, s.Channel+" "+string(s.Result))
		}
	}
	return strings.Join(out, ", ")
}

// everything is all that a run left behind and showed.
func (tr *trial) everything() string {
	tr.t.Helper()
	var b strings.Builder
	for _, e := range tr.events {
		raw, err := json.Marshal(e)
		if err != nil {
			tr.t.Fatal(err)
		}
		b.Write(raw)
	}
	fmt.Fprintln(&b, tr.err, tr.stdout.String())
	err := filepath.WalkDir(tr.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		b.Write(raw)
		return err
	})
	if err != nil {
		tr.t.Fatal(err)
	}
	return b.String()
}

func (tr *trial) effects() (n int) {
	for _, e := range tr.events {
		if r, ok := e.Event.(engine.Recorded); ok && r.Kind == string(journal.KindIntent) {
			n++
		}
	}
	return n
}

// hook is a webhook on loopback that keeps what it was sent.
type hook struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []map[string]any
	types  []string
}

func newHook(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *hook {
	t.Helper()
	h := &hook{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		var body map[string]any
		if err := json.Unmarshal(raw, &body); err != nil {
			t.Errorf("sent %q by %s: %v", raw, r.Method, err)
		}
		h.mu.Lock()
		h.bodies = append(h.bodies, body)
		h.types = append(h.types, r.Header.Get("Content-Type"))
		n := len(h.bodies)
		h.mu.Unlock()
		if answer != nil {
			answer(n, w, r)
		}
	}))
	t.Cleanup(h.Close)
	return h
}
