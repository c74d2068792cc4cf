package scripted

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
)

// fields are a message without what every message has.
type fields map[string]any

// say prints one message. Each is one write, so that a reader that was killed
// leaves no half of one to the next.
func (c *call) say(level, kind, text string, more fields) {
	m := fields{
		"@level": level, "@message": text, "@module": "terraform.ui",
		"@timestamp": time.Now().UTC().Format("2006-01-02T15:04:05.000000Z"), "type": kind,
	}
	for k, v := range more {
		m[k] = v
	}
	raw, err := json.Marshal(m)
	if err != nil {
		panic(err) // there is nothing in it that cannot be encoded
	}
	os.Stdout.Write(append(raw, '\n'))
}

func (c *call) sayVersion() {
	c.say("info", "version", "Terraform "+c.version(), fields{"terraform": c.version(), "ui": "1.2"})
}

// diagnose prints an error. address may be empty.
func (c *call) diagnose(summary, detail, address string) {
	d := fields{"severity": "error", "summary": c.dirty(summary), "detail": c.dirty(detail)}
	if address != "" {
		d["address"] = c.dirty(address)
	}
	c.say("error", "diagnostic", c.dirty("Error: "+summary), fields{"diagnostic": d})
}

func (c *call) warn(summary, detail string) {
	c.say("warn", "diagnostic", "Warning: "+summary, fields{"diagnostic": fields{
		"severity": "warning", "summary": summary, "detail": detail,
	}})
}

// resource is how messages name a resource.
func (c *call) resource(address string) fields {
	kind, name, _ := strings.Cut(address, ".")
	return fields{
		"addr": c.dirty(address), "module": c.dirty(""), "resource": c.dirty(address), "implied_provider": c.dirty("terraform"),
		"resource_type": c.dirty(kind), "resource_name": c.dirty(name), "resource_key": nil,
	}
}

func (c *call) hook(address, action, id string, more fields) fields {
	h := fields{"resource": c.resource(address)}
	if action != "" {
		h["action"] = c.dirty(action)
	}
	if id != "" {
		h["id_key"], h["id_value"] = c.dirty("id"), c.dirty(id)
	}
	for k, v := range more {
		h[k] = v
	}
	return fields{"hook": h}
}

// Dirt is what stands in every field when the scenario is Escapes: it clears the
// screen, sets the title, hides the cursor, and turns the text around.
const Dirt = "\x1b[2J\x1b]0;dirt\x07\x1b[?25l\u009b31m\u202e"

func (c *call) dirty(s string) string {
	if c.script.Scenario == Escapes && c.verb[0] == "apply" {
		return s + Dirt
	}
	return s
}

// gerunds and nouns are Terraform's words for actions.
var (
	gerunds = map[string]string{"create": "Creating...", "update": "Modifying...", "delete": "Destroying..."}
	nouns   = map[string]string{"create": "Creation", "update": "Modifications", "delete": "Destruction"}
)

func withID(text, id string) string {
	if id == "" {
		return text
	}
	return fmt.Sprintf("%s [id=%s]", text, id)
}
