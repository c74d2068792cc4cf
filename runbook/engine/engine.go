package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"lockstep/runbook"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// A Recorder is the journal as the engine needs it. A record is durable when
// Append returns without an error.
type Recorder interface {
	Append(d journal.Draft) (journal.Record, error)
	PutBlob(name string, data []byte) (journal.BlobRef, error)
	Path() string
	Head() (seq int64, digest string)
}

// A Prober measures one live thing for as long as a run lasts.
type Prober interface {
	Outline() ProbeOutline
	// Run measures on its schedule until ctx ends and tells every measurement.
	Run(ctx context.Context, tell func(ProbeMeasured))
}

// A Config is all that a run needs.
type Config struct {
	Run         string // id of the run, new for each
	Mode        Mode
	Runbook     *runbook.Runbook
	Environment string
	Kit         Kit
	Probers     []Prober
	Journal     Recorder
	Actor       journal.Actor
	Folder      string           // relative paths of the runbook start here
	WorkDir     string           // private; the run removes it at its end; a resumed run works in a folder of its own below
	Version     string           // of Lockstep, for the record
	Now         func() time.Time // time.Now when nil

	// Detached says that operators come and go, see [Engine.Seat]. Without anybody
	// who holds the answers nothing new starts.
	Detached bool
	// Past makes this the next process of a run that did not come to its end; nil
	// for a new run. See [ReadPast].
	Past *Past
	// Closed is called when the run has its last record, or stays open because the
	// end of an effect is not known. What it returns is told as a warning unless it is
	// empty. It may be nil.
	Closed func(Result) safe.Text
}

// An Engine runs one runbook once. It is the [Console] of that run.
type Engine struct {
	cfg    Config
	run    Run
	stream *stream
	desk   questions
	steps  map[string]Step // by id

	unattended map[string]bool // steps that may start while nobody is attached

	// Only the goroutine in Run uses these.
	facts     Facts
	decisions []safe.Text
	attempts  map[string]int // step → how often it was started
	done      map[string]ended
	pending   bool    // the plan that was chosen went with an earlier process
	settled   []int64 // intents whose end was found out on a resume
	rounds    cycle
	effects   map[int64]opened // without an outcome, by the number of the intent

	mu      sync.Mutex
	stop    bool // StopSoon
	cancel  context.CancelCauseFunc
	gauges  map[string]*gauge // by probe
	started time.Time
	gone    chan struct{} // closed when nobody is there any more

	present   presence
	wake      chan struct{} // closed at the next interrupt; may be nil
	cancelled bool          // CancelNow was asked for
	underway  *underway     // the effect that runs now, or nil
	recording recording
}

var _ Console = (*Engine)(nil)

