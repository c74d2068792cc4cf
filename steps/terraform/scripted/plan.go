package scripted

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A savedPlan is the part "tfplan" of a saved plan.
type savedPlan struct {
	ID      string
	Limited bool // to targets
	Changes []change
	Blocks  []block
}

// A change is what a plan says of one resource.
type change struct {
	Address string
	Action  string // create, update, delete, replace, no-op
	Input   string
	After   []string // addresses that come first, or last for a delete
	Was     *instance
}

// planned compares the configuration with a state.
func planned(blocks []block, s *state, targets []string) []change {
	var out []change
	wanted := map[string]bool{}
	for _, b := range blocks {
		wanted[b.Address] = true
		c := change{Address: b.Address, Action: "create", Input: b.Input, After: b.After, Was: s.find(b.Address)}
		switch {
		case c.Was == nil:
		case c.Was.Status == "tainted":
			c.Action = "replace"
		case c.Was.Attributes.Input != nil && c.Was.Attributes.Input.Value == b.Input:
			c.Action = "no-op"
		default:
			c.Action = "update"
		}
		out = append(out, c)
	}
	for _, r := range s.Resources {
		if a := r.Type + "." + r.Name; !wanted[a] {
			out = append(out, change{Address: a, Action: "delete", Was: &r.Instances[0], After: r.Instances[0].Dependencies})
		}
	}
	if len(targets) > 0 {
		out = limit(out, targets)
	}
	slices.SortFunc(out, func(a, b change) int { return strings.Compare(a.Address, b.Address) })
	return out
}

// limit keeps the targets and what has to come before them.
func limit(all []change, targets []string) []change {
	keep := map[string]bool{}
	var take func(string)
	take = func(a string) {
		if keep[a] {
			return
		}
		keep[a] = true
		for _, c := range all {
			if c.Address == a && c.Action != "delete" {
				for _, b := range c.After {
					take(b)
				}
			}
			if c.Action == "delete" && slices.Contains(c.After, a) {
				take(c.Address)
			}
		}
	}
	for _, t := range targets {
		take(t)
	}
	return slices.DeleteFunc(all, func(c change) bool { return !keep[c.Address] })
}

func (c *call) plan() int {
	c.sayVersion()
	release, held, err := c.lock("OperationTypePlan")
	switch {
	case held != nil:
		c.diagnose("Error acquiring the state lock", held.detail(), "")
		return 1
	case err != nil:
		c.diagnose(err.Error(), "", "")
		return 1
	}
	defer release()
	blocks, _, err := configuration()
	if err != nil {
		c.diagnose(err.Error(), "", "")
		return 1
	}
	s, err := c.readState()
	if err != nil {
		c.diagnose("Failed to load state", err.Error(), "")
		return 1
	}
	p := savedPlan{ID: newID(), Limited: len(c.many["target"]) > 0, Blocks: blocks, Changes: planned(blocks, s, c.many["target"])}
	for _, ch := range p.Changes {
		if ch.Was != nil {
			id := ch.Was.Attributes.ID
			c.say("info", "refresh_start", withID(ch.Address+": Refreshing state...", id), c.hook(ch.Address, "", id, nil))
			c.say("info", "refresh_complete", withID(ch.Address+": Refresh complete", id), c.hook(ch.Address, "", id, nil))
		}
	}
	c.sayPlanned(p.Changes)
	add, update, remove := counts(p.Changes)
	c.say("info", "change_summary", fmt.Sprintf("Plan: %d to add, %d to change, %d to destroy.", add, update, remove), fields{
		"changes": fields{"add": add, "change": update, "import": 0, "remove": remove, "operation": "plan"},
	})
	if p.Limited {
		c.warn("Resource targeting is in effect", "You are creating a plan with the -target option, which means that the result of this plan may not represent all of the changes requested by the current configuration.")
	}
	if out := c.flags["out"]; out != "" {
		if err := p.write(out, s); err != nil {
			c.diagnose("Failed to write plan file", err.Error(), "")
			return 1
		}
	}
	if _, ok := c.flags["detailed-exitcode"]; ok && add+update+remove > 0 {
		return 2
	}
	return 0
}

func (c *call) sayPlanned(changes []change) {
	for _, ch := range changes {
		if ch.Action == "no-op" {
			continue
		}
		say := fields{"resource": c.resource(ch.Address), "action": c.dirty(ch.Action)}
		switch ch.Action {
		case "replace":
			say["reason"] = "tainted"
		case "delete":
			say["reason"] = "delete_because_no_resource_config"
		}
		c.say("info", "planned_change", c.dirty(ch.Address+": Plan to "+ch.Action), fields{"change": say})
	}
}

func counts(changes []change) (add, update, remove int) {
	for _, c := range changes {
		switch c.Action {
		case "create":
			add++
		case "update":
			update++
		case "delete":
			remove++
		case "replace":
			add, remove = add+1, remove+1
		}
	}
	return add, update, remove
}

func (p *savedPlan) write(path string, s *state) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	raw, err := json.Marshal(p)
	if err != nil {
		return err
	}
	z := zip.NewWriter(f)
	for _, part := range []struct {
		name string
		data []byte
	}{{"tfplan", raw}, {"tfstate", s.encode()}, {"tfstate-prev", s.encode()}} {
		w, err := z.Create(part.name)
		if err == nil {
			_, err = w.Write(part.data)
		}
		if err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return f.Close()
}

func readPlan(path string) (p savedPlan, s *state, err error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return p, nil, words("Failed to load " + strconv.Quote(path) + " as a plan file")
	}
	defer z.Close()
	s = newState()
	for name, into := range map[string]any{"tfplan": &p, "tfstate": s} {
		f, err := z.Open(name)
		if err != nil {
			return p, nil, err
		}
		raw, err := io.ReadAll(f)
		if err == nil {
			err = json.Unmarshal(raw, into)
		}
		if err != nil {
			return p, nil, err
		}
	}
	return p, s, nil
}

