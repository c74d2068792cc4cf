package terraform

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// A stateHub is a remote backend of kind http with one state and its lock. It
// stands for every backend whose lock outlives who took it.
type stateHub struct {
	*httptest.Server
	mu     sync.Mutex
	state  []byte
	lock   []byte // what the holder said of itself; nil when free
	full   bool   // takes no state
	writes int
}

func newStateHub(t *testing.T) *stateHub {
	h := &stateHub{}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

// settings are those of the backend.
func (h *stateHub) settings() map[string]string {
	return map[string]string{"address": h.URL, "lock_address": h.URL, "unlock_address": h.URL, "retry_max": "0"}
}

func (h *stateHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch r.Method {
	case http.MethodGet:
		if h.state == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write(h.state)
	case http.MethodPost:
		if h.full {
			w.WriteHeader(http.StatusInsufficientStorage)
			return
		}
		h.state = body
		h.writes++
	case "LOCK":
		if h.lock != nil {
			w.WriteHeader(http.StatusLocked)
			_, _ = w.Write(h.lock)
			return
		}
		h.lock = body
	case "UNLOCK":
		if id := lockID(body); id != "" && id != lockID(h.lock) {
			w.WriteHeader(http.StatusConflict)
			return
		}
		h.lock = nil
	}
}

func lockID(info []byte) string {
	var l struct{ ID string }
	_ = json.Unmarshal(info, &l)
	return l.ID
}

// change does something to the hub while nobody is served.
func (h *stateHub) change(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

func (h *stateHub) held() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return lockID(h.lock)
}