// New prepares a run: it builds every step, so that a runbook that cannot run
// is refused before anything happens.
func New(c Config) (*Engine, error) {
	env := c.Runbook.Environments[c.Environment]
	if env == nil {
		return nil, fmt.Errorf("the runbook has no environment %q", c.Environment)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Mode != Live {
		c.Mode = Rehearsal
	}
	e := &Engine{
		cfg: c,
		run: Run{
			ID: c.Run, Mode: c.Mode, Runbook: c.Runbook, Environment: env, Actor: c.Actor,
			Started: c.Now(), WorkDir: c.WorkDir, Folder: c.Folder,
		},
		stream: newStream(c.Now),
		steps:  map[string]Step{},

		unattended: map[string]bool{},
		attempts:   map[string]int{},
		done:       map[string]ended{},
		effects:    map[int64]opened{},
		gauges:     map[string]*gauge{},
		gone:       make(chan struct{}),
	}
	if err := e.build(c.Runbook.Steps); err != nil {
		return nil, err
	}
	if c.Past != nil {
		if err := c.Past.check(c); err != nil {
			return nil, err
		}
		// What the process before left in the folder is evidence.
		e.facts.Keep = c.Past.memory.Facts.Keep
		e.recallOpen(c.Past)
		e.run.Started = c.Past.Began
		e.run.WorkDir = filepath.Join(c.WorkDir, fmt.Sprintf("resumed-%d", c.Past.Resumes+1))
		if err := os.MkdirAll(e.run.WorkDir, 0o700); err != nil {
			return nil, fmt.Errorf("make the work folder: %w", err)
		}
	}
	return e, nil
}

func (e *Engine) build(steps []runbook.Step) error {
	for _, s := range steps {
		if s.Kind() == runbook.KindEachChange {
			if err := e.build(s.EachChange); err != nil {
				return err
			}
			continue
		}
		builder := e.cfg.Kit[s.Kind()]
		if builder == nil {
			return fmt.Errorf("step %s: nothing here can do %q", s.Position, s.Kind())
		}
		step, err := builder(s)
		if err != nil {
			return fmt.Errorf("step %s: %w", s.Position, err)
		}
		e.steps[s.ID] = step
		e.unattended[s.ID] = s.Unattended
	}
	return nil
}

// Run runs the steps. It blocks until the run is over and returns how it ended;
// the error says why when it did not end well. Cancelling ctx is the same as
// [CancelNow]. Run can be called once.
func (e *Engine) Run(ctx context.Context) (Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	e.mu.Lock()
	e.cancel, e.started = cancel, e.run.Started
	e.mu.Unlock()
	defer e.stream.close()

	if err := e.open(); err != nil {
		e.tidy()
		return Failed, err
	}
	probing := e.probe(ctx)
	err := e.comeBack(ctx)
	if err == nil {
		err = e.walk(ctx, e.cfg.Runbook.Steps)
	}
	probing()
	result := e.resultOf(err)
	if why := e.keep(); len(e.effects) > 0 && result != Unknown {
		// Whatever the steps made of it: nothing says how that ended.
		err = errors.Join(fmt.Errorf("%w: %s", ErrUnknown, why), err)
		result = Unknown
	}
	if result == Skipped {
		result = OK // there was nothing to do, and it is done
	}
	summary := e.summary(result, err)
	if result == OK {
		err = nil
	}
	e.recording.set(false)
	// What is unknown stays open, so that a resume can look for it.
	if result != Unknown {
		if cerr := e.close(result, summary); cerr != nil {
			err = errors.Join(err, cerr)
			result = e.resultOf(err)
		}
	}
	summary.Records, summary.Head = e.cfg.Journal.Head()
	e.tidy()
	if e.cfg.Closed != nil {
		if t := e.cfg.Closed(result); !t.IsEmpty() {
			e.stream.publish("", Warned{t})
		}
	}
	e.stream.publish("", RunFinished{Result: result, Summary: summary})
	return result, err
}

// tidy removes the work folder, which holds secrets, unless it also holds what
// somebody still needs.
func (e *Engine) tidy() {
	why := e.keep()
	switch {
	case e.cfg.WorkDir == "":
	case !why.IsEmpty():
		e.stream.publish("", Warned{safe.Sprintf("the work folder %s is kept, and may hold secrets: %s", e.cfg.WorkDir, why)})
	default:
		if err := os.RemoveAll(e.cfg.WorkDir); err != nil {
			e.stream.publish("", Warned{safe.Sprintf("the work folder could not be removed: %v", err)})
		}
	}
}

// comeBack settles what an earlier process of the run left behind.
func (e *Engine) comeBack(ctx context.Context) error {
	if e.cfg.Past == nil {
		return nil
	}
	if err := e.settle(ctx); err != nil {
		return err
	}
	e.reopen(e.cfg.Runbook.Steps)
	e.pending = false
	e.lookAgain(e.cfg.Runbook.Steps)
	return nil
}

// probe starts every prober and returns a function that stops them and waits. They
// go on while a cancelled run waits for what is under way: that is when it matters
// most what is live.
func (e *Engine) probe(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	for _, p := range e.cfg.Probers {
		wg.Go(func() {
			defer e.guard()
			p.Run(ctx, e.measured)
		})
	}
	return func() {
		cancel()
		wg.Wait()
	}
}

// guard ends the run when a goroutine of ours panics, instead of the program,
// so that an effect under way is still waited for and recorded.
func (e *Engine) guard() {
	if r := recover(); r != nil {
		e.end(fmt.Errorf("internal error: %v", r))
	}
}

func (e *Engine) end(cause error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cancel != nil {
		e.cancel(cause)
	}
}

// Subscribe implements [Console].
func (e *Engine) Subscribe() (<-chan Envelope, func()) { return e.stream.subscribe() }

// errJournal says that something could not be recorded. That counts more than a
// wish to stop.
var errJournal = errors.New("write the journal")

// append writes a record and tells that there is one more.
func (e *Engine) append(step string, attempt int, kind journal.Kind, body any, blobs ...journal.BlobRef) (journal.Record, error) {
	return e.appendAs(e.cfg.Actor, step, attempt, kind, body, blobs...)
}

// appendAs writes a record that somebody in particular caused.
func (e *Engine) appendAs(who journal.Actor, step string, attempt int, kind journal.Kind, body any, blobs ...journal.BlobRef) (journal.Record, error) {
	r, err := e.cfg.Journal.Append(journal.Draft{
		Run: e.run.ID, Step: step, Attempt: attempt, Kind: kind, Actor: who, Body: body, Blobs: blobs,
	})
	if err != nil {
		return r, fmt.Errorf("%w: %w", errJournal, err)
	}
	e.stream.publish(step, Recorded{Seq: r.Seq, Kind: string(kind)})
	return r, nil
}
