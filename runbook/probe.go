package runbook

// A Probe is one way to measure a live thing. Exactly one of the kind fields is set.
type Probe struct {
	Name     string   `yaml:"-"`
	Every    Duration `yaml:"every" doc:"How often it is measured, on a fixed schedule." default:"5s"`
	Timeout  Duration `yaml:"timeout" doc:"How long one measurement may take." default:"5s"`
	Required bool     `yaml:"required" doc:"A required probe cannot be accepted as failed." default:"false"`

	DNS       *DNSProbe       `yaml:"dns" kind:"true" doc:"Ask name servers for a record."`
	HTTP      *HTTPProbe      `yaml:"http" kind:"true" doc:"Request a page."`
	TLS       *TLSProbe       `yaml:"tls" kind:"true" doc:"Look at the certificate a server presents."`
	TCP       *TCPProbe       `yaml:"tcp" kind:"true" doc:"Open a connection."`
	Command   *CommandProbe   `yaml:"command" kind:"true" doc:"Run a program that only reads."`
	NoChanges *NoChangesProbe `yaml:"no_changes" kind:"true" doc:"Plan with Terraform and expect nothing to do."`
}

// Kind returns the key of the probe's kind, or "".
func (p *Probe) Kind() string {
	switch {
	case p.DNS != nil:
		return "dns"
	case p.HTTP != nil:
		return "http"
	case p.TLS != nil:
		return "tls"
	case p.TCP != nil:
		return "tcp"
	case p.Command != nil:
		return "command"
	case p.NoChanges != nil:
		return "no_changes"
	}
	return ""
}

// DNSProbe asks each named server for a record.
type DNSProbe struct {
	Name    string   `yaml:"name" doc:"The name that is asked for." required:"true"`
	Type    string   `yaml:"type" doc:"Type of the record, such as A, AAAA, CNAME, TXT." default:"A"`
	Servers []string `yaml:"servers" doc:"Servers as host or host:port, each asked on its own; those of the system when missing."`
	Values  []string `yaml:"values" doc:"What the answer must hold, in any order; any answer will do when missing."`
}

// HTTPProbe requests a page.
type HTTPProbe struct {
	URL     string            `yaml:"url" doc:"An http or https address." required:"true"`
	Method  string            `yaml:"method" doc:"GET or HEAD." default:"GET" enum:"GET,HEAD"`
	Status  int               `yaml:"status" doc:"The status that is expected." default:"200" min:"100" max:"599"`
	Body    string            `yaml:"body" doc:"Text that the body must hold."`
	Headers map[string]string `yaml:"headers" env:"true" doc:"Headers that are sent; a value may be ${NAME}, taken from the environment."`
	Connect string            `yaml:"connect" doc:"host:port to connect to instead of what the name resolves to."`
	CAFile  string            `yaml:"ca_file" doc:"PEM file of the authorities to trust, relative to the runbook; those of the system when missing."`
}

// TLSProbe looks at a certificate.
type TLSProbe struct {
	Address    string   `yaml:"address" doc:"host:port to connect to." required:"true"`
	ServerName string   `yaml:"server_name" doc:"The name that is asked for; the host of the address when missing."`
	Names      []string `yaml:"names" doc:"Names the certificate must be valid for."`
	ValidFor   Duration `yaml:"valid_for" doc:"How long it must stay valid at least." default:"0s"`
	CAFile     string   `yaml:"ca_file" doc:"PEM file of the authorities to trust, relative to the runbook; those of the system when missing."`
}

// TCPProbe opens a connection and closes it.
type TCPProbe struct {
	Address string `yaml:"address" doc:"host:port to connect to." required:"true"`
}

// CommandProbe runs a program that only reads.
type CommandProbe struct {
	Argv   []string `yaml:"argv" doc:"Program and arguments, each a string of its own. No shell reads them." required:"true"`
	Exit   int      `yaml:"exit" doc:"The exit code that is expected." default:"0" min:"0" max:"255"`
	Output string   `yaml:"output" doc:"Text that standard output must hold."`
}

// NoChangesProbe expects an empty plan.
type NoChangesProbe struct{}

// A Channel is where announcements go. Exactly one of the kind fields is set.
type Channel struct {
	Name    string  `yaml:"-"`
	Slack   Secret  `yaml:"slack" kind:"true" doc:"Address of a Slack incoming webhook."`
	Webhook Secret  `yaml:"webhook" kind:"true" doc:"Address that receives a JSON object by POST."`
	Service Secret  `yaml:"service" kind:"true" doc:"Any other service, as an address of the notification library, such as discord://… or teams://…."`
	Email   *Email  `yaml:"email" kind:"true" doc:"A message by SMTP."`
	File    string  `yaml:"file" kind:"true" doc:"A file, relative to the runbook, that messages are appended to."`
	Stdout  *Stdout `yaml:"stdout" kind:"true" doc:"Standard output, after the screen has closed."`
}

// Email says how messages are sent by SMTP.
type Email struct {
	Server   string   `yaml:"server" doc:"host:port of the mail server." required:"true"`
	From     string   `yaml:"from" doc:"Address of the sender." required:"true"`
	To       []string `yaml:"to" doc:"Addresses of the receivers." required:"true"`
	Username string   `yaml:"username" doc:"User name, when the server asks for one."`
	Password Secret   `yaml:"password" doc:"Password, when the server asks for one."`
	TLS      string   `yaml:"tls" doc:"How the connection is protected." default:"starttls" enum:"starttls,implicit,none"`
}

// Stdout has no options.
type Stdout struct{}

// Kind returns the key of the channel's kind, or "".
func (c *Channel) Kind() string {
	switch {
	case c.Slack != "":
		return "slack"
	case c.Webhook != "":
		return "webhook"
	case c.Service != "":
		return "service"
	case c.Email != nil:
		return "email"
	case c.File != "":
		return "file"
	case c.Stdout != nil:
		return "stdout"
	}
	return ""
}
