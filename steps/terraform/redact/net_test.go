package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

const canary = `c4n"ary/+ü&<secret>`

func TestNet_replacesASecretInEveryEncoding(t *testing.T) {
	var n Net
	n.Add(canary, "‹var.token›")
	quoted, err := json.Marshal(canary)
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]string{
		"plain":  canary,
		"json":   string(quoted),
		"base64": base64.StdEncoding.EncodeToString([]byte(canary)),
		"url64":  base64.URLEncoding.EncodeToString([]byte(canary)),
		"hex":    hex.EncodeToString([]byte(canary)),
		"query":  url.QueryEscape(canary),
		"path":   url.PathEscape(canary),
	} {
		got := n.Clean("before " + in + " after")
		if strings.Contains(got, strings.Trim(in, `"`)) || !strings.Contains(got, "‹var.token›") {
			t.Errorf("%s: %q became %q", name, in, got)
		}
	}
}

func TestNet_findsSingleLinesOfASecret(t *testing.T) {
	var n Net
	n.Add("-----BEGIN-----\nMIIabcdefgh\nxy\n", Sensitive)
	if got := n.Clean("line: MIIabcdefgh"); got != "line: "+Sensitive {
		t.Errorf("got %q", got)
	}
	if got := n.Clean("xy"); got != "xy" {
		t.Errorf("a line of two letters was taken for a secret: %q", got)
	}
}

func TestNet_prefersTheLongerSecret(t *testing.T) {
	var n Net
	n.Add("secret", "‹a›")
	n.Add("secret-and-more", "‹b›")
	if got := n.Clean("secret-and-more secret"); got != "‹b› ‹a›" {
		t.Errorf("got %q", got)
	}
}

func TestNet_leavesCommonWordsAlone(t *testing.T) {
	var n Net
	n.Add("true", "‹a›")
	n.Add("", "‹b›")
	if got := n.Clean("it is true"); got != "it is true" {
		t.Errorf("got %q", got)
	}
}
