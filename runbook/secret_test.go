package runbook

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSecret_fileStartsFromTheFolderOfTheRunbook(t *testing.T) {
	folder := t.TempDir()
	absolute := filepath.Join(t.TempDir(), "hook")
	for path, content := range map[string]string{
		filepath.Join(folder, "hook"): "relative \nsecond line\n", absolute: "absolute\n", filepath.Join(folder, "empty"): "\n",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(t.TempDir()) // nothing is looked for here
	for secret, want := range map[Secret]string{"file:hook": "relative", Secret("file:" + absolute): "absolute"} {
		if got, err := secret.Reveal(folder); got != want || err != nil {
			t.Errorf("%s: %q, %v", secret, got, err)
		}
	}
	for _, secret := range []Secret{"file:gone", "file:empty"} {
		where := filepath.Join(folder, strings.TrimPrefix(string(secret), "file:"))
		if got, err := secret.Reveal(folder); err == nil || !strings.Contains(err.Error(), where) {
			t.Errorf("%s: %q, %v", secret, got, err)
		}
	}
}
