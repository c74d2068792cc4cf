package export

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"lockstep/runbook/journal"
	"lockstep/runbook/safe"
)

// Format is the value of "format" in the document that JSON writes.
const Format = "lockstep-export-v1"

// maxBlob is the size in bytes up to which a blob is part of the document.
const maxBlob = 1 << 20

// bundle is the document that JSON writes.
type bundle struct {
	Format  string           `json:"format"`
	Run     runJSON          `json:"run"`
	Unknown []int64          `json:"unknown"` // records of effects nobody knows the end of
	Damage  string           `json:"damage"`  // why records may be missing, or ""
	Verdict journal.Verdict  `json:"verdict"` // of the whole journal
	Said    []safe.Text      `json:"said"`    // the verdict in four sentences
	Records []journal.Record `json:"records"` // of this run, as they stand in the journal
	Locks   []journal.Record `json:"locks"`   // under which it was written
	Blobs   []blobJSON       `json:"blobs"`
	Ahead   []aheadJSON      `json:"forecasts"` // of the effects that had one
}

// aheadJSON is what was forecast of an effect beside what happened.
type aheadJSON struct {
	Intent   int64      `json:"intent"` // seq of its record
	What     safe.Text  `json:"what"`
	Forecast *foreseen  `json:"forecast"`
	Result   string     `json:"result"`
	TookMS   *int64     `json:"took_ms"` // null when its end is not known
	Failed   []failJSON `json:"failed"`  // probes that failed meanwhile
}

type failJSON struct {
	dark
	MS *int64 `json:"milliseconds"` // null when it did not pass again in this run
}

// runJSON is a run in short.
type runJSON struct {
	ID          string        `json:"id"`
	Environment string        `json:"environment"`
	Mode        string        `json:"mode"`
	Title       safe.Text     `json:"title"`
	Actor       journal.Actor `json:"actor"`
	Start       string        `json:"start"`
	End         string        `json:"end"`
	Result      string        `json:"result"`
	Commit      string        `json:"commit"`
	Summary     safe.Text     `json:"summary"`
}

// blobJSON is the content of a blob, as text when it is text.
type blobJSON struct {
	SHA256  string `json:"sha256"`
	Size    int64  `json:"size"`
	Text    string `json:"text,omitempty"`
	Base64  string `json:"base64,omitempty"`
	Missing string `json:"missing,omitempty"` // why the content is not here
}

// JSON writes all records and blobs of a run as one JSON document. Runes that a
// terminal could act on are escaped in it, so that it can be printed; the strings keep their value. The
// journal is given by its folder or its file, the run as for [Find].
func JSON(w io.Writer, path, run string) error {
	s, err := open(path, run)
	if err != nil {
		return err
	}
	i := s.info
	b := bundle{
		Format: Format, Unknown: append([]int64{}, i.Unknown...), Verdict: s.verdict, Said: s.verdict.Sentences(), Records: s.records, Locks: append([]journal.Record{}, s.locks...),
		Run: runJSON{
			ID: i.ID, Environment: i.Environment, Mode: i.Mode, Title: i.Title, Actor: i.Actor, Result: i.Result,
			Start: s.records[0].TS, End: s.records[len(s.records)-1].TS, Commit: i.Commit, Summary: i.Summary,
		},
		Blobs: s.blobs(), Ahead: newReport(s).forecasts(),
	}
	if s.damage != nil {
		b.Damage = s.damage.Error()
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(b); err != nil {
		return fmt.Errorf("export run %q: %w", safe.Show(i.ID), err)
	}
	_, err = w.Write(escapeHidden(buf.Bytes()))
	return err
}

// forecasts returns what was forecast of each effect and what happened.
func (r *report) forecasts() []aheadJSON {
	out := []aheadJSON{}
	for _, e := range r.effects {
		if e.forecast == nil {
			continue
		}
		a := aheadJSON{Intent: e.seq, What: e.intent.What, Forecast: e.forecast, Result: journal.ResultUnknown, Failed: []failJSON{}}
		if !e.unknown() {
			ms := e.took.Milliseconds()
			a.Result, a.TookMS = e.outcome.Result, &ms
		}
		for _, d := range r.during(e) {
			f := failJSON{dark: d}
			if ms := d.For.Milliseconds(); !d.Open {
				f.MS = &ms
			}
			a.Failed = append(a.Failed, f)
		}
		out = append(out, a)
	}
	return out
}

// blobs returns the content of all blobs of the run, each once.
func (s *source) blobs() []blobJSON {
	out := []blobJSON{}
	seen := make(map[string]bool)
	for _, r := range s.records {
		for _, ref := range r.Blobs {
			if seen[ref.SHA256] {
				continue
			}
			seen[ref.SHA256] = true
			b := blobJSON{SHA256: ref.SHA256, Size: ref.Size}
			data, err := journal.ReadBlob(s.dir, ref)
			switch {
			case err != nil:
				b.Missing = err.Error()
			case len(data) > maxBlob:
				b.Missing = fmt.Sprintf("larger than %d bytes", maxBlob)
			case utf8.Valid(data):
				b.Text = string(data)
			default:
				b.Base64 = base64.StdEncoding.EncodeToString(data)
			}
			out = append(out, b)
		}
	}
	return out
}

// escapeHidden replaces runes that are not plainly visible by their JSON
// escapes. In JSON they can only stand inside strings.
func escapeHidden(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for len(raw) > 0 {
		r, n := utf8.DecodeRune(raw)
		switch {
		case r == '\n' || r < utf8.RuneSelf && r >= ' ' && r != 0x7f, n > 1 && unicode.IsPrint(r) && !unicode.Is(unicode.Mn, r) && !unicode.Is(unicode.Me, r):
			out = append(out, raw[:n]...)
		case r > 0xffff:
			a, b := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, a, b)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		raw = raw[n:]
	}
	return out
}
