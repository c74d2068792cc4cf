package announce

import (
	"context"
	"encoding/json"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// A Past is what the records of an earlier process say about announcements. The
// id of an announcement holds the run, so those of other runs do not matter.
type Past struct{ states map[string]delivery }

// ReadPast reads what became of every announcement. An intent without an outcome
// may have reached people, and so may one that failed, unless its outcome says
// that nothing left the machine.
func ReadPast(records []journal.Record) Past {
	p := Past{states: map[string]delivery{}}
	open := map[int64]delivered{}
	for _, r := range records {
		switch r.Kind {
		case journal.KindIntent:
			var b struct{ Facts delivered }
			if json.Unmarshal(r.Body, &b) == nil && b.Facts.ID != "" && b.Facts.Channel != "" {
				open[r.Seq] = b.Facts
				d := p.states[b.Facts.key()]
				d.pending++
				p.states[b.Facts.key()] = d
			}
		case journal.KindOutcome:
			var b struct {
				Intent int64
				Result string
				Facts  struct {
					Never bool `json:"never_sent"`
				}
			}
			if json.Unmarshal(r.Body, &b) != nil {
				continue
			}
			f, ok := open[b.Intent]
			if !ok {
				continue
			}
			delete(open, b.Intent)
			d := p.states[f.key()]
			d.pending--
			d.attempted = d.attempted || !b.Facts.Never
			if b.Result == string(engine.OK) {
				d.arrived = f.Digest
			}
			p.states[f.key()] = d
		}
	}
	return p
}

// delivered is what an intent says about one announcement on one channel.
type delivered struct {
	ID      string `json:"id"`
	Channel string `json:"channel"`
	Digest  string `json:"sha256"`
}

func (d delivered) key() string { return d.ID + " " + d.Channel }

// Attempted reports whether an announcement may have reached a channel.
func (p Past) Attempted(id, channel string) bool {
	d := p.states[id+" "+channel]
	return d.attempted || d.pending > 0
}

// Arrived returns the digest of the text that is known to have reached a channel
// last.
func (p Past) Arrived(id, channel string) (digest string, ok bool) {
	d := p.states[id+" "+channel]
	return d.arrived, d.arrived != ""
}

var _ engine.Reconciler = (*step)(nil)

// Reconcile cannot ask a channel what reached it. The step goes through its
// channels again: who is known to have the text gets nothing, and the others get
// it marked as a repeat.
func (s *step) Reconcile(_ context.Context, _ engine.Operator, u engine.Unsettled) (engine.Finding, error) {
	channel, _ := u.Facts["channel"].(string)
	id, _ := u.Facts["id"].(string)
	f := engine.Finding{
		Verdict: "may-have-arrived", Sure: true, Then: engine.ThenAgain,
		Found: safe.Sprintf("the announcement %s may have reached %s, or not; it is sent again under the same id and says so", id, channel),
		Ending: engine.Ending{
			Result: engine.ResultRepeat, Detail: safe.Lit("nobody knows whether it arrived"),
			Facts: map[string]any{"recovered": true, "channel": channel, "id": id},
		},
	}
	if u.Outcome != nil {
		f.Verdict = "recorded"
		f.Found = safe.Sprintf("what became of the announcement %s to %s is recorded: %s", id, channel, u.Outcome.Result)
		f.Ending = engine.Ending{Result: engine.Result(u.Outcome.Result), Detail: u.Outcome.Detail, Facts: u.Outcome.Facts}
	}
	return f, nil
}
