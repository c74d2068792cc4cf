package tui

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"lockstep/runbook"
	"lockstep/runbook/engine"
	"lockstep/runbook/plan"
	"lockstep/runbook/safe"
)

// inColour is for looking at frames; the recorded ones have none.
var inColour bool

var epoch = time.Date(2026, 11, 22, 9, 15, 2, 0, time.UTC)

// A fake is a console that keeps what it was told.
type fake struct {
	answers    []engine.Answer
	forced     []string // how and what was typed
	interrupts []engine.Interrupt
	fetched    []engine.Request
	refuse     string
	events     chan engine.Envelope
}

func (f *fake) Subscribe() (<-chan engine.Envelope, func()) { return f.events, func() {} }

func (f *fake) Answer(a engine.Answer) error {
	f.answers = append(f.answers, a)
	if f.refuse != "" {
		return &engine.RefusedError{Why: f.refuse}
	}
	return nil
}

func (f *fake) Interrupt(how engine.Interrupt) { f.interrupts = append(f.interrupts, how) }

func (f *fake) Force(how engine.Interrupt, typed string) error {
	f.forced = append(f.forced, string(how)+" "+typed)
	return nil
}

func (f *fake) Fetch(_ context.Context, r engine.Request) (engine.Part, error) {
	f.fetched = append(f.fetched, r)
	switch r.What {
	case "commit":
		return engine.CommitDetail{
			Message: safe.Lines("Weighted records for the second CDN\n\nMoves static.crates.io to a weighted pair.\n\nDeploy-Hazard: re-creates the certificate"),
			Files:   safe.Lines("modules/crates-io/static.tf\nmodules/crates-io/certificate.tf\nmodules/crates-io/outputs.tf"),
		}, nil
	case "others":
		return engine.Others{Items: []engine.Candidate{{Hash: "aaa", Short: "aaaaaaa", When: epoch.Add(-time.Hour), Author: safe.Show("ben"), Subject: safe.Show("Fix a typo in the README")}}}, nil
	case "file":
		return engine.FileDiff{Added: 1, Removed: 1, Hunks: []engine.Hunk{{OldStart: 1, OldLines: 1, NewStart: 1, NewLines: 1, Lines: []engine.DiffLine{
			{Op: '-', Text: safe.Show("ttl = 300")}, {Op: '+', Text: safe.Show("ttl = 60")},
		}}}}, nil
	case "resource":
		return engine.ResourceDetail{}, nil
	case "order":
		return engine.Order{WaitsFor: [][]int{nil, {0}}}, nil
	}
	return nil, fmt.Errorf("no %q here", r.What)
}

// A desk is a model with an operator before it: keys, events and a clock.
type desk struct {
	t    testing.TB
	m    *model
	con  *fake
	at   time.Time
	seq  int64
	step string
	keep *[]engine.Envelope // what was told, when not nil
}

func newDesk(t testing.TB, width, height int) *desk {
	d := &desk{t: t, con: &fake{}, at: epoch}
	o := Options{Colour: inColour, Now: func() time.Time { return d.at }}
	o.after = func(time.Duration, tea.Msg) tea.Cmd { return nil }
	o.fill()
	d.m = newModel(context.Background(), o)
	d.m.console = d.con
	d.send(tea.WindowSizeMsg{Width: width, Height: height})
	return d
}

// send updates and runs the commands that come back, but no timers.
func (d *desk) send(msg tea.Msg) {
	_, cmd := d.m.Update(msg)
	d.do(cmd)
}

func (d *desk) do(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			d.do(c)
		}
	default:
		if _, quit := msg.(tea.QuitMsg); !quit {
			d.send(msg)
		}
	}
}

func (d *desk) tell(events ...engine.Event) {
	var batch []engine.Envelope
	for _, e := range events {
		d.seq++
		switch v := e.(type) {
		case engine.StepStarted:
			d.step = v.ID
		case engine.QuestionAsked:
			v.Question.ID = fmt.Sprintf("q%d", d.seq)
			v.Question.Step = d.step
			e = v
		}
		name, _ := strings.CutPrefix(fmt.Sprintf("%T", e), "engine.")
		batch = append(batch, engine.Envelope{Seq: d.seq, Time: d.at, Step: d.step, Type: name, Event: e})
	}
	if d.keep != nil {
		*d.keep = append(*d.keep, batch...)
	}
	d.send(eventsMsg(batch))
}

// lastID is the id of the question that was asked last.
func (d *desk) lastID() string { return fmt.Sprintf("q%d", d.seq) }

func (d *desk) wait(by time.Duration) {
	d.at = d.at.Add(by)
	d.m.dirty = true
}

// press presses keys one at a time, as a person would after looking.
func (d *desk) press(keys ...string) {
	d.wait(time.Second)
	for _, k := range keys {
		d.send(keyMsg(k))
	}
}

