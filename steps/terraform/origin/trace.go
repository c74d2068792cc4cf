package origin

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// A Range is what lies between the pin and the commit that is planned.
type Range struct {
	Pin     string
	Commits []string // the candidates up to the commit, oldest first
	Parents []string // the first parent of each
	// Head is the commit that inputs are read from; "" is the last of Commits.
	Head string
	// VarFiles are the variable files that are given to Terraform, relative to the
	// root module. The ones that Terraform reads by itself need not be named.
	VarFiles []string
	// ID has the contract of [History]. It may be nil: then other files that the
	// configuration reads do not count, and every folder is read at every commit.
	ID func(ctx context.Context, commit, path string) (string, error)
}

// Of opens the history and traces a plan in it. The parents of the range are
// looked up.
func Of(ctx context.Context, h Historian, r Range, root string, inputs []string, p *plan.Plan) (out []plan.Origin, err error) {
	past, err := h.History(ctx)
	if err != nil {
		return nil, fmt.Errorf("trace the plan to its commits: %w", err)
	}
	defer func() { err = errors.Join(err, past.Close()) }()
	if r.Parents, err = past.Parents(ctx, r.Commits); err != nil {
		return nil, fmt.Errorf("trace the plan to its commits: %w", err)
	}
	r.ID = past.ID
	return Trace(ctx, past.Folder, r, root, inputs, p)
}

// Trace returns an origin for each of p.Resources. root is the folder of the
// root module, and inputs are the paths that are read from r.Head, whatever
// commit is planned. A configuration that cannot be read is not an error.
func Trace(ctx context.Context, files Files, r Range, root string, inputs []string, p *plan.Plan) ([]plan.Origin, error) {
	if len(r.Parents) != len(r.Commits) {
		return nil, fmt.Errorf("trace the plan to its commits: %d commits and %d parents", len(r.Commits), len(r.Parents))
	}
	t := &tracer{
		past: &past{
			ctx: ctx, files: files, r: r, root: clean(root),
			parsed: map[[sha256.Size]byte]*file{}, modules: map[string]*module{}, byID: map[string]*module{},
			ids: map[string]string{}, states: map[string]*state{}, byView: map[view]*state{},
		},
		known: map[string]plan.Origin{},
		drift: map[string]bool{},
	}
	for _, in := range inputs {
		t.past.inputs = append(t.past.inputs, clean(in))
	}
	for _, d := range p.Drift {
		t.drift[d.Address.String()] = true
	}
	t.reader = &reader{past: t.past, changes: map[string]bool{}}
	for _, c := range p.Resources {
		if a, ok := parseAddress(c.Address.String()); ok && c.Action != plan.NoOp && c.Deposed == "" {
			t.reader.changes[a.String()] = true
		}
	}
	t.line = t.states()
	out := make([]plan.Origin, len(p.Resources))
	for i, c := range p.Resources {
		out[i] = t.origin(c)
		if t.past.err == nil && i%64 == 0 {
			t.past.err = ctx.Err()
		}
		if t.past.err != nil {
			return nil, fmt.Errorf("trace the plan to its commits: %w", t.past.err)
		}
	}
	if t.past.work > maxWork {
		for i := range out {
			out[i] = plan.Origin{Why: safe.Lit("the configuration is too large to be traced")}
		}
	}
	return out, nil
}

type tracer struct {
	past   *past
	reader *reader
	line   *line
	known  map[string]plan.Origin // instances of one block share theirs
	drift  map[string]bool
}

// states returns the configurations along the range.
func (t *tracer) states() *line {
	r := t.past.r
	if len(r.Commits) == 0 {
		s := t.past.state(view{r.Pin, cmp.Or(r.Head, r.Pin)})
		return &line{first: s, inputs: [2]*state{s, s}}
	}
	head := cmp.Or(r.Head, r.Commits[len(r.Commits)-1])
	l := &line{first: t.past.state(view{cmp.Or(r.Pin, r.Parents[0]), head})}
	for k, c := range r.Commits {
		l.before = append(l.before, t.past.state(view{r.Parents[k], head}))
		l.after = append(l.after, t.past.state(view{c, head}))
	}
	last := l.after[len(l.after)-1]
	l.inputs = [2]*state{last, last}
	if r.Pin != "" && len(t.past.inputs) > 0 {
		l.inputs[0] = t.past.state(view{r.Commits[len(r.Commits)-1], r.Pin})
	}
	return l
}

