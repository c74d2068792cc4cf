// Package redact is the second net for secrets. The first one is that sensitive
// values are masked where a plan is read and never leave that place. Programs and
// providers print things of their own, though, and what they print may hold a
// secret all the same. A [Net] knows the secrets of a run and replaces them in
// text, whatever the usual encoding, before the text goes anywhere.
//
// A net knows only what it was given: it cannot find a secret that was changed,
// cut or encoded in an unusual way. It is no reason to pass text on that need not
// be passed on.
package redact

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"

	"lockstep/runbook/safe"
)

// Sensitive is what stands in the place of a value that Terraform marks.
const Sensitive = "‹sensitive›"

// minLine is how long a single line of a secret of several lines has to be. The
// lines are secrets of their own, since output is cut at line ends.
const minLine = 6

// A Net replaces secrets in text. The zero value holds none. It may be used by
// several goroutines.
type Net struct {
	base     *Net // asked first, or nil
	mu       sync.Mutex
	shown    map[string]string // form of a secret → what stands for it
	replacer *strings.Replacer // nil when shown changed
}

// Over returns a net that knows all that base knows, now and later, and what it
// is given itself.
func Over(base *Net) *Net { return &Net{base: base} }

// Add lets the net know a secret and what is to stand in its place. Words that
// are part of every output, such as true and null, are not taken. How long a
// secret must be to be told from an ordinary word is for the caller to say.
func (n *Net) Add(secret, shown string) {
	switch strings.TrimSpace(secret) {
	case "", "true", "false", "null":
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.shown == nil {
		n.shown = map[string]string{}
	}
	n.add(secret, shown)
	if lines := strings.Split(secret, "\n"); len(lines) > 1 {
		for _, l := range lines {
			if l = strings.TrimSpace(l); len(l) >= minLine {
				n.add(l, shown)
			}
		}
	}
}

func (n *Net) add(secret, shown string) {
	if _, known := n.shown[secret]; known {
		return
	}
	for _, form := range forms(secret) {
		if _, known := n.shown[form]; !known {
			n.shown[form] = shown
		}
	}
	n.replacer = nil
}

// forms returns the secret as programs write it.
func forms(secret string) []string {
	b := []byte(secret)
	out := []string{
		secret,
		base64.RawStdEncoding.EncodeToString(b),
		base64.RawURLEncoding.EncodeToString(b),
		hex.EncodeToString(b),
		strings.ToUpper(hex.EncodeToString(b)),
		url.QueryEscape(secret),
		url.PathEscape(secret),
	}
	var plain strings.Builder
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false)
	html, err := json.Marshal(secret)
	if err == nil && enc.Encode(secret) == nil {
		out = append(out, strings.Trim(string(html), `"`), strings.Trim(strings.TrimSpace(plain.String()), `"`))
	}
	return out
}

// Clean returns s without the secrets.
func (n *Net) Clean(s string) string {
	if n.base != nil {
		s = n.base.Clean(s)
	}
	n.mu.Lock()
	if n.replacer == nil {
		n.replacer = n.build()
	}
	r := n.replacer
	n.mu.Unlock()
	return r.Replace(s)
}

// build makes the replacer; of two forms that start at one place the longer wins.
func (n *Net) build() *strings.Replacer {
	keys := make([]string, 0, len(n.shown))
	for k := range n.shown {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	pairs := make([]string, 0, 2*len(keys))
	for _, k := range keys {
		pairs = append(pairs, k, n.shown[k])
	}
	return strings.NewReplacer(pairs...)
}

// Show cleans one line of outside text and makes it inert.
func (n *Net) Show(s string) safe.Text { return safe.Show(n.Clean(s)) }

// Lines cleans outside text and makes each line inert.
func (n *Net) Lines(s string) []safe.Text { return safe.Lines(n.Clean(s)) }
