package cli

import (
	"strings"
	"testing"
	"time"
)

const described = `Error message: %
Lock Info:
  ID:        f382dfd3-0bfd-e11d-6016-d52cc9b9439b
  Path:      
  Operation: OperationTypePlan
  Who:       ana@ops1
  Version:   1.11.4
  Created:   2026-11-28 20:21:38.85885853 +0000 UTC
  Info:      
`

func TestLockOf(t *testing.T) {
	l := lockOf(strings.Replace(described, "%", "resource temporarily unavailable", 1))
	if l == nil || l.ID != "f382dfd3-0bfd-e11d-6016-d52cc9b9439b" || l.Who != "ana@ops1" || l.Operation != "OperationTypePlan" ||
		!l.Since().Equal(time.Date(2026, 11, 28, 20, 21, 38, 858858530, time.UTC)) {
		t.Errorf("%+v %v", l, l.Since())
	}
	// Of an http backend the description is that of the attempt.
	l = lockOf(strings.Replace(described, "%", "HTTP remote state already locked: ID=1111-2222", 1))
	if l == nil || *l != (LockedError{ID: "1111-2222"}) || !l.Since().IsZero() || l.Error() != "the state is locked, lock id 1111-2222" {
		t.Errorf("%+v", l)
	}
	if l := lockOf("Error message: 2 problems:\n- Unsupported state file format"); l != nil {
		t.Errorf("a state that cannot be read is taken for %+v", l)
	}
}

func FuzzLockOf(f *testing.F) {
	f.Add(described)
	f.Add("Lock Info:\nalready locked: ID=")
	f.Add("Lock Info:\nCreated: 2026-11-28T20:21:38Z m=+0.1")
	f.Fuzz(func(t *testing.T, text string) {
		l := lockOf(text)
		if (l == nil) == strings.Contains(text, "Lock Info:") {
			t.Fatalf("%+v", l)
		}
		if l != nil {
			_, _ = l.Since(), l.Error()
			if strings.ContainsAny(l.ID+l.Who+l.Created+l.Operation, "\n") {
				t.Errorf("%+v", l)
			}
		}
	})
}
