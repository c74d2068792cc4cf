package website

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// A Distribution is what the control API takes and shows of one. ID and Domain
// are given by the network and ignored when taken.
type Distribution struct {
	ID          string            `json:"id"`
	Domain      string            `json:"domain"`
	Name        string            `json:"name"`
	Aliases     []string          `json:"aliases"`
	Certificate string            `json:"certificate"` // id; "" for a site without HTTPS under its aliases
	Origin      string            `json:"origin"`      // where the content comes from
	Redirects   map[string]string `json:"redirects"`   // path to path
	Comment     string            `json:"comment"`
}

type distribution struct {
	Distribution
	account string
}

func (s *Server) createDistribution(account string, r *http.Request) (any, int, error) {
	var in Distribution
	if err := decode(r, &in); err != nil {
		return nil, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in.ID = newID("dist-")
	in.Domain = newID("d") + "." + s.o.Domain
	if err := s.check(account, in); err != nil {
		return nil, 0, err
	}
	if err := s.o.Publish(in.Domain); err != nil {
		return nil, 0, fmt.Errorf("publish %s: %w", in.Domain, err)
	}
	s.distributions[in.ID] = &distribution{in, account}
	return in, http.StatusCreated, nil
}

func (s *Server) readDistribution(account, id string) (any, int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.distribution(account, id)
	if err != nil {
		return nil, 0, err
	}
	return d.Distribution, http.StatusOK, nil
}

func (s *Server) updateDistribution(account, id string, r *http.Request) (any, int, error) {
	var in Distribution
	if err := decode(r, &in); err != nil {
		return nil, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.distribution(account, id)
	if err != nil {
		return nil, 0, err
	}
	in.ID, in.Domain = d.ID, d.Domain
	if err := s.check(account, in); err != nil {
		return nil, 0, err
	}
	d.Distribution = in
	return in, http.StatusOK, nil
}

func (s *Server) deleteDistribution(account, id string) (any, int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.distribution(account, id)
	if err != nil {
		return nil, 0, err
	}
	if err := s.o.Withdraw(d.Domain); err != nil {
		return nil, 0, fmt.Errorf("withdraw %s: %w", d.Domain, err)
	}
	delete(s.distributions, id)
	return nil, http.StatusNoContent, nil
}

// distribution finds one; s.mu is held.
func (s *Server) distribution(account, id string) (*distribution, error) {
	if d := s.distributions[id]; d != nil && d.account == account {
		return d, nil
	}
	return nil, refuse(http.StatusNotFound, "there is no distribution %q", id)
}

// check refuses what a network of this kind refuses; s.mu is held.
func (s *Server) check(account string, in Distribution) error {
	if in.Name == "" {
		return refuse(http.StatusUnprocessableEntity, "a distribution needs a name")
	}
	for _, other := range s.distributions {
		for _, alias := range in.Aliases {
			if other.ID != in.ID && slices.ContainsFunc(other.Aliases, func(a string) bool { return strings.EqualFold(a, alias) }) {
				return refuse(http.StatusConflict, "the alias %s belongs to another distribution", alias)
			}
		}
	}
	if in.Certificate == "" {
		return nil
	}
	c, err := s.certificate(account, in.Certificate)
	if err != nil {
		return err
	}
	if c.Status != Issued {
		return refuse(http.StatusUnprocessableEntity, "certificate %s is %s, not issued", c.ID, c.Status)
	}
	for _, alias := range in.Aliases {
		if c.tls.Leaf.VerifyHostname(alias) != nil {
			return refuse(http.StatusUnprocessableEntity, "certificate %s is not valid for the alias %s", c.ID, alias)
		}
	}
	return nil
}
