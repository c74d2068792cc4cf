package words

import (
	"testing"

	"lockstep/runbook/engine"
	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

func TestThere(t *testing.T) {
	seat := func(id, name, where string, holds bool) engine.Seat {
		return engine.Seat{ID: id, Actor: journal.Actor{Name: name, Host: "ops1"}, Where: safe.Show(where), Holds: holds}
	}
	me, watching := seat("me", "ana", "pts/1, process 7", true), seat("me", "ana", "pts/1, process 7", false)
	bo, cy, dee := seat("b", "bo", "pts/5, process 9", false), seat("c", "cy", "", false), seat("d", "dee", "", false)
	again := seat("a", "ana", "pts/2, process 8", false)
	holds := func(s engine.Seat) engine.Seat { s.Holds = true; return s }
	for want, seats := range map[string][]engine.Seat{
		"":                                           {me},
		"nobody answers":                             nil,
		"nobody answers · you watch":                 {watching},
		"nobody answers · bo watches":                {bo},
		"you answer · bo watches":                    {bo, me},
		"you answer · bo and cy watch":               {me, bo, cy},
		"you answer · bo, cy and 1 more watch":       {me, bo, cy, dee},
		"you answer · ana on pts/2 watches":          {me, again},
		"bo@ops1 answers (pts/5) · you watch":        {holds(bo), watching},
		"cy@ops1 answers · you and bo watch":         {watching, holds(cy), bo},
		"cy@ops1 answers · you, bo and 1 more watch": {bo, watching, holds(cy), dee},
		"ana@ops1 answers (pts/2) · you watch":       {holds(again), watching},
	} {
		if got := There(seats, "me").String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
