// Package install finds Terraform, and installs a pinned version of it when
// there is none and the operator wants that.
//
// The download and its checks are those of HashiCorp's own library: the list of
// checksums must be signed by HashiCorp's key and the archive must match it.
// Nothing is unpacked before both hold.
package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hc-install/httpclient"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
)

// Version is the version that is installed when there is none. It is the one
// that Lockstep is tested with.
const Version = "1.11.4"

// Variable is the environment variable that names the program.
const Variable = "LOCKSTEP_TERRAFORM"

// ErrNotFound says that there is no Terraform where it was looked for.
var ErrNotFound = errors.New("terraform was not found")

// Find returns the path of the program: the given one, else what Variable says,
// else the one on PATH, else one that Install put into dir earlier. An error
// that wraps [ErrNotFound] names where it looked.
func Find(given, dir string) (string, error) {
	for _, named := range []struct{ path, from string }{{given, "--terraform"}, {os.Getenv(Variable), Variable}} {
		if named.path == "" {
			continue
		}
		found, err := exec.LookPath(named.path)
		if err != nil {
			return "", fmt.Errorf("%w at %q, which %s names: %w", ErrNotFound, named.path, named.from, err)
		}
		return filepath.Abs(found)
	}
	if found, err := exec.LookPath("terraform"); err == nil {
		return filepath.Abs(found)
	}
	own := filepath.Join(dir, product.Terraform.BinaryName())
	if st, err := os.Stat(own); err == nil && st.Mode().IsRegular() && st.Mode()&0o100 != 0 {
		return own, nil
	}
	return "", fmt.Errorf("%w on PATH", ErrNotFound)
}

// Progress is how far a download is. Total is 0 when the server does not say.
type Progress struct {
	Done, Total int64
}

// A Source is where releases are downloaded from. The zero value is HashiCorp's
// own site and key.
type Source struct {
	URL string // base address of a site with the same layout
	Key string // armoured public key that signs the checksums
}

// Install downloads the pinned version into dir, which is made when it is not
// there, and returns the path of the program. It blocks until that is done, ctx
// ends, or ten minutes are over. progress is called from other goroutines.
func (s Source) Install(ctx context.Context, dir string, progress func(Progress)) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the folder for terraform: %w", err)
	}
	client := httpclient.New()
	client.Transport = &meter{next: client.Transport, progress: progress}
	release := &releases.ExactVersion{
		Product: product.Terraform, Version: version.Must(version.NewVersion(Version)), InstallDir: dir,
		Timeout: 10 * time.Minute, HTTPClient: client, ApiBaseURL: s.URL, ArmoredPublicKey: s.Key,
	}
	path, err := release.Install(ctx)
	if err != nil {
		return "", fmt.Errorf("install terraform %s: %w", Version, err)
	}
	return path, nil
}

// meter counts what passes through a transport.
type meter struct {
	next     http.RoundTripper
	progress func(Progress)
}

func (m *meter) RoundTrip(r *http.Request) (*http.Response, error) {
	next := m.next
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := next.RoundTrip(r)
	if err == nil && m.progress != nil {
		resp.Body = &counted{ReadCloser: resp.Body, total: max(resp.ContentLength, 0), progress: m.progress}
	}
	return resp, err
}

type counted struct {
	io.ReadCloser
	done     atomic.Int64
	total    int64
	progress func(Progress)
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b)
	c.progress(Progress{Done: c.done.Add(int64(n)), Total: c.total})
	return n, err
}