func (d *desk) write(text string) {
	for _, r := range text {
		d.press(string(r))
	}
}

var named = map[string]tea.KeyType{
	"enter": tea.KeyEnter, "esc": tea.KeyEsc, "up": tea.KeyUp, "down": tea.KeyDown, "pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp,
	"ctrl+c": tea.KeyCtrlC, "tab": tea.KeyTab, "backspace": tea.KeyBackspace, "left": tea.KeyLeft, "right": tea.KeyRight,
}

func keyMsg(k string) tea.KeyMsg {
	if t, ok := named[k]; ok {
		return tea.KeyMsg{Type: t}
	}
	if k == " " {
		return tea.KeyMsg{Type: tea.KeySpace, Runes: []rune{' '}}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)}
}

func (d *desk) has(words ...string) {
	d.t.Helper()
	frame := ansi.Strip(d.m.View())
	for _, w := range words {
		if !strings.Contains(frame, w) {
			d.t.Fatalf("the frame does not say %q:\n%s", w, frame)
		}
	}
}

func (d *desk) hasNot(words ...string) {
	d.t.Helper()
	frame := ansi.Strip(d.m.View())
	for _, w := range words {
		if strings.Contains(frame, w) {
			d.t.Fatalf("the frame says %q:\n%s", w, frame)
		}
	}
}

// exact fails unless the frame is exactly as large as the terminal.
func exact(t testing.TB, frame string, width, height int) {
	t.Helper()
	if width <= 0 || height <= 0 {
		return
	}
	rows := strings.Split(frame, "\n")
	if len(rows) != height {
		t.Fatalf("%dx%d: %d lines", width, height, len(rows))
	}
	for i, row := range rows {
		if w := ansi.StringWidth(row); w != width {
			t.Fatalf("%dx%d: line %d has %d cells: %q", width, height, i, w, row)
		}
	}
}

func started(mode engine.Mode) engine.RunStarted {
	outline := func(id, pos string, kind runbook.Kind, parent, name string) engine.StepOutline {
		return engine.StepOutline{ID: id, Position: pos, Kind: kind, Parent: parent, Name: safe.Show(name)}
	}
	steps := []engine.StepOutline{
		outline("pick", "1", runbook.KindPickCommit, "", ""),
		outline("review", "2", runbook.KindReviewDiff, "", ""),
		outline("tell", "3", runbook.KindAnnounce, "", "Announce the start"),
		outline("each", "4", runbook.KindEachChange, "", ""),
		outline("plan", "4.1", runbook.KindPlan, "each", ""),
		outline("apply", "4.2", runbook.KindApply, "each", ""),
		outline("verify", "4.3", runbook.KindVerify, "each", ""),
		outline("pin", "5", runbook.KindRecordPin, "", ""),
		outline("done", "6", runbook.KindAnnounce, "", "Announce the end"),
	}
	steps[4].Why = safe.Lit("So that nobody applies more than they have read.")
	return engine.RunStarted{
		Run: "7f3a91c2-aa", Title: safe.Show("Roll out the crates.io infrastructure"), Environment: safe.Show("production"),
		Mode: mode, Operator: safe.Show("ana@ops1"), Journal: safe.Show("/home/ana/.local/state/lockstep/crates/production.jsonl"), Steps: steps,
		Probes: []engine.ProbeOutline{{Name: "static", Kind: "dns", Every: time.Second}, {Name: "site", Kind: "http", Every: 5 * time.Second}},
	}
}

func (d *desk) begin(mode engine.Mode) {
	d.tell(started(mode), engine.Recorded{Seq: 41, Kind: "note"})
	for i := range 12 {
		d.tell(engine.ProbeMeasured{Probe: "static", At: d.at, Took: time.Duration(1+i%3) * time.Millisecond, Outcome: engine.Pass, Word: safe.Lit("ok")})
		d.tell(engine.ProbeMeasured{Probe: "site", At: d.at, Took: time.Duration(12+i*7%29) * time.Millisecond, Outcome: engine.Pass, Word: safe.Lit("ok")})
	}
}

func (d *desk) over(id string, summary string) {
	d.wait(22 * time.Second)
	d.tell(engine.StepFinished{ID: id, Result: engine.OK, Summary: safe.Show(summary), Elapsed: 22 * time.Second})
}