func (c *call) show() int {
	p, s, err := readPlan(c.args[0])
	if err != nil {
		return failed(err)
	}
	add, update, remove := counts(p.Changes)
	doc := fields{
		"format_version": "1.2", "terraform_version": version, "timestamp": time.Now().UTC().Format(time.RFC3339),
		"applyable": add+update+remove > 0, "complete": !p.Limited, "errored": false,
		"planned_values": fields{"root_module": fields{}},
	}
	var changes, before, config []fields
	for _, ch := range p.Changes {
		changes = append(changes, ch.show())
	}
	for _, r := range s.Resources {
		before = append(before, fields{
			"address": r.Type + "." + r.Name, "mode": "managed", "type": r.Type, "name": r.Name,
			"provider_name": "terraform.io/builtin/terraform", "schema_version": 0,
			"values": r.Instances[0].values(), "sensitive_values": fields{},
		})
	}
	for _, b := range p.Blocks {
		_, name, _ := strings.Cut(b.Address, ".")
		config = append(config, fields{
			"address": b.Address, "mode": "managed", "type": "terraform_data", "name": name, "provider_config_key": "terraform",
			"expressions": fields{"input": fields{"constant_value": b.Input}}, "schema_version": 0, "depends_on": b.After,
		})
	}
	doc["configuration"] = fields{
		"provider_config": fields{"terraform": fields{"name": "terraform", "full_name": "terraform.io/builtin/terraform"}},
		"root_module":     fields{"resources": config},
	}
	if changes != nil {
		doc["resource_changes"] = changes
	}
	if before != nil {
		doc["prior_state"] = fields{
			"format_version": "1.0", "terraform_version": version, "values": fields{"root_module": fields{"resources": before}},
		}
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return failed(err)
	}
	os.Stdout.Write(append(raw, '\n'))
	return 0
}

func (i *instance) values() fields {
	v := fields{"id": i.Attributes.ID, "triggers_replace": nil, "input": nil, "output": nil}
	if i.Attributes.Input != nil {
		v["input"], v["output"] = i.Attributes.Input.Value, i.Attributes.Output.Value
	}
	return v
}

// show is an element of resource_changes.
func (ch change) show() fields {
	kind, name, _ := strings.Cut(ch.Address, ".")
	c := fields{"actions": []string{ch.Action}, "before": nil, "after": nil, "after_unknown": fields{}, "before_sensitive": false, "after_sensitive": false}
	if ch.Was != nil {
		c["before"], c["before_sensitive"] = ch.Was.values(), fields{}
	}
	f := fields{
		"address": ch.Address, "mode": "managed", "type": kind, "name": name, "provider_name": "terraform.io/builtin/terraform", "change": c,
	}
	after := fields{"input": ch.Input, "triggers_replace": nil}
	switch ch.Action {
	case "delete":
		f["action_reason"] = "delete_because_no_resource_config"
		return f
	case "no-op":
		after = ch.Was.values()
	case "update":
		after["id"], c["after_unknown"] = ch.Was.Attributes.ID, fields{"output": true}
	case "replace":
		c["actions"], f["action_reason"] = []string{"delete", "create"}, "replace_because_tainted"
		fallthrough
	case "create":
		c["after_unknown"] = fields{"id": true, "output": true}
	}
	c["after"], c["after_sensitive"] = after, fields{}
	return f
}

// graph draws what an apply walks.
func (c *call) graph() int {
	p, _, err := readPlan(c.flags["plan"])
	if err != nil {
		return failed(err)
	}
	const provider = `"[root] provider[\"terraform.io/builtin/terraform\"]"`
	fmt.Print("digraph {\n\tcompound = \"true\"\n\tnewrank = \"true\"\n\tsubgraph \"root\" {\n")
	node := func(address, end string) string { return fmt.Sprintf("%q", "[root] "+address+end) }
	edge := func(from, to string) { fmt.Printf("\t\t%s -> %s\n", from, to) }
	there := map[string]bool{} // addresses that are made or changed
	for _, ch := range p.Changes {
		if ch.Action != "delete" {
			there[ch.Address] = true
		}
	}
	for _, ch := range p.Changes {
		own := node(ch.Address, "")
		if ch.Action == "delete" || ch.Action == "replace" {
			fmt.Printf("\t\t%s [label = %q, shape = \"box\"]\n", node(ch.Address, " (destroy)"), ch.Address)
			edge(node(ch.Address, " (destroy)"), provider)
		}
		if ch.Action == "replace" {
			edge(own, node(ch.Address, " (destroy)"))
		}
		if ch.Action == "delete" {
			for _, other := range p.Changes {
				if other.Action == "delete" && slices.Contains(other.After, ch.Address) {
					edge(node(ch.Address, " (destroy)"), node(other.Address, " (destroy)"))
				}
			}
			continue
		}
		if ch.Action != "no-op" {
			fmt.Printf("\t\t%s [label = %q, shape = \"box\"]\n", own, ch.Address)
			edge(own, node(ch.Address, " (expand)"))
			for _, other := range p.Changes {
				if other.Action == "delete" && slices.Contains(other.After, ch.Address) {
					edge(own, node(other.Address, " (destroy)"))
				}
			}
		}
		fmt.Printf("\t\t%s [label = %q, shape = \"box\"]\n", node(ch.Address, " (expand)"), ch.Address)
		edge(node(ch.Address, " (expand)"), provider)
		for _, b := range ch.After {
			if there[b] {
				edge(node(ch.Address, " (expand)"), node(b, ""))
			}
		}
	}
	fmt.Print("\t}\n}\n")
	return 0
}
