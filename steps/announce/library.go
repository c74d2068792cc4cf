package announce

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/mail"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"lockstep/runbook"
	"lockstep/runbook/safe"
)

// sendService sends to any service the library knows.
func sendService(ctx context.Context, address string, m message) error {
	return viaLibrary(ctx, address, plain(m.whole()), address)
}

// viaLibrary hands a message to the library. It has no way to cancel, so a
// message that takes too long is left to itself and may still arrive.
func viaLibrary(ctx context.Context, address, text, secret string) error {
	sent := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				sent <- fmt.Errorf("the notification library failed: %v", p)
			}
		}()
		service, err := new(router.ServiceRouter).Locate(address)
		if err != nil {
			sent <- &neverSentError{fmt.Errorf("the address is not one that the notification library takes: %w", scrub(innermost(err), secret))}
			return
		}
		if err := service.Send(text, &types.Params{}); err != nil {
			sent <- scrub(err, secret)
			return
		}
		sent <- nil
	}()
	select {
	case err := <-sent:
		return err
	case <-ctx.Done():
		return errors.New("no answer in time; the message may have arrived all the same")
	}
}

// innermost returns the error at the end of a chain: those around it repeat the address.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// checkEmail says what is wrong with the settings of a mail channel. The mail
// library writes addresses into headers as they are.
func checkEmail(e *runbook.Email) error {
	if host, port, err := net.SplitHostPort(e.Server); err != nil || host == "" || port == "" {
		return fmt.Errorf("the mail server %q is not host:port", safe.Show(e.Server))
	}
	if len(e.To) == 0 {
		return errors.New("there is no receiver")
	}
	for _, a := range append([]string{e.From}, e.To...) {
		parsed, err := mail.ParseAddress(a)
		if err != nil || parsed.Address != a || strings.ContainsAny(a, ", \"<>\r\n") {
			return fmt.Errorf("%q is not a plain mail address", safe.Show(a))
		}
	}
	return nil
}

// sendEmail sends by SMTP, one message a receiver.
func sendEmail(e *runbook.Email, folder string) func(context.Context, message) error {
	return func(ctx context.Context, m message) error {
		if err := checkEmail(e); err != nil {
			return &neverSentError{err}
		}
		password := ""
		if e.Password != "" {
			var err error
			if password, err = e.Password.Reveal(folder); err != nil {
				return &neverSentError{err}
			}
		}
		return viaLibrary(ctx, mailURL(e, password, subject(m)), fold(m.whole()), password)
	}
}

// mailURL writes the settings as the library takes them.
func mailURL(e *runbook.Email, password, subject string) string {
	q := url.Values{
		"fromaddress": {e.From}, "fromname": {"Lockstep"}, "toaddresses": {strings.Join(e.To, ",")}, "subject": {subject},
		"usehtml": {"No"}, "timeout": {sendTimeout.String()},
	}
	switch e.TLS {
	case "implicit":
		q.Set("encryption", "ImplicitTLS")
	case "none":
		q.Set("encryption", "None")
		q.Set("usestarttls", "No")
	default:
		q.Set("encryption", "ExplicitTLS")
		q.Set("usestarttls", "Yes")
		q.Set("requirestarttls", "Yes")
	}
	u := url.URL{Scheme: "smtp", Host: e.Server, Path: "/", RawQuery: q.Encode()}
	if e.Username != "" {
		u.User = url.UserPassword(e.Username, password)
	}
	return u.String()
}

// subject is one line of ASCII, whatever the title holds.
func subject(m message) string {
	s := []rune(fmt.Sprintf("[%s] %s", m.environment, m.title))
	if m.repeat {
		s = append([]rune("(repeat) "), s...)
	}
	if len(s) > 120 {
		s = append(s[:119], '…')
	}
	// What looks like an encoded word already would be decoded by the reader.
	return mime.QEncoding.Encode("utf-8", strings.ReplaceAll(safe.Show(string(s)).String(), "=?", "= ?"))
}

// fold breaks lines that are longer than mail allows.
func fold(text string) string {
	const most = 900 // of 998 bytes
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		var out []string
		for len(l) > most {
			cut := most
			for !utf8.RuneStart(l[cut]) {
				cut--
			}
			out, l = append(out, l[:cut]), l[cut:]
		}
		lines[i] = strings.Join(append(out, l), "\n")
	}
	return strings.Join(lines, "\n")
}