// upTo plays the run up to a step of the second round.
func (d *desk) upTo(id string) {
	d.tell(engine.StepStarted{ID: "pick", Attempt: 1})
	if id == "pick" {
		return
	}
	d.over("pick", "4b226e2")
	d.tell(engine.StepStarted{ID: "review", Attempt: 1})
	if id == "review" {
		return
	}
	d.over("review", "4 files")
	d.tell(engine.StepStarted{ID: "tell", Attempt: 1})
	if id == "tell" {
		return
	}
	d.over("tell", "sent to ops")
	d.tell(engine.StepStarted{ID: "each", Attempt: 1}, engine.RoundStarted{ID: "each", Round: 1})
	for _, s := range []string{"plan", "apply", "verify"} {
		d.tell(engine.StepStarted{ID: s, Attempt: 1})
		if s == "plan" {
			d.tell(engine.PlanMade{Changes: []plan.Change{{ID: "c1", Title: safe.Show("certificate.static")}, {ID: "c2"}, {ID: "c3"}}})
			d.tell(engine.QuestionAnswered{Answer: engine.Answer{Item: "c1"}})
		}
		d.over(s, "")
	}
	d.tell(engine.RoundStarted{ID: "each", Round: 2})
	d.tell(engine.StepStarted{ID: "plan", Attempt: 2})
	if id == "plan" {
		return
	}
	d.tell(engine.PlanMade{Changes: []plan.Change{{ID: "c2"}, {ID: "c3"}}})
	d.over("plan", "2 changes")
	d.tell(engine.StepStarted{ID: "apply", Attempt: 2})
	if id == "apply" {
		return
	}
	d.over("apply", "1 update")
	d.tell(engine.StepStarted{ID: "verify", Attempt: 2})
	if id == "verify" {
		return
	}
	d.over("verify", "3 of 3 pass")
	d.tell(engine.RoundStarted{ID: "each", Round: 3}, engine.StepStarted{ID: "plan", Attempt: 3}, engine.PlanMade{})
	d.over("plan", "nothing left")
	d.tell(engine.StepFinished{ID: "each", Result: engine.OK, Summary: safe.Lit("2 changes"), Elapsed: 3 * time.Minute})
	d.tell(engine.StepStarted{ID: id, Attempt: 1})
}

func candidates() engine.Candidates {
	day := 24 * time.Hour
	c := func(short, author, subject string, age, verified time.Duration, files, takes int) engine.Candidate {
		out := engine.Candidate{
			Hash: short + strings.Repeat("0", 33), Short: short, When: epoch.Add(-age), Author: safe.Show(author), Email: safe.Show(author + "@crates.io"),
			Subject: safe.Show(subject), Files: files, Takes: takes, Signature: safe.Lit("none"),
		}
		if verified > 0 {
			out.Verified = epoch.Add(-verified)
		}
		return out
	}
	items := []engine.Candidate{
		c("8d2be59", "ana", "Reduce TTL of static records", 9*day, 3*day, 2, 1),
		c("09dd16f", "ben", "Remove redirects from certificate module", 9*day, 3*day, 1, 2),
		c("4b226e2", "ana", "Weighted records for the second CDN", 7*day, 2*day, 3, 3),
		c("7873766", "ben", "Pass provider to certificate module", day, 0, 2, 4),
	}
	items[0].Recommended = true
	for i := 1; i < 4; i++ {
		items[i].Reason = safe.Sprintf("it takes %d commits at once", i+1)
	}
	items[2].Hazards = []safe.Text{safe.Lit("re-creates the certificate")}
	items[3].Disabled = safe.Lit("staging has not verified it")
	return engine.Candidates{
		Environment: safe.Show("production"), Branch: safe.Show("main"), Pin: c("35e2041", "ana", "Pinned", 50*day, 0, 1, 0),
		PinnedAt: epoch.Add(-41 * day), Ahead: 15, Items: items, After: safe.Show("staging"), AfterAt: safe.Show("4b226e2"),
	}
}

func choice(id, key, label, consequence string) engine.Choice {
	return engine.Choice{ID: id, Key: key, Label: safe.Show(label), Consequence: safe.Show(consequence)}
}

func stopping() engine.Choice {
	c := choice("stop", "s", "stop here", "what is applied stays, the pin does not move")
	c.Stops = true
	return c
}

func commitQuestion() engine.Question {
	take := choice("take", "t", "take this commit", "")
	take.NeedsItem = true
	return engine.Question{Kind: engine.AskCommit, Title: safe.Lit("Which commit?"), Choices: []engine.Choice{take, stopping()}, Payload: candidates(), Digest: "d1"}
}

func confirmQuestion() engine.Question {
	yes := choice("yes", "y", "yes, switch the traffic", "users are served by the new network at once")
	yes.Typed, yes.Irreversible = "switch", true
	return engine.Question{
		Kind: engine.AskConfirm, Title: safe.Lit("Is the second network warm?"),
		Body: safe.Lines("Look at the cache hit rate of the second network before you go on.\n\nIt should be above 80 %."), Choices: []engine.Choice{stopping(), yes}, Digest: "d2",
	}
}

