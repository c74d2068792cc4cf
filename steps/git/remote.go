package git

import (
	"errors"
	"net/url"
	"strings"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/transport"

	"lockstep/runbook/engine"
)

// plainError puts an error of a remote into words. What stands before the @ of
// the remote's address can be a password, and is taken out.
func plainError(remote *gogit.Remote, err error) error {
	hint, text := "Check the remote with git fetch.", err.Error()
	switch {
	case errors.Is(err, transport.ErrAuthenticationRequired), errors.Is(err, transport.ErrAuthorizationFailed):
		hint = "Use a remote over SSH with your agent running; credential helpers of git are not asked."
	case errors.Is(err, transport.ErrRepositoryNotFound):
		text = "the remote repository does not exist, or may not be seen"
	}
	for _, raw := range remote.Config().URLs {
		u, perr := url.Parse(raw)
		if perr != nil || u.User == nil {
			continue
		}
		text = strings.ReplaceAll(text, u.User.String()+"@", "")
		if p, ok := u.User.Password(); ok && p != "" {
			text = strings.ReplaceAll(text, p, "…")
		}
		if n := u.User.Username(); len(n) > 8 { // a token can stand there too
			text = strings.ReplaceAll(text, n, "…")
		}
	}
	return &engine.Problem{Err: errors.New(text), Hint: hint}
}
