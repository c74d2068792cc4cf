package website

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// pick chooses the certificate for a TLS handshake: that of the distribution
// with this alias, or the network's own for its domain names. A name that nobody
// serves, or that has no certificate, fails the handshake.
func (s *Server) pick(name string, own *tls.Certificate) (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, alias := s.serving(name)
	switch {
	case d == nil:
		return nil, fmt.Errorf("no distribution serves %q", name)
	case !alias:
		return own, nil
	case d.Certificate == "":
		return nil, fmt.Errorf("the distribution of %q has no certificate", name)
	}
	return s.certificates[d.Certificate].tls, nil
}

// serving finds the distribution that answers under a name and reports whether
// the name is an alias of it; s.mu is held.
func (s *Server) serving(name string) (d *distribution, alias bool) {
	name = strings.TrimSuffix(name, ".")
	for _, d := range s.distributions {
		if strings.EqualFold(d.Domain, name) {
			return d, false
		}
		for _, a := range d.Aliases {
			if strings.EqualFold(a, name) {
				return d, true
			}
		}
	}
	return nil, false
}

// page answers a request of a visitor.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	s.mu.Lock()
	found, _ := s.serving(host)
	var d Distribution
	if found != nil {
		d = found.Distribution // its maps and slices are replaced, never changed
	}
	s.mu.Unlock()
	switch {
	case found == nil:
		http.Error(w, "no distribution serves "+host, http.StatusForbidden)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("X-Distribution", d.ID)
	if to, ok := d.Redirects[r.URL.Path]; ok {
		http.Redirect(w, r, to, http.StatusMovedPermanently)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "%s from %s\n", r.URL.Path, d.Origin)
}
