package terraform

import (
	"context"
	"path"
	"slices"
	"time"

	"lockstep/runbook/durations"
	"lockstep/runbook/engine"
	"lockstep/runbook/forecast"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
	"lockstep/steps/terraform/origin"
)

// A Comparer is a Source that knows other commits as well.
type Comparer interface {
	// Same reports whether files and folders are the same in two commits.
	Same(ctx context.Context, a, b string, paths []string) (bool, error)
}

// options are what forecasts of this run rest on.
func (s *session) options(ctx context.Context) forecast.Options {
	var learned *durations.Learned
	if s.deps.Learned != nil {
		learned = s.deps.Learned()
	}
	given := map[string]time.Duration{}
	for key, d := range s.env.Durations {
		given[key] = d.Std()
	}
	return forecast.Options{
		Durations:    durations.NewBook(durations.Sources{Learned: learned, Runbook: given}),
		Parallelism:  s.env.Terraform.Parallelism,
		ManyDestroys: s.env.ManyDestroys,
		Negative:     func(t plan.Thing) time.Duration { return s.negative(ctx, t) },
	}
}

// negative returns how long resolvers remember that a name is missing: what the
// name server says when a probe knows it, else what the runbook says.
func (s *session) negative(ctx context.Context, t plan.Thing) time.Duration {
	if !t.DNS {
		return 0
	}
	if s.deps.Negative != nil {
		for _, k := range t.Key {
			if k.Name == "name" {
				if ttl, ok := s.deps.Negative(ctx, k.Value.String()); ok {
					return ttl
				}
			}
		}
	}
	return s.env.NegativeTTL.Std()
}

// trace finds the commits that bring each change of a full plan. Without a
// history, or when it cannot be read, nothing is traced; the second is said.
func (s *session) trace(ctx context.Context, op teller, facts *engine.Facts, p *saved) {
	h, ok := s.source().(origin.Historian)
	if !ok || facts.Pin == nil || len(facts.Commits) == 0 {
		return
	}
	r := origin.Range{Pin: facts.Pin.Hash, Head: facts.Head, VarFiles: s.env.Terraform.VarFiles}
	for _, c := range facts.Commits {
		r.Commits = append(r.Commits, c.Hash)
	}
	op.Tell(engine.Progressed{What: safe.Lit("tracing the changes to their commits")})
	found, err := origin.Of(ctx, h, r, path.Clean(s.env.Terraform.Directory), s.env.Inputs, &p.model)
	switch {
	case err == nil:
		for i := range found {
			p.model.Resources[i].Origin = found[i]
		}
	case ctx.Err() == nil:
		op.Tell(engine.Warned{Text: safe.Sprintf("the changes could not be traced to their commits: %v", err)})
	}
}

// source returns the environment's repository, or nil when it cannot be opened.
func (s *session) source() Source {
	src, err := s.deps.Open(s.env, s.run.Folder)
	if err != nil {
		return nil
	}
	return src
}

// moved returns the hazards that lie in the repository and not in the plan:
// files that the pin does not have like this, or that cannot be compared with it.
func (s *session) moved(ctx context.Context, facts *engine.Facts) []plan.Hazard {
	h, ok := s.source().(Comparer)
	if !ok || facts.Pin == nil || facts.Commit == nil {
		return nil
	}
	var out []plan.Hazard
	if len(s.env.Inputs) > 0 && facts.Head != "" {
		switch same, err := h.Same(ctx, facts.Pin.Hash, facts.Head, s.env.Inputs); {
		case err != nil:
			out = append(out, plan.Hazard{Code: plan.InputsChanged, Text: safe.Sprintf("whether inputs are as they were in the commit that is deployed cannot be told: %v", err)})
		case !same:
			out = append(out, plan.Hazard{
				Code: plan.InputsChanged,
				Text: safe.Lit("inputs, which are read from the head of the branch, are not as they were in the commit that is deployed"),
			})
		}
	}
	lock := path.Join(path.Clean(s.env.Terraform.Directory), lockFile)
	from := facts.Commit.Hash
	if under(lock, s.env.Inputs) {
		from = facts.Head
	}
	switch same, err := h.Same(ctx, facts.Pin.Hash, from, []string{lock}); {
	case err != nil:
		out = append(out, plan.Hazard{
			Code: plan.ProviderChanged, Address: safe.Show(lock),
			Text: safe.Sprintf("whether the versions of the providers change cannot be told: %v", err),
		})
	case !same:
		out = append(out, plan.Hazard{
			Code: plan.ProviderChanged, Address: safe.Show(lock),
			Text: safe.Lit("the versions of the providers change: the same configuration may do something else"),
		})
	}
	return out
}

func under(file string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool {
		f = path.Clean(f)
		return file == f || len(file) > len(f) && file[:len(f)] == f && file[len(f)] == '/'
	})
}

// forecastFacts is what the journal keeps of a forecast.
func forecastFacts(f forecast.Forecast, hazards []plan.Hazard) map[string]any {
	verdicts := make([]map[string]any, 0, len(f.Outages))
	for _, o := range f.Outages {
		v := map[string]any{"thing": o.Thing.Name, "verdict": string(o.Verdict), "length_ms": nil, "why": o.Why}
		if o.Verdict != forecast.Gone && o.Verdict != forecast.Unknown {
			v["length_ms"] = o.Length.Typical.Milliseconds()
		}
		verdicts = append(verdicts, v)
	}
	keys := make([]safe.Text, 0, len(hazards))
	for _, h := range hazards {
		keys = append(keys, safe.Show(h.Key()))
	}
	return map[string]any{
		"takes_ms": f.Takes.Typical.Milliseconds(), "dark_ms": f.Dark.Typical.Milliseconds(), "verdicts": verdicts,
		"hazards": keys, "unknown_durations": f.Unknown, "sentence": f.Sentence(),
	}
}

// unaccepted says which hazard of a plan has not been accepted, or nil. Each is
// accepted by its key.
func unaccepted(hazards []plan.Hazard, accepted []string) *plan.Hazard {
	for i, h := range hazards {
		if h.Accept && !slices.Contains(accepted, h.Key()) {
			return &hazards[i]
		}
	}
	return nil
}
