package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"

	"github.com/hashicorp/terraform-exec/tfexec"

	"lockstep/runbook/engine"
	"lockstep/runbook/failpoint"
	"lockstep/steps/keep"
)

// ErrNotStarted says that Terraform certainly did not run, so that nothing was
// done.
var ErrNotStarted = errors.New("terraform was not started")

// Apply applies a saved plan. Terraform is kept: it runs as the job in the folder
// kept, which serves once and may have been made before by keep.Front, and goes on
// whatever becomes of this process; see Follow.
//
// Cancelling ctx sends one interrupt, once Terraform has said its first word;
// Apply returns when Terraform has ended, never before, with its exit code, or -1
// when there is none. An error that wraps engine.ErrUnknown says that it is open
// what Terraform did; one that wraps ErrNotStarted, that it did nothing.
func (r *Root) Apply(ctx context.Context, kept, planFile string, each func(Message)) (exit int, err error) {
	// A saved plan holds its variables; only the number of workers is left to say.
	opts := []tfexec.ApplyOption{tfexec.DirOrPlan(planFile)}
	if r.Parallelism > 0 {
		opts = append(opts, tfexec.Parallelism(r.Parallelism))
	}
	return r.apply(ctx, kept, each, opts)
}

// Follow gives what an Apply prints that another process began, from its first
// message, and ends as that Apply does. When ctx ends it returns that error, and
// Terraform does not notice.
func (r *Root) Follow(ctx context.Context, kept string, each func(Message)) (exit int, err error) {
	out := collect(each)
	st, said, err := rest(ctx, kept, out, 0)
	if err != nil {
		return -1, err
	}
	return r.ended(ctx, applyFailed, st, said, out)
}

// PushState makes the state in a file the one of the backend, as a kept job like
// Apply's. The state's lock is taken. Without force Terraform refuses a state of
// another lineage and one that is older than what it would replace.
func (r *Root) PushState(ctx context.Context, kept, file string, force bool) error {
	args := []string{"state", "push", "-no-color", "-lock=true"}
	if force {
		args = append(args, "-force")
	}
	return r.change(ctx, kept, pushFailed, append(args, file)...)
}

// ForceUnlock releases the state's lock, which is another's, as a kept job like
// Apply's. id is what Terraform says of the lock.
func (r *Root) ForceUnlock(ctx context.Context, kept, id string) error {
	return r.change(ctx, kept, unlockFailed, "force-unlock", "-no-color", "-force", "--", id)
}

// apply runs Terraform behind a front. What happened is read from the job and not
// from what terraform-exec returns: it knows only how the front ended.
func (r *Root) apply(ctx context.Context, folder string, each func(Message), opts []tfexec.ApplyOption) (exit int, err error) {
	if err := ctx.Err(); err != nil {
		return -1, err
	}
	front, err := keep.Front(folder, r.Binary.Path)
	if err != nil {
		return -1, r.notStarted(applyFailed, err)
	}
	tf, err := newTerraform(r.Dir, front, r.Env)
	if err != nil {
		return -1, r.notStarted(applyFailed, err)
	}
	out := collect(eventful(each))
	seen := &firstWrite{w: out.w, first: make(chan struct{})}
	// Not before it has said something: it may not listen yet, and would be ended
	// like one that crashed.
	stop := interruptOnce(ctx, folder, seen.first)
	// terraform-exec is never cancelled: it would signal the front, which may be gone,
	// and one it has only just started not at all.
	rerr := tf.ApplyJSON(context.WithoutCancel(ctx), seen, opts...)
	// When the front died before Terraform there is more to come.
	st, said, err := rest(context.WithoutCancel(ctx), folder, out, seen.n)
	stop()
	if err != nil {
		return -1, fmt.Errorf("%w: %w", engine.ErrUnknown, err)
	}
	if st.Phase == keep.NotStarted && rerr != nil {
		// The front, or terraform-exec before it came to that, says best why.
		return -1, r.notStarted(applyFailed, rerr)
	}
	return r.ended(ctx, applyFailed, st, said, out)
}

