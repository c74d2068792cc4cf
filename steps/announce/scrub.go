package announce

import (
	"errors"
	"net/url"
	"regexp"
	"sort"
	"strings"

	"lockstep/runbook/safe"
)

var (
	everybody = regexp.MustCompile(`(?i)@(everyone|channel|here|all|room|group)\b`)
	mention   = regexp.MustCompile(`(^|[^\w.+-])@`)
	address   = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://[^\s"'<>]*`)
	parts     = regexp.MustCompile(`[^A-Za-z0-9_%]+`)
)

// hidden stands where a secret was.
const hidden = "‹hidden›"

// scrub makes an error that holds neither an address nor any part of the secret
// it was made from. Parts of fewer than five characters are left: they are
// ordinary words and ports.
func scrub(err error, secret string) error {
	text := address.ReplaceAllString(err.Error(), hidden)
	needles := map[string]bool{secret: true}
	forms := []string{secret}
	if u, perr := url.PathUnescape(secret); perr == nil {
		forms = append(forms, u)
	}
	if u, perr := url.QueryUnescape(secret); perr == nil {
		forms = append(forms, u)
	}
	for _, f := range forms {
		needles[f] = true
		for _, p := range parts.Split(f, -1) {
			if len(p) >= 5 {
				needles[p] = true
			}
		}
	}
	list := make([]string, 0, len(needles))
	for n := range needles {
		if n != "" {
			list = append(list, n)
		}
	}
	sort.Slice(list, func(i, j int) bool { return len(list[i]) > len(list[j]) })
	for _, n := range list {
		for _, form := range []string{n, url.QueryEscape(n), url.PathEscape(n)} {
			text = regexp.MustCompile(`(?i)`+regexp.QuoteMeta(form)).ReplaceAllString(text, hidden)
		}
	}
	return errors.New(safe.Show(text).String())
}

// plain takes out of a text what services turn into mentions, links or markup,
// by characters that look alike. It is for services whose rules are not known.
func plain(text string) string {
	text = everybody.ReplaceAllString(text, "＠$1")
	text = mention.ReplaceAllString(text, "$1＠")
	return strings.NewReplacer("<", "‹", ">", "›", "](", "] (", "][", "] [").Replace(text)
}
