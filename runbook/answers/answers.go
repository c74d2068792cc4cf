// Package answers is an operator without a screen: a file that says beforehand
// what is answered to each question of a run.
//
//	lockstep-answers: 1
//	answers:
//	  pick_commit: { choose: take, item: next }
//	  review_diff: { choose: continue, acknowledge: all }
//	  plan:        { choose: take }
//	  apply:       { choose: apply, typed: production }
//	  verify:      { choose: stop }
//	  failure:     { choose: stop }
//	  unknown:     { choose: stop }
//	  soak/confirm: { choose: "yes" }
//
// A key is a kind of question, as in [engine.QuestionKind], or ID/KIND for the
// questions of one step, which goes first. The keys of an answer:
//
//	choose       id or tag of a choice
//	item         which commit: next, newest, or the first 4 or more digits of its hash;
//	             which change: next, or its id; several ids joined with "+"; "only:" and
//	             indexes of resources, joined with ","
//	             which cure: next, or its id
//	reason       recorded with the decision
//	typed        the word that is typed to say yes; it is never made up
//	text         an announcement that replaces the one that is offered, a note
//	acknowledge  all, or a list: hazards of a plan by code, for all that have it, or by
//	             "CODE ADDRESS"; "hazard 1", "item 1", "file PATH"
//	times        how often the answer may be given in a run
//
// What became of an effect that a dead process left behind is answered by what was
// found: the key is settle.VERDICT, such as settle.reconciled-applied. A mere settle
// can only stop.
//
// Missing answers are found before a run starts, see [Answers.Missing]. What
// cannot be known before, such as a choice that is disabled, ends the run: an
// answer is never bent to fit a question, and a question is never left open.
package answers

import (
	"fmt"
	"slices"
	"strings"

	"lockstep/runbook/engine"
	"lockstep/runbook/strict"
)

// Version is the value of the key "lockstep-answers" that this package reads.
const Version = 1

// All stands in Acknowledge for everything that a question asks to acknowledge.
const All = "all"

// The values of Item that are not the name of something.
const (
	Next   = "next"   // the recommended one, and the default
	Newest = "newest" // the last commit that can be chosen
)

// Answers is what a script answers. It can be made in Go as well as read from a file.
type Answers struct {
	Version int               `yaml:"lockstep-answers" doc:"Version of the format, 1." required:"true"`
	Answers map[string]Answer `yaml:"answers" doc:"What is answered, by kind of question, or by ID/KIND for the questions of one step." required:"true"`

	// File is the path the answers were read from, or "".
	File string `yaml:"-"`
}

// An Answer is what is said to the questions of one key.
type Answer struct {
	Choose      string   `yaml:"choose" doc:"Id or tag of a choice." required:"true"`
	Item        string   `yaml:"item" doc:"Which commit (next, newest, the beginning of a hash) change or cure (next, an id); next when missing."`
	Reason      string   `yaml:"reason" doc:"Why; it is recorded."`
	Typed       string   `yaml:"typed" doc:"The word that is typed to say yes."`
	Text        string   `yaml:"text" doc:"An announcement instead of the offered one, or a note."`
	Acknowledge []string `yaml:"acknowledge" one:"true" doc:"What is acknowledged: all, or a list of codes of hazards, items and files."`
	Times       int      `yaml:"times" doc:"How often it may be given in a run. When missing: 10 times for cure, verify, failure and unknown, so that trying again comes to an end, and always for the others." min:"1" max:"1000000"`
}

// retries is how often what is asked again and again is answered when Times does not say.
const retries = 10

// kinds are the questions a run can ask.
var kinds = []string{
	string(engine.AskCommit), string(engine.AskReview), string(engine.AskChange), string(engine.AskCure), string(engine.AskApply), string(engine.AskNext),
	string(engine.AskAnnounce), string(engine.AskPin), string(engine.AskConfirm), string(engine.AskManual), string(engine.AskCommand),
	string(engine.AskVerify), string(engine.AskFailure), string(engine.AskPostMortem), string(engine.AskSettle),
}

// verdict stands before the verdict that an answer to a settlement is for.
const verdict = string(engine.AskSettle) + "."

// Load reads answers from a file. What is wrong with its content comes as a
// *[strict.Problems].
func Load(path string) (*Answers, error) {
	data, err := strict.File(path)
	if err != nil {
		return nil, fmt.Errorf("read answers %q: %w", path, err)
	}
	return Parse(path, data)
}

// Parse reads answers. The name stands in its problems.
func Parse(name string, data []byte) (*Answers, error) {
	a := &Answers{File: name}
	doc := strict.Read(name, data, "lockstep-answers: 1", nil, a)
	if doc.Usable() {
		if !doc.Troubled("lockstep-answers") && a.Version != Version {
			doc.Report("lockstep-answers", fmt.Sprintf("lockstep-answers is %d, a version of the format that is not known", a.Version),
				fmt.Sprintf("write lockstep-answers: %d", Version))
		}
		for key := range a.Answers {
			step, kind, ofStep := cutKey(key)
			switch {
			case strings.HasPrefix(kind, verdict) && kind != verdict:
			case kind == string(engine.AskSettle) && a.Answers[key].Choose != "stop":
				doc.Report("answers."+key, "what became of an effect depends on what is found, so the answer has to name the finding",
					"write "+verdict+"VERDICT, such as "+verdict+"reconciled-applied")
			case !slices.Contains(kinds, kind):
				doc.Report("answers."+key, fmt.Sprintf("%q is not a kind of question", kind), strict.DidYouMean(kind, kinds))
			case ofStep && step == "":
				doc.Report("answers."+key, fmt.Sprintf("%q names no step", key), "write the id of a step before the /")
			}
		}
	}
	if err := doc.Err(); err != nil {
		return nil, err
	}
	return a, nil
}

// cutKey takes a key apart.
func cutKey(key string) (step, kind string, ofStep bool) {
	if i := strings.LastIndexByte(key, '/'); i >= 0 {
		return key[:i], key[i+1:], true
	}
	return "", key, false
}

// find returns the answer to a kind of question of a step, and its key.
func (a *Answers) find(step string, kind engine.QuestionKind) (key string, _ Answer, ok bool) {
	for _, key := range []string{step + "/" + string(kind), string(kind)} {
		if one, ok := a.Answers[key]; ok {
			return key, one, true
		}
	}
	return "", Answer{}, false
}