// change runs Terraform for what terraform-exec runs with colours or not at all.
func (r *Root) change(ctx context.Context, folder string, c call, args ...string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := keep.Start(folder, keep.Job{Program: r.Binary.Path, Args: args, Dir: r.Dir, Env: r.environ()}); err != nil {
		return r.notStarted(c, err)
	}
	at := make(chan struct{})
	close(at)
	stop := interruptOnce(ctx, folder, at)
	out := collect(nil)
	st, said, err := rest(context.WithoutCancel(ctx), folder, out, 0)
	stop()
	if err != nil {
		return fmt.Errorf("%w: %w", engine.ErrUnknown, err)
	}
	_, err = r.ended(ctx, c, st, said, out)
	return err
}

// rest waits for the end of a job and takes what it prints after the first skip
// bytes. said is the beginning of what went to standard error.
func rest(ctx context.Context, folder string, out *output, skip int64) (st keep.State, said string, err error) {
	var stderr limited
	st, err = keep.Following{Stdout: out.w, Stderr: &stderr, Skip: skip}.Wait(ctx, folder)
	out.w.end()
	return st, string(stderr.b), err
}

// ended is the result of a call whose job has come to its end.
func (r *Root) ended(ctx context.Context, c call, st keep.State, said string, out *output) (exit int, err error) {
	if err := failpoint.Hit("tf.exited"); err != nil {
		return -1, fmt.Errorf("%w: %w", engine.ErrUnknown, err)
	}
	switch st.Phase {
	case keep.NotStarted:
		return -1, r.notStarted(c, errors.New(st.Words()))
	case keep.Ended:
		if st.Exit == 0 {
			return 0, nil // and an interrupt came too late to matter
		}
		return st.Exit, r.problem(ctx, c, &ending{st, said}, out)
	}
	p := &engine.Problem{
		Err:  fmt.Errorf("%w: terraform is gone, and how it ended was not written down: %s", engine.ErrUnknown, st.Why),
		Hint: "Look at the state and the real objects before anything else; the state may lack what was done last.",
	}
	p.Lines = append(describeAll(out.diagnostics, r.Net), r.Net.Lines(said)...)
	return -1, p
}

func (r *Root) notStarted(c call, why error) error {
	p := &engine.Problem{
		Err:  fmt.Errorf("%s: %w: %s", c.what, ErrNotStarted, r.Net.Show(firstWords(why))),
		Hint: "Nothing was done. Repair the cause and try again.", Lines: r.Net.Lines(stderrOf(why)),
	}
	return p
}

// An ending is how Terraform ended, as an error like those of terraform-exec.
type ending struct {
	keep.State
	stderr string
}

func (e *ending) Error() string {
	how := fmt.Sprintf("exit status %d", e.Exit)
	if e.Signal != "" {
		how = "signal: " + e.Signal
	}
	return how + "\n" + e.stderr
}

// ExitCode is -1 when a signal ended it.
func (e *ending) ExitCode() int { return e.Exit }

// interruptOnce passes the end of ctx on to the program of a job, as one
// interrupt and not before a channel is closed.
func interruptOnce(ctx context.Context, folder string, from <-chan struct{}) (stop func()) {
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-over:
			return
		case <-from:
		}
		select {
		case <-over:
		case <-ctx.Done():
			// It may have ended meanwhile, which needs no word.
			_ = keep.Signal(folder, syscall.SIGINT)
		}
	}()
	return func() {
		close(over)
		<-done
	}
}

// A firstWrite passes writes on, counts their bytes, and closes first at the first.
type firstWrite struct {
	w     io.Writer
	n     int64
	once  sync.Once
	first chan struct{}
}

func (w *firstWrite) Write(p []byte) (int, error) {
	w.once.Do(func() {
		close(w.first)
		_ = failpoint.Hit("tf.started")
	})
	n, err := w.w.Write(p)
	w.n += int64(n)
	return n, err
}

// eventful passes messages on, and the failpoint of the first about a resource.
func eventful(each func(Message)) func(Message) {
	var once sync.Once
	return func(m Message) {
		if m.Hook.Resource.Address != "" {
			once.Do(func() { _ = failpoint.Hit("tf.firstevent") })
		}
		if each != nil {
			each(m)
		}
	}
}
