package website

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// A refusal is an answer that says no.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return r.text }

func refuse(status int, format string, args ...any) error {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

// routes returns the control API.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(account, id string, r *http.Request) (any, int, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			account, err := s.account(r)
			var body any
			var status int
			if err == nil {
				body, status, err = f(account, r.PathValue("id"), r)
			}
			if err != nil {
				body, status = map[string]string{"error": err.Error()}, http.StatusInternalServerError
				if no := (*refusal)(nil); errors.As(err, &no) {
					status = no.status
				}
			}
			reply(w, status, body)
		})
	}
	handle("POST /v1/certificates", func(a, _ string, r *http.Request) (any, int, error) { return s.createCertificate(a, r) })
	handle("GET /v1/certificates/{id}", func(a, id string, _ *http.Request) (any, int, error) { return s.readCertificate(a, id) })
	handle("DELETE /v1/certificates/{id}", func(a, id string, _ *http.Request) (any, int, error) { return s.deleteCertificate(a, id) })
	handle("POST /v1/distributions", func(a, _ string, r *http.Request) (any, int, error) { return s.createDistribution(a, r) })
	handle("GET /v1/distributions/{id}", func(a, id string, _ *http.Request) (any, int, error) { return s.readDistribution(a, id) })
	handle("PUT /v1/distributions/{id}", func(a, id string, r *http.Request) (any, int, error) { return s.updateDistribution(a, id, r) })
	handle("DELETE /v1/distributions/{id}", func(a, id string, _ *http.Request) (any, int, error) { return s.deleteDistribution(a, id) })
	return mux
}

// account finds whose token a request carries.
func (s *Server) account(r *http.Request) (string, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	for _, a := range s.o.Accounts {
		if ok && subtle.ConstantTimeCompare([]byte(a.Token), []byte(token)) == 1 {
			return a.Name, nil
		}
	}
	return "", refuse(http.StatusUnauthorized, "the token is not that of an account")
}

// decode reads a body of at most 64 KiB and refuses fields it does not know.
func decode(r *http.Request, into any) error {
	d := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return refuse(http.StatusBadRequest, "read the request: %v", err)
	}
	return nil
}

func reply(w http.ResponseWriter, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A client that went away is no concern of the server.
	_ = json.NewEncoder(w).Encode(body)
}
