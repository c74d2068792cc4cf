package document

import (
	"fmt"
	"net/url"
	"strings"

	"lockstep/runbook"
)

func (w *writer) probes() {
	if len(w.rb.Probes) == 0 {
		return
	}
	w.heading(2, "Probes")
	for _, name := range names(w.rb.Probes) {
		w.heading(3, prose(name))
		w.probe(w.rb.Probes[name])
		if w.env != nil {
			continue // its own probes are in their place already
		}
		for _, env := range names(w.rb.Environments) {
			if own := w.rb.Environments[env].Probes[name]; own != nil {
				w.line("")
				w.line("In **%s** instead:", prose(env))
				w.probe(own)
			}
		}
	}
}

func (w *writer) probe(p *runbook.Probe) {
	w.line("")
	switch {
	case p.DNS != nil:
		w.dns(p.DNS)
	case p.HTTP != nil:
		w.http(p.HTTP)
	case p.TLS != nil:
		w.tls(p.TLS)
	case p.TCP != nil:
		host, port := splitAddress(p.TCP.Address)
		w.line("A connection to %s must open.", code(p.TCP.Address))
		w.shell("nc -z " + quote(host) + " " + quote(port))
	case p.Command != nil:
		w.line("The program must end with exit code %d%s.", p.Command.Exit, ifSet(p.Command.Output, " and print %s"))
		w.shell(quoteAll(p.Command.Argv))
	case p.NoChanges != nil:
		w.line("A Terraform plan must have nothing to do. The exit code of the command is 0 then, and 2 when there is something.")
		w.shell(w.binary() + " plan -detailed-exitcode")
	}
	required := ""
	if p.Required {
		required = " It is required: it cannot be accepted as failed."
	}
	w.line("")
	w.line("Measured every %s, for at most %s each time.%s", span(p.Every), span(p.Timeout), required)
}

func (w *writer) dns(p *runbook.DNSProbe) {
	where, servers := "The name servers of the system", []string{""}
	if len(p.Servers) > 0 {
		where, servers = "Each of "+codes(p.Servers), p.Servers
	}
	want := "any answer"
	if len(p.Values) > 0 {
		want = codes(p.Values)
	}
	w.line("%s must answer for %s, type %s, with %s.", where, code(p.Name), code(p.Type), want)
	var commands []string
	for _, s := range servers {
		c := "dig +short"
		if s != "" {
			host, port := splitAddress(s)
			c += " " + quote("@"+host)
			if port != "" {
				c += " -p " + quote(port)
			}
		}
		commands = append(commands, c+" "+quote(p.Name)+" "+quote(p.Type))
	}
	w.shell(commands...)
}

func (w *writer) http(p *runbook.HTTPProbe) {
	w.line("%s of %s must give the status %d%s.", p.Method, code(p.URL), p.Status, ifSet(p.Body, " and hold %s"))
	if len(p.Headers) > 0 {
		w.line("It is sent with %s. The values of headers are not written here.", codes(names(p.Headers)))
	}
	c := "curl -sS -i"
	if p.Method == "HEAD" {
		c = "curl -sS -I"
	}
	if u, err := url.Parse(p.URL); err == nil && p.Connect != "" {
		host, port := splitAddress(p.Connect)
		c += " --connect-to " + quote(fmt.Sprintf("%s::%s:%s", u.Hostname(), host, port))
	}
	if p.CAFile != "" {
		c += " --cacert " + quote(p.CAFile)
	}
	for _, h := range names(p.Headers) {
		c += " -H " + quote(h+": …")
	}
	w.shell(c + " " + quote(p.URL))
}

func (w *writer) tls(p *runbook.TLSProbe) {
	host, _ := splitAddress(p.Address)
	valid := ""
	if len(p.Names) > 0 {
		valid = " for " + codes(p.Names)
	}
	stay := ""
	if p.ValidFor > 0 {
		stay = ", and stay so for " + span(p.ValidFor)
	}
	w.line("The certificate at %s must be valid%s%s.", code(p.Address), valid, stay)
	ca := ""
	if p.CAFile != "" {
		ca = " -CAfile " + quote(p.CAFile)
	}
	w.shell("openssl s_client -connect " + quote(p.Address) + " -servername " + quote(or(p.ServerName, host)) + ca +
		" </dev/null | openssl x509 -noout -dates -ext subjectAltName")
}

func (w *writer) channels() {
	if len(w.rb.Channels) == 0 {
		return
	}
	w.heading(2, "Channels")
	w.line("")
	for _, name := range names(w.rb.Channels) {
		w.line("- **%s**: %s", prose(name), channel(w.rb.Channels[name]))
	}
}

// channel says what a channel is without its secrets.
func channel(c *runbook.Channel) string {
	switch {
	case c.Slack != "":
		return "a Slack webhook; its address is in " + where(c.Slack)
	case c.Webhook != "":
		return "a webhook; its address is in " + where(c.Webhook)
	case c.Service != "":
		return "a notification service; its address is in " + where(c.Service)
	case c.Email != nil:
		return fmt.Sprintf("mail from %s to %s by %s", code(c.Email.From), codes(c.Email.To), code(c.Email.Server))
	case c.File != "":
		return "the file " + code(c.File)
	}
	return "standard output"
}

// where says where a secret is.
func where(s runbook.Secret) string {
	if path, ok := strings.CutPrefix(string(s), "file:"); ok {
		return "the first line of the file " + code(path)
	}
	return "the environment variable " + code(strings.TrimSuffix(strings.TrimPrefix(string(s), "${"), "}"))
}

// splitAddress cuts host:port, where the port may be missing.
func splitAddress(s string) (host, port string) {
	if i := strings.LastIndexByte(s, ':'); i > 0 && !strings.Contains(s[i:], "]") && (strings.Count(s, ":") == 1 || s[0] == '[') {
		return strings.Trim(s[:i], "[]"), s[i+1:]
	}
	return strings.Trim(s, "[]"), ""
}

func ifSet(s, format string) string {
	if s == "" {
		return ""
	}
	return fmt.Sprintf(format, code(s))
}
