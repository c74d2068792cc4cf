package runbook

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"lockstep/runbook/durations"
	"lockstep/runbook/live"
	"lockstep/runbook/plan"
)

// An Identity says how to find the live thing that objects of a resource type
// hold. What is not said stays as Lockstep knows it.
type Identity struct {
	Key    []string `yaml:"key" doc:"The attributes that make the natural key, such as [zone, name, type] or [\"metadata[0].name\"]. Objects with the same key are one live thing, whatever their addresses."`
	Delete string   `yaml:"delete" enum:"own-data,whole-name,unknown" doc:"What deleting an object takes with it: only its own-data, the whole-name, whoever put something there, or unknown, which counts as the whole name."`
}

// TypePattern is what names of resource types look like, as a regular expression.
const TypePattern = `^[A-Za-z_][A-Za-z0-9_-]*$`

var typeRule = regexp.MustCompile(TypePattern)

// Table returns what Lockstep knows of live things, as the runbook changes it.
func (rb *Runbook) Table() (*live.Table, error) {
	out := make(map[string]live.Identity, len(rb.Identities))
	for typ, id := range rb.Identities {
		out[typ] = live.Identity{Key: id.Key, Delete: plan.DeleteMode(id.Delete)}
	}
	return live.Shipped().With(out)
}

// Lengths returns the durations for a [durations.Book].
func (e *Environment) Lengths() map[string]time.Duration {
	out := make(map[string]time.Duration, len(e.Durations))
	for key, d := range e.Durations {
		out[key] = d.Std()
	}
	return out
}

func (c *checker) identity(at, typ string, id *Identity) {
	known := live.Shipped().Known(typ)
	switch {
	case !typeRule.MatchString(typ):
		c.say(at, "such as aws_route53_record", "%q cannot be a resource type", typ)
	case c.doc.Has(at+".key") && len(id.Key) == 0:
		c.say(at+".key", `such as [name]`, "%s.key is empty", at)
	case !known && len(id.Key) == 0:
		hint := c.doc.DidYouMean(typ, live.Shipped().Near(typ))
		if !strings.HasPrefix(hint, "did you mean") {
			hint = "such as key: [name]" // it need not be one of those that are known
		}
		c.say(at, hint, "%s has no key, and Lockstep does not know the type", at)
	case id.Delete == "" && len(id.Key) == 0:
		c.say(at, "give it key, delete or both", "%s says nothing", at)
	}
	if len(id.Key) > live.MaxKey {
		c.say(at+".key", "a few are enough to tell one thing from another", "%s.key has more than %d attributes", at, live.MaxKey)
		return
	}
	var names []string
	for i, item := range id.Key {
		p := fmt.Sprintf("%s.key[%d]", at, i)
		name, err := live.CheckKey(item)
		switch {
		case err != nil:
			c.say(p, `such as name or "metadata[0].name"`, "%v", err)
		case slices.Contains(names, name):
			c.say(p, "keep one", "%q is in the key twice", name)
		}
		names = append(names, name)
	}
}

// longestNegative is a week: resolvers keep no missing name longer, whatever the
// zone says (max-ncache-ttl of BIND and its like).
const longestNegative = Duration(7 * 24 * time.Hour)

// forecast checks what an environment says about times and numbers.
func (c *checker) forecast(at string, e *Environment) {
	for _, key := range sorted(e.Durations) {
		p := at + ".durations." + key
		if text, hint := durations.CheckKey(key); text != "" {
			c.say(p, hint, "%s", text)
		}
		if e.Durations[key].Std() > durations.Longest {
			c.say(p, "such as 20s", "%s is longer than %.0f days", p, durations.Longest.Hours()/24)
		}
	}
	if e.NegativeTTL > longestNegative {
		c.say(at+".negative_ttl", "the last number of the SOA record, in seconds, such as 60s", "%s.negative_ttl is longer than a week", at)
	}
}
