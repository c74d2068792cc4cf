package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"lockstep/runbook/journal"
)

// badInput are the commands of the scripts that hand bad input to the program.
func badInput() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"needs": needs, "project": project, "refuses": refuses, "serve": serve, "install": installCrash, "same": same,
	}
}

// needs fails a script that is about to be skipped, where the tools are required:
//
//	[!exec:PROGRAM] needs PROGRAM
//	[!exec:PROGRAM] skip 'NOT TESTED: PROGRAM was not found on PATH'
func needs(ts *testscript.TestScript, _ bool, args []string) {
	if os.Getenv("LOCKSTEP_REQUIRE_TOOLS") != "" {
		ts.Fatalf("%q are required and were not found on PATH", args)
	}
}

// project lays out a project in the folder of the script: project
//
// A file main.tf of the script takes the place of the configuration that is to be
// deployed.
func project(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 0 {
		ts.Fatalf("usage: project")
	}
	work := ts.Getenv("WORK")
	next, err := os.ReadFile(filepath.Join(work, "main.tf"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		ts.Fatalf("%v", err)
	}
	ts.Check(layOut(work, string(next)))
}

// layOut puts what testdata/project holds into a folder, with a repository in
// which main is one commit ahead of the pin of production. $WORK in the files
// becomes the folder. next is the configuration that is to be deployed, or "".
func layOut(work, next string) error {
	from := os.DirFS(filepath.Join(scriptsHome, "testdata", "project"))
	err := fs.WalkDir(from, ".", func(path string, e fs.DirEntry, err error) error {
		to := filepath.Join(work, path)
		switch {
		case err != nil:
			return err
		case e.IsDir():
			return os.MkdirAll(to, 0o755)
		}
		b, err := fs.ReadFile(from, path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, bytes.ReplaceAll(b, []byte("$WORK"), []byte(work)), 0o644)
	})
	if err != nil {
		return err
	}
	// The folder of the state; Terraform would make it when it plans.
	if err := os.Mkdir(filepath.Join(work, "live"), 0o755); err != nil {
		return err
	}
	repo := filepath.Join(work, "repo")
	config := filepath.Join(repo, "infra", "main.tf")
	now, err := os.ReadFile(config)
	if err != nil {
		return err
	}
	if next == "" {
		next = strings.Replace(string(now), `"v1"`, `"v2"`, 1)
	}
	if err := inGit(repo, nil, "init", "-q", "-b", "main"); err != nil {
		return err
	}
	pin := filepath.Join(repo, "production", "deployed-ref")
	if err := os.Mkdir(filepath.Dir(pin), 0o755); err != nil {
		return err
	}
	for _, c := range []struct {
		subject, path string
		text          func() (string, error)
	}{
		{"first", config, func() (string, error) { return string(now), nil }},
		{"pin", pin, func() (string, error) {
			var head bytes.Buffer
			err := inGit(repo, &head, "rev-parse", "HEAD")
			return head.String(), err
		}},
		{"second", config, func() (string, error) { return next, nil }},
	} {
		text, err := c.text()
		if err == nil {
			err = os.WriteFile(c.path, []byte(text), 0o644)
		}
		if err == nil {
			err = inGit(repo, nil, "add", ".")
		}
		if err == nil {
			err = inGit(repo, nil, "commit", "-q", "-m", c.subject)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// inGit runs git in a repository, as somebody who is always the same.
func inGit(repo string, out io.Writer, args ...string) error {
	cmd := exec.Command("git", append([]string{"-C", repo}, args...)...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &said
	cmd.Env = append(os.Environ(), gitIdentity()...)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("git %q: %w: %s", args, err, said.String())
	}
	return nil
}

// scriptsHome is the folder of this package, since scripts run elsewhere.
var scriptsHome, _ = os.Getwd()

// refuses runs a command that must end with an exit code and have no effect:
// refuses CODE PROGRAM ARGS…
//
// No effect means that every file below $WORK is what it was, except for temporary
// ones and the journals; that these got no intent; that they are intact, and every run in them
// is closed; and that nothing lies beside them which a run should have removed.
// With ! the command must have had an effect.
func refuses(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: refuses CODE PROGRAM ARGS…")
	}
	before := everyFile(ts)
	intents := checkJournals(ts)
	exits(ts, false, args)
	var moved []string
	after := everyFile(ts)
	for path, sum := range after {
		if before[path] != sum {
			moved = append(moved, path)
		}
	}
	for path := range before {
		if after[path] == "" {
			moved = append(moved, path+" (gone)")
		}
	}
	if n := checkJournals(ts) - intents; n > 0 {
		moved = append(moved, fmt.Sprintf("%d intents", n))
	}
	slices.Sort(moved)
	switch {
	case neg && len(moved) == 0:
		ts.Fatalf("nothing has changed")
	case !neg && len(moved) > 0:
		ts.Fatalf("it had an effect: %s", strings.Join(moved, ", "))
	}
}

// everyFile returns what every file of the script is, except for journals.
func everyFile(ts *testscript.TestScript) map[string]string {
	files, work, state := map[string]string{}, ts.Getenv("WORK"), ts.Getenv("XDG_STATE_HOME")
	ts.Check(filepath.WalkDir(work, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == state, path == ts.Getenv("TMPDIR"): // providers that crash leave their sockets
			return filepath.SkipDir
		case !e.Type().IsRegular():
			files[path] = e.Type().String()
			return nil
		}
		b, err := os.ReadFile(path)
		files[path] = fmt.Sprintf("%s %x", e.Type(), sha256.Sum256(b))
		return err
	}))
	return files
}

// checkJournals verifies all journals of the script and returns the number of
// intents in them. What a run put beside its journal must be gone.
func checkJournals(ts *testscript.TestScript) (intents int) {
	err := filepath.WalkDir(ts.Getenv("XDG_STATE_HOME"), func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if e.IsDir() && filepath.Base(filepath.Dir(path)) == "work" {
			return fmt.Errorf("the work folder %s is left", path)
		}
		if e.Name() != journal.FileName {
			return nil
		}
		verdict, err := journal.Verify(path)
		if err != nil {
			return err
		}
		if !verdict.Intact || !verdict.Complete {
			return fmt.Errorf("the journal is damaged or open: %+v", verdict)
		}
		records, err := journal.Read(path)
		for _, r := range records {
			if r.Kind == journal.KindIntent {
				intents++
			}
		}
		return err
	})
	ts.Check(err)
	return intents
}

