package terraform

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"lockstep/steps/terraform/cli"
)

func TestOverrides_areFoundInBothLanguages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config string
		want   map[string]string
	}{
		"none":  {"provider_installation {\n  direct {}\n}\n", map[string]string{}},
		"empty": {"provider_installation {\n  dev_overrides {}\n}\n", map[string]string{}},
		"two": {
			"provider_installation {\n  dev_overrides {\n    \"a/b\" = \"/one\"\n    \"example.com/c/d\"=\"two words\" # why\n  }\n  direct {}\n}\n",
			map[string]string{"a/b": "/one", "example.com/c/d": "two words"},
		},
		"assigned": {"provider_installation {\n dev_overrides = { \"a/b\" = \"/one\" }\n}\n", map[string]string{"a/b": "/one"}},
		"json":     {`{"provider_installation":[{"dev_overrides":{"a/b":"/one","c/d":"/two"}},{"direct":{}}]}`, map[string]string{"a/b": "/one", "c/d": "/two"}},
	} {
		file := filepath.Join(t.TempDir(), "terraform.tfrc")
		writeFile(t, file, c.config)
		p := &saved{work: &workplace{root: &cli.Root{Env: map[string]string{"HOME": t.TempDir(), "TF_CLI_CONFIG_FILE": file}}}}
		if got := (&session{}).overrides(p); !maps.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestProviders_areFollowedThroughLinksAndNotInCircles(t *testing.T) {
	t.Parallel()
	top, cache := t.TempDir(), t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(cache, "terraform-provider-x"), "x")
	must(os.Mkdir(filepath.Join(top, "1.0"), 0o700))
	must(os.Symlink(cache, filepath.Join(top, "1.0", "linux")))
	must(os.Symlink(top, filepath.Join(cache, "round")))
	must(os.Symlink("nowhere", filepath.Join(top, "dangling")))
	take := func() map[string]fact {
		b := &binding{known: map[string]sized{}}
		b.facts[ofProvider] = map[string]fact{}
		b.follow(t.Context(), top, top, nil, nil)
		return b.facts[ofProvider]
	}
	was := take()
	if f := was["1.0/linux/terraform-provider-x"]; len(f.value) != len("sha256:")+64 {
		t.Errorf("the provider behind a link is %+v of %q", f, slices.Sorted(maps.Keys(was)))
	}
	if was["dangling"].value != cannotRead {
		t.Errorf("a link to nothing is %+v", was["dangling"])
	}
	writeFile(t, filepath.Join(cache, "terraform-provider-x"), "y")
	if told := differences(ofProvider, was, take()); len(told) != 1 {
		t.Errorf("told %q", told)
	}
}

// TestProgram_isReadAgainWhenAnythingAboutItMoved sets the time of a changed
// file back, as somebody would who does not want it to be seen.
func TestProgram_isReadAgainWhenAnythingAboutItMoved(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "terraform-provider-x")
	writeFile(t, path, "one")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	first := &binding{known: map[string]sized{}}
	was := first.program(path, nil)
	second := &binding{known: map[string]sized{}}
	if is := second.program(path, first); is != was {
		t.Errorf("the same file is %+v and was %+v", is, was)
	}
	writeFile(t, path, "two")
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if is := second.program(path, second); is == was {
		t.Error("another content of the same size and time was not seen")
	}
}
