package terraform

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lockstep/runbook/engine"
	"lockstep/runbook/safe"
	"lockstep/steps/terraform/cli"
	"lockstep/steps/terraform/planfile"
)

// What an approval holds for is taken down four times:
//
//   - right after the plan was made, without programs: the basis;
//   - right before the operator is asked, and recorded then;
//   - when the answer is there, beside a fresh checkout of the same commit;
//   - when the intent is durable, as the last thing before Terraform starts.
//
// Each is compared with the one before, and any difference refuses the apply.
// The last one does not read programs again whose identity in the file system is
// still the same: device, inode, size, and the times of the last change of content
// and of the file itself. The latter is the system's and cannot be set back by an
// ordinary user.
//
// Not bound: what a provider or a provisioner reads by itself, such as
// credentials in the home folder or programs on PATH, and what happens between the
// last look and the moment Terraform opens a file. Terraform compares lineage and
// serial of the state once more while it holds the lock.

// A kind says which sort of thing is bound.
type kind int

// The kinds, in the order in which differences are told.
const (
	ofPlan kind = iota
	ofRun
	ofCommit
	ofRunbook
	ofState
	ofCheckout
	ofVariable
	ofVarFile
	ofEnviron
	ofWorkspace
	ofBackend
	ofTerraform
	ofVersion
	ofProvider
	ofModule
	ofData
	ofConfig
	ofCall
	kinds
)

// A fact is what is known of one thing. Facts of the same thing are compared.
type fact struct {
	value string // what it is, or a digest of it; "" when there is nothing to say
	mode  string // of a file; "" otherwise
	shown bool   // value is no secret and means something to a reader
}

// A binding is everything that a saved plan rests on, by kind and name. A kind
// that was not looked at is nil, which is not the same as one without things.
type binding struct {
	facts  [kinds]map[string]fact
	made   []string         // files of the checkout that the commit does not have: planning made them
	known  map[string]sized // identity of a program → its digest
	commit map[string]fact  // files of a fresh checkout of the commit; nil when there was none
	faults []string         // what is wrong with it, whatever it was before
}

// A depth says how much is looked at.
type depth int

const (
	basis depth = iota // all but programs
	full               // everything
	gate               // everything, and a fresh checkout
	last               // everything, but programs that did not move are not read
)

func (b *binding) set(k kind, name string, f fact) {
	if b.facts[k] == nil {
		b.facts[k] = map[string]fact{}
	}
	b.facts[k][name] = f
}

func (b *binding) say(k kind, name, value string) { b.set(k, name, fact{value: value, shown: true}) }

// keyed returns a digest that tells only whether two values are the same. The
// key is made for each run and never leaves the process, so that not even a short
// value, a number or a boolean can be guessed from its digest.
func (s *session) keyed(value []byte) string {
	h := hmac.New(sha256.New, s.key[:])
	h.Write(value)
	return "hmac:" + hex.EncodeToString(h.Sum(nil))
}

func (s *session) secret(value string) fact { return fact{value: s.keyed([]byte(value))} }

func (s *session) secrets(values map[string]string) map[string]fact {
	out := map[string]fact{}
	for name, value := range values {
		out[name] = s.secret(value)
	}
	return out
}

// look takes down what a plan rests on and compares it with before, which may be
// nil. Terraform is only asked when all that it runs from is what it was: a
// program, a provider or a workspace that somebody put there is not run to find
// out about the state. The caller holds s.mu.
func (s *session) look(ctx context.Context, p *saved, d depth, before *binding) (*binding, error) {
	b, err := s.take(ctx, p, d, before)
	if err == nil {
		err = compare(before, b)
	}
	if err == nil {
		err = s.ask(ctx, b, p, d)
	}
	if err == nil {
		err = compare(before, b)
	}
	if err != nil || d != last {
		return b, err
	}
	// Asking for the state took a moment. Nothing lies between this and Terraform.
	again, err := s.take(ctx, p, d, before)
	if err != nil {
		return nil, err
	}
	return b, compare(before, again)
}

// take looks at everything that can be looked at without running Terraform.
func (s *session) take(ctx context.Context, p *saved, d depth, before *binding) (*binding, error) {
	b := &binding{known: map[string]sized{}}
	if d != basis {
		s.takePrograms(ctx, b, p, d, before)
	}
	if err := s.takeCommit(ctx, b, p, d); err != nil {
		return nil, err
	}
	if err := s.takeInputs(b, p); err != nil {
		return nil, err
	}
	s.takeConfig(b, p)
	s.takeData(ctx, b, p)
	s.takeCheckout(ctx, b, p)
	s.takePlan(b, p)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return b, nil
}