// origin returns the origin of one change.
func (t *tracer) origin(c plan.ResourceChange) plan.Origin {
	if c.Deposed != "" {
		return plan.Origin{Why: safe.Lit("an object left over from an earlier apply")}
	}
	full := c.Address.String()
	drifted := t.drift[full]
	a, ok := parseAddress(full)
	if !ok {
		return plan.Origin{Why: safe.Lit("its address cannot be read")}
	}
	var previous *address
	if b, ok := parseAddress(c.Previous.String()); ok {
		previous = &b
	}
	key := strings.Join(append([]string{a.String(), c.Previous.String(), string(c.Action), strconv.FormatBool(drifted)}, c.Replaces...), "\x00")
	o, ok := t.known[key]
	if !ok {
		o = t.decide(c, a, previous, drifted)
		t.known[key] = o
	}
	o.Commits = slices.Clone(o.Commits)
	return o
}

// decide asks one question after the other until one has an answer.
func (t *tracer) decide(c plan.ResourceChange, a address, previous *address, drifted bool) plan.Origin {
	var maybe []int
	for _, q := range t.questions(c, a, previous, drifted) {
		f := q()
		if t.past.err != nil {
			return plan.Origin{}
		}
		if o, ok := t.name(f.sure); ok {
			return o
		}
		maybe = append(maybe, f.maybe...)
	}
	switch o, ok := t.name(maybe); {
	case drifted:
		return plan.Origin{Why: safe.Lit("it was changed outside Terraform")}
	case ok:
		return o
	}
	return plan.Origin{Why: safe.Lit("no candidate commit touches it")}
}

// name turns places into an origin; ok is false when there are none.
func (t *tracer) name(places []int) (o plan.Origin, ok bool) {
	if len(places) == 0 {
		return o, false
	}
	slices.Sort(places)
	places = slices.Compact(places)
	if places[0] == input {
		if places = places[1:]; len(places) == 0 {
			return plan.Origin{Why: safe.Lit("changed by an input, which is read from the head of the branch")}, true
		}
		o.Why = safe.Lit("an input, which is read from the head of the branch, may change it as well")
	}
	for _, k := range places {
		o.Commits = append(o.Commits, t.past.r.Commits[k])
	}
	return o, true
}

// questions returns what is looked at for a change, best evidence first.
func (t *tracer) questions(c plan.ResourceChange, a address, previous *address, drifted bool) []func() finding {
	r := t.reader
	ask := func(of func(*state) value) func() finding {
		return func() finding { return t.line.compare(of) }
	}
	exists := ask(func(s *state) value { return r.exists(s, a) })
	removed := ask(func(s *state) value { return r.names(s, "removed", a, previous) })
	instances := ask(func(s *state) value { return r.instances(s, a) })
	moved := ask(func(s *state) value { return r.names(s, "moved", a, previous) })

	var out []func() finding
	switch {
	case c.Action == plan.Forget:
		out = append(out, removed, exists, instances)
	case c.Action == plan.Delete:
		out = append(out, func() finding { return exists().with(removed()) }, instances)
	case c.Action == plan.Create:
		out = append(out, exists, instances)
		if drifted {
			return out // it is missing, and nothing in the configuration made it so
		}
	case c.Action == plan.NoOp:
		out = append(out, moved, exists, instances)
	case c.Action.IsReplace() && len(c.Replaces) > 0:
		names := tops(c.Replaces)
		out = append(out, ask(func(s *state) value { return r.forcing(s, a, names) }))
	}
	return append(out,
		func() finding {
			f := t.line.compare(func(s *state) value {
				v := r.own(s, a)
				if v.sum == "missing" && previous != nil {
					v = r.own(s, *previous)
				}
				return v
			})
			f = f.with(t.line.compare(func(s *state) value {
				v := r.names(s, "import", a, nil)
				v.unknown, v.looked = "", "" // too rare to be looked for in what cannot be read
				return v
			}))
			if previous != nil {
				f = f.with(moved())
			}
			return f
		},
		ask(func(s *state) value { return r.reached(s, a) }),
		ask(func(s *state) value { return r.version(s, a) }),
	)
}

// tops returns the names at the start of attribute paths.
func tops(paths []string) []string {
	var out []string
	for _, p := range paths {
		if i := strings.IndexAny(p, ".["); i >= 0 {
			p = p[:i]
		}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}
