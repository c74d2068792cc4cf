package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/mattn/go-runewidth"

	"lockstep/runbook/journal"
)

func markdownOf(t *testing.T, path, run string) string {
	t.Helper()
	var b bytes.Buffer
	if err := Markdown(&b, path, run); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func showOf(t *testing.T, path, run string, width int) string {
	t.Helper()
	var b bytes.Buffer
	if err := Show(&b, path, run, width); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func jsonOf(t *testing.T, path, run string) string {
	t.Helper()
	var b bytes.Buffer
	if err := JSON(&b, path, run); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMarkdown_tellsTheRun(t *testing.T) {
	golden(t, "done.md", markdownOf(t, fixture, "20261122"))
	golden(t, "unknown.md", markdownOf(t, fixture, "last"))
}

func TestShow_tellsTheRun(t *testing.T) {
	golden(t, "done.txt", showOf(t, fixture, "20261122", 80))
	golden(t, "unknown.txt", showOf(t, filepath.Join(fixture, journal.FileName), "", 80))
}

func TestShow_keepsToItsWidth(t *testing.T) {
	for _, width := range []int{1, 20, 40, 60, 100, 200} {
		for n, line := range strings.Split(showOf(t, fixture, "20261122", width), "\n") {
			if w := runewidth.StringWidth(line); w > max(width, minWidth) {
				t.Fatalf("width %d, line %d is %d wide: %q", width, n+1, w, line)
			}
		}
	}
}

func TestJSON_holdsRecordsAndBlobs(t *testing.T) {
	out := jsonOf(t, fixture, "20261122")
	golden(t, "done.json", out)
	var b bundle
	if err := json.Unmarshal([]byte(out), &b); err != nil {
		t.Fatal(err)
	}
	all, err := journal.Read(filepath.Join(fixture, journal.FileName))
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Records) == 0 || b.Format != Format || b.Run.Result != "done" || b.Damage != "" {
		t.Errorf("%+v", b.Run)
	}
	for i, r := range b.Records {
		var got, want bytes.Buffer
		json.Compact(&got, r.Body)
		json.Compact(&want, escapeHidden(all[i].Body))
		if r.Prev != all[i].Prev || got.String() != want.String() {
			t.Errorf("record %d has changed", r.Seq)
		}
	}
	blobs := map[string]string{}
	for _, bl := range b.Blobs {
		if bl.Missing != "" {
			t.Errorf("blob %s: %s", bl.SHA256, bl.Missing)
		}
		blobs[bl.SHA256] = bl.Text
	}
	for _, r := range b.Records {
		for _, ref := range r.Blobs {
			if int64(len(blobs[ref.SHA256])) != ref.Size {
				t.Errorf("blob %q has %d bytes, not %d", ref.Name, len(blobs[ref.SHA256]), ref.Size)
			}
		}
	}
}

func TestExports_areInert(t *testing.T) {
	for run, dir := range map[string]string{"20261122": fixture, "20261123": fixture, "20261128": foretold, "20261129": resumed} {
		for name, out := range map[string]string{
			"markdown": markdownOf(t, dir, run), "show": showOf(t, dir, run, 80), "json": jsonOf(t, dir, run),
		} {
			for i, r := range out {
				if r != '\n' && r != ' ' && (!unicode.IsPrint(r) || unicode.Is(unicode.Mn, r)) {
					t.Errorf("%s of %s holds %U at %d", name, run, r, i)
				}
			}
		}
	}
}

func TestMarkdown_outsideTextIsNoMarkup(t *testing.T) {
	out := markdownOf(t, fixture, "20261122")
	for _, bad := range []string{"<static>", " *records*", "https://", "@ops", "\n# not a heading\n````\n- done\n```\n"} {
		if strings.Contains(out, bad) {
			t.Errorf("%q is markup", bad)
		}
	}
	if !strings.Contains(out, "`````text\n") {
		t.Error("the quoted text can end its own fence")
	}
}

func TestMarkdown_unknownComesFirst(t *testing.T) {
	out := markdownOf(t, fixture, "last")
	first, second := strings.Index(out, "## Unknown outcome"), strings.Index(out, "## What was done")
	if first < 0 || first > second || !strings.Contains(out[:second], "terraform apply of certificate.static") {
		t.Errorf("the unknown effect is not told first:\n%s", out[:second])
	}
}

func TestFind_namesWhatItCannotFind(t *testing.T) {
	all, err := journal.Read(filepath.Join(fixture, journal.FileName))
	if err != nil {
		t.Fatal(err)
	}
	for run, want := range map[string]string{"nope": `"nope"`, "2026": "2 runs start with"} {
		if _, err := Find(all, run); !errors.Is(err, ErrNoRun) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", run, err)
		}
	}
	if _, err := Find(nil, ""); !errors.Is(err, ErrNoRun) {
		t.Errorf("empty: %v", err)
	}
}

// copyFixture returns a copy of the fixture that a test may spoil.
func copyFixture(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(fixture)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestMarkdown_saysDamage(t *testing.T) {
	dir := copyFixture(t)
	path := filepath.Join(dir, journal.FileName)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	spoiled := bytes.Replace(raw, []byte("1 resource replaced"), []byte("9 resource replaced"), 1)
	if err := os.WriteFile(path, spoiled, 0o600); err != nil {
		t.Fatal(err)
	}
	out := markdownOf(t, dir, "20261122")
	for _, want := range []string{"The journal is damaged", "The journal does not verify", "NOT INTACT"} {
		if !strings.Contains(out, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
}

func TestMarkdown_saysWhichBlobIsMissing(t *testing.T) {
	dir := copyFixture(t)
	blobs, err := filepath.Glob(filepath.Join(dir, "blobs", "*"))
	if err != nil || len(blobs) == 0 {
		t.Fatal(err)
	}
	for _, b := range blobs {
		if err := os.Remove(b); err != nil {
			t.Fatal(err)
		}
	}
	out := markdownOf(t, dir, "20261122")
	if n := strings.Count(out, "What was shown cannot be told"); n != 4 {
		t.Errorf("%d questions are told as lost", n)
	}
	if !strings.Contains(out, "NOT INTACT") {
		t.Error("the report does not say that blobs are missing")
	}
}