// same compares the two runs of the only journal: they must have gone through the
// same steps and asked the same questions: same
func same(ts *testscript.TestScript, _ bool, _ []string) {
	found, err := filepath.Glob(filepath.Join(ts.Getenv("XDG_STATE_HOME"), "lockstep", "*", "*", journal.FileName))
	ts.Check(err)
	if len(found) != 1 {
		ts.Fatalf("there is not one journal but %q", found)
	}
	records, err := journal.Read(found[0])
	ts.Check(err)
	var runs []string
	way := map[string][]string{}
	for _, r := range records {
		if r.Kind == journal.KindOpen {
			runs = append(runs, r.Run)
		}
		if r.Kind != journal.KindStep && r.Kind != journal.KindQuestion {
			continue
		}
		var body struct{ State, Kind string }
		ts.Check(json.Unmarshal(r.Body, &body))
		if body.State != "" && body.State != "started" {
			body.State = "ended"
		}
		way[r.Run] = append(way[r.Run], fmt.Sprintf("%s %s %s %s %d", r.Kind, r.Step, body.Kind, body.State, r.Attempt))
	}
	if len(runs) != 2 || len(way[runs[0]]) == 0 {
		ts.Fatalf("there are %d runs", len(runs))
	}
	if !slices.Equal(way[runs[0]], way[runs[1]]) {
		ts.Fatalf("they went different ways:\n%s\n\n%s", strings.Join(way[runs[0]], "\n"), strings.Join(way[runs[1]], "\n"))
	}
}
