package announce

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// sendSlack posts to an incoming webhook of Slack or of what understands the same.
func sendSlack(ctx context.Context, address string, m message) error {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	return post(ctx, address, map[string]any{
		"text": escape.Replace(calm(m.whole())), "mrkdwn": false, "parse": "none", "unfurl_links": false, "unfurl_media": false,
	})
}

// sendWebhook posts an object for a program to read.
func sendWebhook(ctx context.Context, address string, m message) error {
	return post(ctx, address, map[string]any{
		"text": m.whole(), "id": m.id, "run": m.run, "environment": m.environment, "mode": m.mode, "step": m.step,
		"title": m.title, "commit": m.commit, "repeat": m.repeat,
	})
}

// calm replaces the @ of words that would call everybody. Slack itself wants
// <!channel> for that, others that take the same messages do not.
func calm(text string) string { return everybody.ReplaceAllString(text, "＠$1") }

// post sends an object as JSON. Errors never hold the address.
func post(ctx context.Context, address string, object map[string]any) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "":
		return &neverSentError{errors.New("the address is not a URL")}
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return &neverSentError{errors.New("the address is http, which is only allowed to this machine; use https")}
	case u.Scheme != "https" && u.Scheme != "http":
		return &neverSentError{errors.New("the address is not an https URL")}
	}
	body, err := json.Marshal(object)
	if err != nil {
		return &neverSentError{err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return &neverSentError{errors.New("the address is not a URL")}
	}
	req.Header.Set("Content-Type", "application/json")
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := client.Do(req)
	if err != nil {
		return postTrouble(ctx, err, address)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.CopyN(io.Discard, res.Body, 4<<10) // some servers count an unread answer as a failure
	switch {
	case res.StatusCode/100 == 2:
		return nil
	case res.StatusCode/100 == 3:
		return fmt.Errorf("the server answers %d and sends us elsewhere, which is not followed", res.StatusCode)
	}
	return fmt.Errorf("the server answers %d %s", res.StatusCode, http.StatusText(res.StatusCode))
}

// postTrouble says what went wrong, in words that cannot hold the address.
func postTrouble(ctx context.Context, err error, address string) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var name *net.DNSError
	var op *net.OpError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return errors.New("no answer in time; the message may have arrived all the same")
	case errors.As(err, &name):
		return &neverSentError{errors.New("the name in the address could not be looked up")}
	case errors.As(err, &op) && op.Op == "dial":
		return &neverSentError{fmt.Errorf("unreachable: %w", scrub(op.Err, address))}
	}
	return scrub(err, address)
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}
