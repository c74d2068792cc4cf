package cli

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A stateServer is an HTTP backend.
type stateServer struct {
	*httptest.Server
	mu    sync.Mutex
	state []byte
	lock  []byte // who holds it, or nil
}

func newStateServer(t *testing.T) *stateServer {
	s := &stateServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		switch r.Method {
		case http.MethodGet:
			_, _ = w.Write(s.state)
		case http.MethodPost:
			s.state = body
		case "LOCK":
			if s.lock != nil {
				w.WriteHeader(http.StatusLocked)
				_, _ = w.Write(s.lock)
				return
			}
			s.lock = body
		case "UNLOCK":
			s.lock = nil
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *stateServer) held() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.lock)
}

func (s *stateServer) main() string {
	return `
terraform {
  backend "http" {
    address        = "` + s.URL + `"
    lock_address   = "` + s.URL + `"
    unlock_address = "` + s.URL + `"
  }
}
resource "terraform_data" "a" {}
`
}

const strandedLock = `{"ID":"6d3c6d1c-0000-4000-8000-000000000001","Operation":"OperationTypeApply","Info":"","Who":"ana@ops1","Version":"1.11.4","Created":"2026-01-02T03:04:05Z","Path":""}`

func TestForceUnlock_releasesAStrandedLock(t *testing.T) {
	t.Parallel()
	s := newStateServer(t)
	r := realRoot(t, s.main())
	s.mu.Lock()
	s.lock = []byte(strandedLock)
	s.mu.Unlock()
	_, _, err := r.Plan(t.Context(), PlanArgs{Out: filepath.Join(r.Dir, "p")}, nil)
	expect(t, err, "the state is locked, lock id 6d3c6d1c-0000-4000-8000-000000000001")
	// One that waits for the lock says the same.
	file := filepath.Join(r.Dir, "pushed")
	if err := os.WriteFile(file, []byte(`{"version":4,"terraform_version":"1.11.4","serial":1,"lineage":"x","outputs":{},"resources":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, r.PushState(t.Context(), newKept(t), file, false), "the state is locked, lock id 6d3c6d1c-0000-4000-8000-000000000001")
	if err := r.ForceUnlock(t.Context(), newKept(t), "6d3c6d1c-0000-4000-8000-000000000001"); err != nil {
		t.Fatal(err, details(err))
	}
	if held := s.held(); held != "" {
		t.Errorf("still held: %s", held)
	}
	if err := r.PushState(t.Context(), newKept(t), file, false); err != nil {
		t.Fatal(err, details(err))
	}
	id, err := r.State(t.Context())
	if err != nil || id.Serial != 1 || id.Lineage == "" || s.held() != "" {
		t.Errorf("%+v %v, held %q", id, err, s.held())
	}
}

func TestForceUnlock_failureSaysWhy(t *testing.T) {
	t.Parallel()
	r := realRoot(t, "resource \"terraform_data\" \"a\" {}\n")
	err := r.ForceUnlock(t.Context(), newKept(t), "-odd id")
	expect(t, err, "the state's lock could not be released: ")
	if strings.Contains(details(err), "\\x1b") {
		t.Errorf("colours: %s", details(err))
	}
}

func TestPushState_refusesWhatWouldLoseSomething(t *testing.T) {
	t.Parallel()
	r := realRoot(t, "resource \"terraform_data\" \"a\" {}\n")
	file := planned(t, r)
	if _, err := r.Apply(t.Context(), newKept(t), file, nil); err != nil {
		t.Fatal(err)
	}
	raw, err := r.PullState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now, err := StateID(raw)
	if err != nil || now.Serial == 0 {
		t.Fatal(now, err)
	}
	write := func(change map[string]any) string {
		t.Helper()
		var s map[string]any
		if err := json.Unmarshal([]byte(raw), &s); err != nil {
			t.Fatal(err)
		}
		for k, v := range change {
			s[k] = v
		}
		out, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(path, out, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	older := write(map[string]any{"serial": 0, "resources": []any{}})
	expect(t, r.PushState(t.Context(), newKept(t), older, false), "the state could not be pushed: ", "serial")
	other := write(map[string]any{"lineage": "another"})
	expect(t, r.PushState(t.Context(), newKept(t), other, false), "the state could not be pushed: ", "lineage")
	expect(t, r.PushState(t.Context(), newKept(t), filepath.Join(r.Dir, "main.tf"), false), "the state could not be pushed: ")
	if id, err := r.State(t.Context()); err != nil || id != now {
		t.Errorf("%+v %v, was %+v", id, err, now)
	}
	if err := r.PushState(t.Context(), newKept(t), older, true); err != nil {
		t.Fatal(err, details(err))
	}
	if changes, _, err := r.Plan(t.Context(), PlanArgs{Out: filepath.Join(r.Dir, "q")}, nil); err != nil || !changes {
		t.Errorf("after a state without resources was pushed: changes %t, %v", changes, err)
	}
}