// ask takes down what only Terraform can tell.
func (s *session) ask(ctx context.Context, b *binding, p *saved, d depth) error {
	if d == full || d == gate {
		// The program can be a script that chooses another one.
		r := p.work.root
		found, err := cli.Find(ctx, r.Binary.Path, "", r.Env)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return err
		}
		b.say(ofVersion, "version", found.Version)
		if was := (fact{value: r.Binary.Version, shown: true}); found.Version != was.value {
			b.faults = append(b.faults, changed(ofVersion, "version", was, b.facts[ofVersion]["version"]))
		}
	}
	return s.takeState(ctx, b, p)
}

// takePlan takes down the plan itself and how it would be applied.
func (s *session) takePlan(b *binding, p *saved) {
	b.facts[ofPlan] = map[string]fact{}
	if digest, err := planfile.Digest(p.file); err == nil {
		b.say(ofPlan, p.file, "sha256:"+digest)
	}
	run := s.run
	for name, value := range map[string]string{
		"id": run.ID, "mode": string(run.Mode), "environment": s.env.Name, "operator": run.Actor.Name + "@" + run.Actor.Host,
	} {
		b.say(ofRun, name, value)
	}
	r := p.work.root
	b.say(ofCall, "the command line", strings.Join(r.ApplyArgv(p.file), " "))
	b.say(ofCall, "the folder", r.Dir)
	b.say(ofCall, "the number of workers", fmt.Sprint(s.env.Terraform.Parallelism))
}

// takeState takes down which state there is and what is in it. Terraform itself
// looks at lineage and serial only.
func (s *session) takeState(ctx context.Context, b *binding, p *saved) error {
	raw, err := p.work.root.PullState(ctx)
	if err != nil {
		return err
	}
	id, err := cli.StateID(raw)
	if err != nil {
		return err
	}
	b.say(ofState, "lineage", safe.Show(id.Lineage).String())
	b.say(ofState, "serial", fmt.Sprint(id.Serial))
	b.set(ofState, "content", s.secret(raw))
	return nil
}

// takeInputs takes down what the run's own environment and the runbook give.
func (s *session) takeInputs(b *binding, p *saved) error {
	t := s.env.Terraform
	definition, err := json.Marshal(s.env)
	if err != nil {
		return fmt.Errorf("take down the environment's definition: %w", err)
	}
	b.set(ofRunbook, "the definition of the environment", s.secret(string(definition)))
	s.takeRunbook(b)
	for _, group := range []struct {
		kind   kind
		values map[string]string
	}{{ofVariable, t.Vars}, {ofBackend, t.Backend}} {
		b.facts[group.kind] = map[string]fact{}
		for name, value := range group.values {
			if v, ok := s.resolved(name, value); ok {
				b.set(group.kind, name, s.secret(v))
			}
		}
	}
	b.facts[ofVarFile] = map[string]fact{}
	for _, path := range p.work.in.varFiles {
		b.set(ofVarFile, path, s.secretFile(path))
	}
	given := p.work.root.Env // what Terraform would be started with
	b.facts[ofEnviron] = s.secrets(cli.Environment(s.deps.Environ(), t.Environment, given["TF_DATA_DIR"]))
	b.faults = append(b.faults, differences(ofEnviron, s.secrets(given), b.facts[ofEnviron])...)
	b.say(ofWorkspace, "setting", s.workspace())
	return nil
}

// digest is one SHA-256 over all facts.
func (b *binding) digest() string {
	h := sha256.New()
	for k := range kinds {
		for _, name := range slices.Sorted(maps.Keys(b.facts[k])) {
			f := b.facts[k][name]
			fmt.Fprintf(h, "%d %q %q %q\n", k, name, f.value, f.mode)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// base takes down what a plan that was just made rests on. What is in the plan
// itself counts more than what is found now.
func (s *session) base(ctx context.Context, p *saved) (err error) {
	if p.basis, err = s.look(ctx, p, basis, nil); err != nil {
		return err
	}
	p.basis.say(ofPlan, p.file, "sha256:"+p.model.Digest)
	p.basis.say(ofState, "lineage", p.model.Lineage)
	p.basis.say(ofState, "serial", fmt.Sprint(p.model.Serial))
	return nil
}

// bind looks at everything once more before the operator is asked, and records it.
func (s *session) bind(ctx context.Context, op engine.Operator, p *saved) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	op.Tell(engine.Progressed{What: safe.Lit("taking down all that the plan rests on")})
	b, err := s.look(ctx, p, full, p.basis)
	if err != nil {
		return s.refused(op, err)
	}
	p.bound, p.checked = b, nil
	return op.Bind(safe.Lit("what the approval of this plan holds for"), b.things())
}