func manualQuestion() engine.Question {
	done := choice("done", "d", "all done", "the run goes on")
	done.Recommended = true
	return engine.Question{
		Kind: engine.AskManual, Title: safe.Lit("By hand"), Choices: []engine.Choice{done, stopping()},
		Payload: engine.Checklist{Items: safe.Lines("Tell the people on call that the name servers change\nOpen the dashboard of the delivery network and keep it in sight during the next step\nCheck that nobody else is deploying")},
	}
}

func announceQuestion(muted string) engine.Question {
	send := choice("send", "s", "send it", "2 channels get this text")
	skip := choice("skip", "k", "do not send", "recorded; the run goes on")
	return engine.Question{
		Kind: engine.AskAnnounce, Title: safe.Lit("Announce the start"), Choices: []engine.Choice{skip, send, stopping()},
		Payload: engine.Message{
			Text: "Rolling out 4b226e2 to production.\n\nWeighted records for the second CDN. We watch static.crates.io the whole time.", Muted: safe.Show(muted),
			Channels: []engine.MessageChannel{
				{Name: "ops", Kind: "slack", Where: safe.Show("hooks.slack.example"), Footer: safe.Lines("run 7f3a91c2 · journal 41 records")},
				{Name: "status", Kind: "webhook", Where: safe.Show("status.example"), Footer: safe.Lines("run 7f3a91c2 · journal 41 records")},
			},
		},
	}
}

func pinQuestion() engine.Question {
	write := choice("write", "w", "write the pin", "a commit on main, pushed to origin")
	write.Irreversible = true
	items := candidates().Items
	return engine.Question{
		Kind: engine.AskPin, Title: safe.Lit("Record that production is at 4b226e2"), Choices: []engine.Choice{stopping(), write},
		Payload: engine.PinReview{
			Environment: safe.Show("production"), From: candidates().Pin, To: items[2], Where: safe.Show("environments/production/deployed-ref on main, pushed to origin"),
			Checks: []engine.CheckLine{{OK: true, Text: safe.Lit("the plan is empty")}, {OK: true, Text: safe.Lit("verification passed 12 s ago")}, {OK: false, Text: safe.Lit("main moved by 1 commit since; it does not touch production")}},
		},
	}
}

func failureQuestion() engine.Question {
	accept := choice("accept", "a", "accept as it is", "recorded; the run goes on")
	accept.NeedsReason = true
	again := choice("retry", "r", "try again now", "the step starts from its beginning")
	return engine.Question{
		Kind: engine.AskFailure, Title: safe.Lit("Plan failed"), Choices: []engine.Choice{stopping(), accept, again},
		Payload: engine.Failure{
			What: safe.Lit("terraform plan: exit status 1"), Hint: safe.Lit("Correct the variable and try again."),
			Lines: safe.Lines("Error: Invalid value for variable\n\n  on variables.tf line 3:\n   3: variable \"ttl\" {\n\nThe TTL must be at least 60."),
		},
	}
}

func verifyQuestion() engine.Question {
	q := failureQuestion()
	q.Kind, q.Title = engine.AskVerify, safe.Lit("1 of 3 probes did not pass within 15 min")
	wait := choice("wait", "w", "wait 10 minutes more", "still measuring")
	q.Choices = append(q.Choices[:2:2], wait, q.Choices[2])
	q.Payload = engine.Failure{What: safe.Lit("static: wrong value"), Hint: safe.Lit("Look at the name servers.")}
	return q
}

func finished() engine.RunFinished {
	return engine.RunFinished{Result: engine.OK, Summary: engine.Summary{
		Sentence: safe.Lit("production went from 35e2041 to 4b226e2 in 2 changes; no query failed."), Commit: safe.Show("4b226e2 Weighted records for the second CDN"),
		Pin: safe.Show("4b226e2"), PlanEmpty: true, Elapsed: 14*time.Minute + 12*time.Second, Records: 63,
		Head: "9c1f00ab44d1", Journal: safe.Show("/home/ana/.local/state/lockstep/crates/production.jsonl"),
		Changes: []engine.ChangeDone{
			{Title: safe.Show("certificate.static and its validation"), Result: engine.OK, Took: 580 * time.Second, Counts: map[plan.Action]int{plan.CreateThenDelete: 1, plan.Create: 1}},
			{Title: safe.Show("dns_record.weighted, then dns_record.static"), Result: engine.OK, Took: 3 * time.Second, Counts: map[plan.Action]int{plan.Create: 1, plan.Delete: 1}},
		},
		Decisions: []safe.Text{safe.Lit("took 3 commits at once: they were tested together on staging")},
		Probes:    []engine.ProbeTotals{{Probe: "static", Asked: 852, Failed: 0}, {Probe: "site", Asked: 170, Failed: 0, Missed: 2}},
	}}
}
