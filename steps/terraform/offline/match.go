package offline

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"lockstep/runbook/engine"
	"lockstep/runbook/plan"
	"lockstep/steps/terraform/planfile"
)

// order reads the graph and finds the plan's actions in it. same says that both
// are certainly of one plan.
func (p *Plan) order(drawn string, same bool) error {
	text, err := os.ReadFile(drawn)
	if err != nil {
		return &engine.Problem{Err: fmt.Errorf("read the graph: %w", err), Hint: "make it with terraform graph -plan=FILE > plan.dot"}
	}
	m := &p.Model
	var g plan.Graph
	if !same || len(text) > 0 {
		g, err = planfile.Graph(string(text))
	}
	if errors.Is(err, planfile.ErrNoNode) && m.IsEmpty() {
		err = nil
	}
	if err != nil {
		return &engine.Problem{Err: err, Hint: "make it with terraform graph -plan=FILE > plan.dot; without -plan, Terraform draws something else"}
	}
	if p.Limited && m.Targets == nil {
		m.Targets = []string{} // which they are is not said anywhere
	}
	if p.Order, err = plan.NewOrder(m, g); err == nil {
		err = p.belong(g, same)
	}
	if err != nil {
		return &engine.Problem{Err: err, Hint: "make both from the same saved plan: terraform show -json FILE > plan.json and terraform graph -plan=FILE > plan.dot"}
	}
	return nil
}

// belong reports what of the graph the plan knows nothing of, and what of a
// limited plan is missing in a graph for no good reason: then the two are not of
// one plan, and the order would be of something else.
func (p *Plan) belong(g plan.Graph, same bool) error {
	known := map[string]bool{}
	kept := map[string]bool{} // addresses whose old object is put aside under a key drawn anew
	for _, r := range p.Model.Resources {
		addr := r.Address.String()
		switch {
		case r.Deposed != "":
			known[addr+" (destroy deposed "+r.Deposed+")"] = true
		case r.Action == plan.Forget:
			known[addr+" (forget)"] = true
		default:
			known[addr] = known[addr] || r.Action != plan.Delete
			known[addr+" (destroy)"] = r.Action.Destroys()
			kept[addr] = r.Action == plan.CreateThenDelete
		}
	}
	expands := map[string]bool{}
	for _, n := range g.Nodes {
		if block, ok := strings.CutSuffix(n, " (expand)"); ok {
			expands[block] = true
		}
	}
	for _, n := range g.Nodes {
		addr, end := cutEnd(n)
		what := ""
		switch {
		case known[n], isData(addr):
		case strings.HasPrefix(end, "destroy deposed ") && kept[addr]:
		case end == "destroy", strings.HasPrefix(end, "destroy deposed "), end == "forget":
			what = strings.Fields(end)[0]
		case end == "" && expands[block(addr)] && !p.IsIdle(addr):
			what = "change"
		}
		if what != "" {
			return fmt.Errorf("the graph has a node to %s %s, of which the plan says nothing: plan and graph do not belong together", what, addr)
		}
	}
	if same {
		return nil
	}
	for _, i := range p.Order.Dropped(&p.Model) {
		if r := p.Model.Resources[i]; r.Action != plan.CreateThenDelete && r.Deposed == "" {
			return fmt.Errorf("the graph has no node for %s of %s: plan and graph do not belong together", plan.Delete, r.Address)
		}
	}
	return nil
}

// cutEnd splits the name of a node into an address and what stands in brackets
// after it.
func cutEnd(n string) (addr, end string) {
	i := strings.LastIndex(n, " (")
	if i < 0 || !strings.HasSuffix(n, ")") {
		return n, ""
	}
	return n[:i], n[i+2 : len(n)-1]
}

// isData reports whether an address is that of a data source. Checks read some
// again with every plan.
func isData(addr string) bool {
	rest := addr
	for {
		after, ok := strings.CutPrefix(rest, "module.")
		if !ok {
			return strings.HasPrefix(rest, "data.")
		}
		name, next := firstPart(after)
		if name == "" {
			return false
		}
		rest = next
	}
}

// block returns the address of a block: without any instance key.
func block(addr string) string {
	var b strings.Builder
	for i := 0; i < len(addr); i++ {
		if addr[i] == '[' {
			i = keyEnd(addr, i)
			continue
		}
		b.WriteByte(addr[i])
	}
	return b.String()
}

// firstPart cuts an address after its first name, with or without a key.
func firstPart(addr string) (name, rest string) {
	for i := 0; i < len(addr); i++ {
		switch addr[i] {
		case '[':
			i = keyEnd(addr, i)
		case '.':
			return addr[:i], addr[i+1:]
		}
	}
	return "", ""
}

// keyEnd returns where the instance key that begins at i ends. Keys of for_each
// are quoted, and may hold anything.
func keyEnd(addr string, i int) int {
	quoted := false
	for j := i + 1; j < len(addr); j++ {
		switch {
		case quoted && addr[j] == '\\':
			j++
		case addr[j] == '"':
			quoted = !quoted
		case addr[j] == ']' && !quoted:
			return j
		}
	}
	return len(addr)
}
