package git

import (
	"regexp"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
)

// Trailers that an author writes, and that Lockstep writes.
const (
	trailerHazard      = "deploy-hazard"
	trailerAlone       = "deploy-alone"
	trailerAfter       = "deploy-after"
	trailerRun         = "lockstep-run"
	trailerEnvironment = "lockstep-environment"
	trailerCommit      = "lockstep-commit"
)

// candidate reads a commit for a list. What depends on its neighbours is left out.
func (r *Repository) candidate(h plumbing.Hash) (engine.Candidate, *object.Commit, error) {
	c, err := r.objects.Commit(h)
	if err != nil {
		return engine.Candidate{}, nil, r.explain(err)
	}
	out := engine.Candidate{
		Hash: h.String(), Short: short(h), When: c.Committer.When,
		Author: safe.Show(c.Author.Name), Email: safe.Show(c.Author.Email),
		Subject: subject(c.Message), Signature: signature(c),
	}
	for _, t := range trailers(c.Message) {
		switch t.key {
		case trailerHazard:
			out.Hazards = append(out.Hazards, safe.Show(t.value))
		case trailerAfter:
			out.After = append(out.After, safe.Show(t.value))
		case trailerAlone:
			v := strings.ToLower(t.value)
			out.Alone = v != "no" && v != "false"
		}
	}
	return out, c, nil
}

// subject returns the first paragraph of a message as one line, as git does.
func subject(message string) safe.Text {
	first, _, _ := strings.Cut(strings.TrimLeft(message, "\n"), "\n\n")
	return safe.Show(strings.TrimSpace(strings.Join(strings.Split(first, "\n"), " ")))
}

// signature says whether a commit is signed and that nobody looked at it.
func signature(c *object.Commit) safe.Text {
	switch s := c.PGPSignature; {
	case s == "":
		return safe.Lit("none")
	case strings.Contains(s, "BEGIN SSH SIGNATURE"):
		return safe.Lit("SSH, not checked")
	case strings.Contains(s, "BEGIN SIGNED MESSAGE"):
		return safe.Lit("X.509, not checked")
	}
	return safe.Lit("PGP, not checked")
}

type trailer struct{ key, value string }

var trailerLine = regexp.MustCompile(`^([A-Za-z0-9-]+)[ \t]*:[ \t]*(.*)$`)

// trailers returns every line of a message that has the form of a trailer, keys
// in lower case, continued lines joined. It looks beyond the last paragraph,
// because squashing commits moves their trailers into the middle, and a hazard
// must not get lost that way.
func trailers(message string) []trailer {
	var out []trailer
	open := false
	for line := range strings.Lines(message) {
		line = strings.TrimRight(line, "\r\n")
		if m := trailerLine.FindStringSubmatch(line); m != nil {
			out = append(out, trailer{strings.ToLower(m[1]), strings.TrimSpace(m[2])})
			open = true
			continue
		}
		text := strings.TrimSpace(line)
		if open = open && text != "" && text != line && (line[0] == ' ' || line[0] == '\t'); open {
			last := &out[len(out)-1]
			last.value = strings.TrimSpace(last.value + " " + text)
		}
	}
	return out
}

// own returns the trailers of the last paragraph, where Lockstep writes them.
func own(message string) map[string]string {
	message = strings.TrimSpace(message)
	if i := strings.LastIndex(message, "\n\n"); i >= 0 {
		message = message[i+2:]
	} else {
		return nil
	}
	out := map[string]string{}
	for _, t := range trailers(message) {
		out[t.key] = t.value
	}
	return out
}

var revertLine = regexp.MustCompile(`(?i)this reverts commit ([0-9a-f]{7,40})`)

// reverted returns the ids, perhaps short, of the commits that a message says it reverts.
func reverted(message string) []string {
	var out []string
	for _, m := range revertLine.FindAllStringSubmatch(message, -1) {
		out = append(out, strings.ToLower(m[1]))
	}
	return out
}

// joinNames lists names for a sentence.
func joinNames(names []string) string {
	const most = 4
	if len(names) > most {
		names = append(names[:most:most], "others")
	}
	return strings.Join(names, ", ")
}
