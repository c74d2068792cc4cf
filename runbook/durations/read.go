package durations

import (
	"encoding/json"
	"fmt"
	"time"

	"lockstep/runbook/strict"
)

// Longest is the longest length that is taken: no single action takes a month. Sums
// of 3,000 such lengths stay below the longest time.Duration, and no more.
const Longest = 31 * 24 * time.Hour

// Read reads a JSON file {"TYPE.action": seconds, "ADDRESS.action": seconds, …}.
// The error is a *[strict.Problems] with everything that is wrong; the name
// stands in it.
func Read(name string, data []byte) (map[string]time.Duration, error) {
	doc, root, ok := strict.ReadJSON(name, data)
	if !ok {
		return nil, doc.Err()
	}
	out := map[string]time.Duration{}
	members, _ := root.Members("", "an object of durations")
	for _, m := range members {
		if text, hint := CheckKey(m.Key); text != "" {
			doc.Say(m.At, m.Key, text, hint)
		}
		d, text := seconds(m.Value)
		if text != "" {
			doc.Say(m.Value.At, m.Key, fmt.Sprintf("%s %s", m.Key, text), "a number of seconds, such as 90 or 0.5")
		}
		out[m.Key] = d
	}
	if err := doc.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

// CheckKey says what is wrong with a key, and what to write instead; both are
// empty for a good one.
func CheckKey(key string) (text, hint string) {
	_, _, err := SplitKey(key)
	if err == nil {
		return "", ""
	}
	hint = "write TYPE.action or ADDRESS.action, such as aws_eip.create"
	if _, word, ok := cutLast(key); ok && !isAction(word) {
		hint = strict.DidYouMean(word, Actions)
	}
	return err.Error(), hint
}

func cutLast(key string) (who, word string, ok bool) {
	for i := len(key) - 1; i > 0; i-- {
		if key[i] == '.' {
			return key[:i], key[i+1:], true
		}
	}
	return "", "", false
}

func seconds(v strict.JSON) (time.Duration, string) {
	var s float64
	if k := v.Kind(); k != "a number" {
		return 0, "should be a number of seconds, not " + k
	}
	if err := json.Unmarshal(v.Raw, &s); err != nil {
		return 0, "is out of range"
	}
	switch {
	case s < 0:
		return 0, "is negative"
	case s > Longest.Seconds():
		return 0, fmt.Sprintf("is longer than %.0f days", Longest.Hours()/24)
	}
	return time.Duration(s * float64(time.Second)), ""
}
