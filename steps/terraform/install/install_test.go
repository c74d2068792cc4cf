package install

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

// site serves one release, laid out as HashiCorp's own site is and signed by a
// key of the test.
func site(t *testing.T, program []byte, spoil func(map[string][]byte)) Source {
	t.Helper()
	key, err := openpgp.NewEntity("releases", "", "releases@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	var armoured bytes.Buffer
	w, err := armor.Encode(&armoured, openpgp.PublicKeyType, nil)
	if err == nil {
		err = errors.Join(key.Serialize(w), w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}

	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	f, err := z.Create("terraform")
	if err == nil {
		_, err = f.Write(program)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("terraform_%s_%s_%s.zip", Version, runtime.GOOS, runtime.GOARCH)
	sums := fmt.Appendf(nil, "%x  %s\n", sha256.Sum256(archive.Bytes()), name)
	var sig bytes.Buffer
	if err := openpgp.DetachSign(&sig, key, bytes.NewReader(sums), nil); err != nil {
		t.Fatal(err)
	}
	base := "/terraform/" + Version + "/"
	files := map[string][]byte{
		base + name: archive.Bytes(),
		base + "terraform_" + Version + "_SHA256SUMS":     sums,
		base + "terraform_" + Version + "_SHA256SUMS.sig": sig.Bytes(),
	}
	server := httptest.NewServer(nil)
	t.Cleanup(server.Close)
	index, err := json.Marshal(map[string]any{
		"name": "terraform", "version": Version, "shasums": "terraform_" + Version + "_SHA256SUMS",
		"shasums_signature":  "terraform_" + Version + "_SHA256SUMS.sig",
		"shasums_signatures": []string{"terraform_" + Version + "_SHA256SUMS.sig"},
		"builds": []map[string]string{{
			"name": "terraform", "version": Version, "os": runtime.GOOS, "arch": runtime.GOARCH,
			"filename": name, "url": server.URL + base + name,
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	files[base+"index.json"] = index
	if spoil != nil {
		spoil(files)
	}
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if strings.HasSuffix(r.URL.Path, ".zip") {
			w.Header().Set("Content-Type", "application/zip")
		}
		if strings.HasSuffix(r.URL.Path, ".json") {
			w.Header().Set("Content-Type", "application/json")
		}
		w.Write(body)
	})
	return Source{URL: server.URL, Key: armoured.String()}
}

func TestInstall_verifiesAndShowsProgress(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bin")
	var last atomic.Int64
	path, err := site(t, []byte("#!/bin/sh\n"), nil).Install(t.Context(), dir, func(p Progress) { last.Store(p.Done) })
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "#!/bin/sh\n" {
		t.Errorf("got %q, %v", b, err)
	}
	if last.Load() == 0 {
		t.Error("no progress was shown")
	}
	t.Setenv("PATH", t.TempDir())
	t.Setenv(Variable, "")
	if found, err := Find("", dir); err != nil || found != path {
		t.Errorf("found %q, %v", found, err)
	}
}

func TestInstall_refusesWhatIsNotSignedOrNotWhatWasSigned(t *testing.T) {
	for name, spoil := range map[string]func(map[string][]byte){
		"archive": func(files map[string][]byte) {
			for k := range files {
				if strings.HasSuffix(k, ".zip") {
					files[k] = append(bytes.Clone(files[k]), 0)
				}
			}
		},
		"checksums": func(files map[string][]byte) {
			for k := range files {
				if strings.HasSuffix(k, "SHA256SUMS") {
					files[k] = append(bytes.Clone(files[k]), '\n')
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if path, err := site(t, []byte("x"), spoil).Install(t.Context(), dir, nil); err == nil {
				t.Fatalf("installed %s", path)
			}
			if _, err := os.Stat(filepath.Join(dir, "terraform")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("something was unpacked: %v", err)
			}
		})
	}
}

func TestFind_saysWhereItLooked(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(Variable, "")
	if _, err := Find("", t.TempDir()); !errors.Is(err, ErrNotFound) || err.Error() != "terraform was not found on PATH" {
		t.Errorf("got %v", err)
	}
	if _, err := Find("/nowhere/terraform", ""); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "--terraform") {
		t.Errorf("got %v", err)
	}
	t.Setenv(Variable, "/nowhere/else")
	if _, err := Find("", ""); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), Variable) {
		t.Errorf("got %v", err)
	}
}
