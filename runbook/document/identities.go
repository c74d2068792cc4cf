package document

import (
	"fmt"

	"lockstep/runbook"
)

// identities says what makes two objects the same live thing, where the runbook
// says so itself.
func (w *writer) identities() {
	if len(w.rb.Identities) == 0 {
		return
	}
	w.heading(2, "Live things")
	w.line("")
	w.line("Objects with the same key are the same thing to users, whatever their addresses in Terraform.")
	w.line("")
	for _, typ := range names(w.rb.Identities) {
		id := w.rb.Identities[typ]
		key := "the key that Lockstep knows"
		if len(id.Key) > 0 {
			key = codes(id.Key)
		}
		w.line("- %s: %s.%s", code(typ), key, deletes(id.Delete))
	}
}

func deletes(mode string) string {
	switch mode {
	case "own-data":
		return " Deleting an object removes only what it put there."
	case "whole-name":
		return " **Deleting an object removes all that is there, whoever put it there.**"
	case "unknown":
		return " It is not known whether deleting an object removes what others put there."
	}
	return ""
}

// lengths lists how long actions take.
func lengths(d map[string]runbook.Duration) string {
	var out []string
	for _, key := range names(d) {
		out = append(out, fmt.Sprintf("%s takes %s", code(key), span(d[key])))
	}
	return list(out)
}
