package main

import (
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// The script that runs the README's commands runs exactly what stands there.
func TestReadme_forecastCommandsAreThoseThatAreTested(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	script, err := txtar.ParseFile("testdata/script/forecast_readme.txtar")
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for _, f := range script.Files {
		if !strings.HasSuffix(f.Name, ".sh") {
			continue
		}
		blocks++
		if block := "```sh\n" + string(f.Data) + "```\n"; !strings.Contains(string(readme), block) {
			t.Errorf("the README has no block with\n%s", block)
		}
	}
	if blocks != 3 {
		t.Errorf("%d blocks are tested", blocks)
	}
}
