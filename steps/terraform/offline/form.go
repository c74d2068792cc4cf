package offline

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"lockstep/runbook/engine"
)

// A form is one in which plans come.
type form int

const (
	savedPlan form = iota
	planJSON
)

// formOf tells the form by how the file begins.
func formOf(path string) (form, error) {
	in, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(in, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, fmt.Errorf("read %s: %w", path, err)
	}
	head = head[:n]
	text := bytes.TrimLeft(head, " \t\r\n")
	no := func(what, hint string) (form, error) {
		return 0, &engine.Problem{Err: fmt.Errorf("%s %s", path, what), Hint: hint}
	}
	switch {
	case n == 0:
		return no("is empty", "plan again with terraform plan -out=FILE")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return savedPlan, nil
	case bytes.Contains(head, []byte(`"remote_plan_format"`)):
		return no("is a plan that HCP Terraform keeps; it has no graph here", "forecast a plan that was made on this machine, with a backend that only keeps the state")
	case bytes.HasPrefix(text, []byte("{")):
		return planJSON, nil
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")), bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return no("begins with a byte order mark", "write what terraform show -json prints as UTF-8 without one; in PowerShell: | Set-Content -Encoding utf8NoBOM")
	}
	return no("is neither a saved plan nor the JSON of one", "name a plan that terraform plan -out=FILE saved, or what terraform show -json FILE printed")
}

// checkSaved reports whether an archive is a saved plan. Terraform would say it
// with fewer words that help.
func checkSaved(path string) error {
	z, err := zip.OpenReader(path)
	if err != nil {
		return &engine.Problem{Err: fmt.Errorf("%s begins like a saved plan and is cut or damaged: %w", path, err), Hint: "plan again, or copy it again"}
	}
	defer z.Close()
	if !slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == "tfplan" }) {
		return &engine.Problem{Err: fmt.Errorf("%s is an archive and no saved plan", path), Hint: "name a plan that terraform plan -out=FILE saved"}
	}
	return nil
}

// inFolder gives the failure of a call the hints that fit a folder which somebody
// else keeps.
func (s Source) inFolder(err error) error {
	var p *engine.Problem
	if !errors.As(err, &p) {
		return err
	}
	if errors.Is(err, engine.ErrStale) {
		return &engine.Problem{
			Err:   fmt.Errorf("the plan does not fit the state of %s: it was made in another folder, or something was applied since", s.Dir),
			Hint:  "name the folder in which the plan was made with --chdir DIR, or plan again",
			Lines: p.Lines,
		}
	}
	for _, l := range p.Lines {
		if bytes.Contains([]byte(l.String()), []byte("terraform init")) || bytes.Contains([]byte(l.String()), []byte("tofu init")) {
			p.Hint = "run terraform init in " + s.Dir + ", or name the folder in which the plan was made with --chdir DIR"
		}
	}
	return err
}
