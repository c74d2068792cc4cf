package past

import (
	"context"
	"testing"
	"time"

	"lockstep/runbook/engine"
)

func TestTake_endsWhereThePresentBegins(t *testing.T) {
	since := time.Now()
	events := make(chan engine.Envelope, 9)
	for i := range 5 {
		events <- engine.Envelope{Seq: int64(i + 1), Time: since.Add(time.Duration(i-3) * time.Second)}
	}
	past, more := Take(context.Background(), events, since)
	if len(past) != 4 || !more {
		t.Errorf("%d events, more %v", len(past), more)
	}
	close(events)
	past, more = Take(context.Background(), events, since.Add(time.Hour))
	if len(past) != 1 || more {
		t.Errorf("%d events, more %v", len(past), more)
	}
}
