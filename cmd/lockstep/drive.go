package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"lockstep/runbook/answers"
	"lockstep/runbook/engine"
)

// An opener prepares a run. It may take a while.
type opener func(ctx context.Context) (*session, error)

// A watcher shows a run and answers its questions. It calls prepare once for the
// run to watch, and returns when the run is over or nobody is there any more.
type watcher func(ctx context.Context, prepare func(context.Context) (engine.Console, error)) error

// An ending is how a run went.
type ending struct {
	session *session // closed; nil when there was no run
	result  engine.Result
	summary engine.Summary
	err     error
}

// drive prepares a run, has somebody watch it, and waits for its end: whatever
// is under way is never left behind, whoever goes away.
func drive(ctx context.Context, open opener, watch watcher, say io.Writer) ending {
	watching, leave := context.WithCancel(ctx)
	defer leave()
	var (
		s       *session
		over    = make(chan struct{}) // closed when the run is
		end     ending
		unheard = func() {}
	)
	werr := watch(watching, func(ctx context.Context) (engine.Console, error) {
		opened, err := open(ctx)
		if err != nil {
			return nil, err
		}
		s = opened
		unheard = onSignals(s.engine, over, leave, say)
		go func() {
			defer close(over)
			// The run does not end with ctx: an effect under way has to end by itself.
			end.result, end.err = s.engine.Run(context.WithoutCancel(ctx))
		}()
		return s.engine, nil
	})
	defer func() { unheard() }()
	if s == nil {
		return ending{result: engine.Failed, err: werr}
	}
	if !ended(over) {
		s.engine.Interrupt(engine.Abandon)
		if werr != nil && !errors.Is(werr, context.Canceled) {
			fmt.Fprintf(say, "lockstep: nobody watches any more (%v); what is under way ends and is recorded\n", werr)
		}
		<-over
	}
	end.session, end.summary = s, finalSummary(s.engine)
	var stuck *answers.StuckError
	if errors.As(werr, &stuck) {
		// That the run was stopped then is no choice of the operator's.
		end.err, werr = stuck, nil
	}
	end.err = errors.Join(end.err, unlessCanceled(werr), s.close())
	return end
}

// finalSummary returns what the last event of a run that has ended says.
func finalSummary(c engine.Console) (s engine.Summary) {
	events, cancel := c.Subscribe()
	defer cancel()
	for env := range events {
		if fin, ok := env.Event.(engine.RunFinished); ok {
			s = fin.Summary
		}
	}
	return s
}

func unlessCanceled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
