package terraform

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/live"
	"lockstep/runbook/safe"
	"lockstep/steps/terraform/cli"
	"lockstep/steps/terraform/cure"
	"lockstep/steps/terraform/redact"
)

// A session is what one run knows of Terraform.
type session struct {
	deps Deps
	run  engine.Run
	env  *runbook.Environment

	key [sha256.Size]byte // of the digests of values that may be secret, for this run only

	table      *live.Table // knows live things
	tableError error       // why there is none

	// values knows variables and sensitive values, and cleans what a plan says.
	// words knows backend settings as well, and cleans what programs print.
	values, words *redact.Net

	// mu is held while Terraform works: a measurement beside the steps must not
	// hold the state's lock when a step wants it.
	mu    sync.Mutex
	work  *workplace
	count int               // folders and plans made so far
	plans map[string]*saved // by digest of the plan file

	proposals map[string]cure.Proposal // ways round the outages of the last full plan, by id
	chosen    map[string][]string      // id of a change that was taken → keys of what it was to do
}

func newSession(d Deps, run engine.Run) *session {
	values := &redact.Net{}
	table, err := run.Runbook.Table()
	s := &session{
		deps: d, run: run, env: run.Environment, table: table, tableError: err,
		values: values, words: redact.Over(values),
		plans: map[string]*saved{}, chosen: map[string][]string{},
	}
	rand.Read(s.key[:]) // never fails
	return s
}

// A workplace is a checkout of one commit, ready to plan in.
type workplace struct {
	commit, head string
	tree         string          // hash of the commit's tree, inputs included
	base         string          // folder of everything below
	top          string          // the checkout
	listed       map[string]fact // what the commit has: the checkout before init
	settled      string          // digest of the checkout after init
	root         *cli.Root
	in           inputs
}

// workplace returns the checkout for a commit. The one that is there is used
// again as long as nothing in it changed since it was initialised.
func (s *session) workplace(ctx context.Context, op teller, commit, head string) (*workplace, error) {
	if w := s.work; w != nil && w.commit == commit && w.head == head {
		now, err := treeDigest(ctx, w.top)
		if err == nil && now == w.settled && w.root.Binary.Moved() == nil {
			return w, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		op.Tell(engine.Warned{Text: safe.Lit("the checkout was written to since it was made; the commit is checked out anew")})
	}
	s.work = nil
	w, err := s.prepare(ctx, op, commit, head)
	if err != nil {
		return nil, err
	}
	s.work = w
	return w, nil
}

func (s *session) prepare(ctx context.Context, op teller, commit, head string) (*workplace, error) {
	w := &workplace{commit: commit, head: head, base: s.path("checkout")}
	w.top = filepath.Join(w.base, "tree")
	data := filepath.Join(w.base, "data")
	for _, d := range []string{w.base, w.top, data} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("make a folder for the checkout: %w", err)
		}
	}
	if s.tableError != nil {
		return nil, s.tableError
	}
	t := s.env.Terraform
	env := cli.Environment(s.deps.Environ(), t.Environment, data)
	bin, err := cli.Find(ctx, s.binary(), t.Version, env)
	if err != nil {
		return nil, err
	}
	op.Tell(engine.Progressed{What: safe.Sprintf("checking out %.12s", commit)})
	src, err := s.deps.Open(s.env, s.run.Folder)
	if err != nil {
		return nil, err
	}
	if w.tree, err = src.Checkout(ctx, commit, head, s.env.Inputs, w.top); err != nil {
		return nil, err
	}
	w.listed = list(ctx, w.top)
	dir, err := inside(w.top, t.Directory)
	if err != nil {
		return nil, err
	}
	w.root = &cli.Root{Binary: bin, Dir: dir, Env: env, Net: s.words, Parallelism: t.Parallelism}
	if w.in, err = s.inputs(w); err != nil {
		return nil, err
	}
	op.Tell(engine.Progressed{What: safe.Sprintf("terraform init, version %s", bin.Version)})
	if err := w.root.Init(ctx, w.in.backend, exists(filepath.Join(dir, lockFile))); err != nil {
		return nil, err
	}
	if err := refuseLocalState(data, w.base, t.Workspace); err != nil {
		return nil, err
	}
	if t.Workspace != "" && t.Workspace != "default" {
		if err := w.root.SelectWorkspace(ctx, t.Workspace); err != nil {
			return nil, err
		}
	}
	w.settled, err = treeDigest(ctx, w.top)
	return w, err
}

// lockFile is where the versions of the providers are written down.
const lockFile = ".terraform.lock.hcl"

// path returns a new path in the run's private folder. What an earlier process of
// the run left there is not used again.
func (s *session) path(kind string) string {
	for {
		s.count++
		if path := filepath.Join(s.run.WorkDir, "terraform", kind+"-"+strconv.Itoa(s.count)); !exists(path) {
			return path
		}
	}
}

func (s *session) binary() string {
	switch {
	case s.deps.Binary != "":
		return s.deps.Binary
	case s.env.Terraform.Binary != "":
		return s.env.Terraform.Binary
	}
	return "terraform"
}

func (s *session) workspace() string {
	if s.env.Terraform.Workspace != "" {
		return s.env.Terraform.Workspace
	}
	return "default"
}

// inside returns the folder of the root module in a checkout.
func inside(top, directory string) (string, error) {
	if directory == "" {
		directory = "."
	}
	if !filepath.IsLocal(directory) {
		return "", fmt.Errorf("terraform.directory %q is not inside of the repository", directory)
	}
	dir := filepath.Join(top, directory)
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", &engine.Problem{
			Err:  fmt.Errorf("the commit has no folder %q", directory),
			Hint: "Check terraform.directory of the environment; the folder may have been moved in another commit.",
		}
	case err != nil:
		return "", err
	case !info.IsDir():
		return "", fmt.Errorf("terraform.directory %q is no folder", directory)
	}
	return dir, nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
