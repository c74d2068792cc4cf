// Package journal is the append-only record of everything a run asked, was
// told, did and measured. There is one journal for an environment, in a folder
// of its own, with one writer at a time. This comment is the specification of
// the format; where code and comment differ, one of them is a bug.
//
// # Files
//
//	journal.jsonl            the records, one a line
//	blobs/<sha256>           content that is too large for a line
//	torn-<seq>-<digest>.bin  an incomplete last line that was set aside
//	reserve                  1 MiB of room for the outcome of an effect on a full disk
//	holder.json              who writes now, and what it does; a hint for people, not a lock
//	doubt                    a sync failed; the next writer copies journal.jsonl to a new file first
//	.new-*                   a file that is not complete; the next writer removes it
//
// The folder has mode 0700 and the files 0600. The writer holds flock(2) on
// journal.jsonl itself. A reader takes no lock; who asks whether there is a writer tries
// a shared one for a moment.
//
// # A line
//
// The file is a sequence of lines, each a JSON object and a line feed (0x0a),
// and nothing else. A line is at most 4 MiB long. Its fields, in this order, all present:
//
//	v        1, the version of the format
//	log      name of the log, such as "lockstep/production"; the same in all lines
//	seq      number of the record: 1 in the first line, then one more each line
//	prev     what chains the record to the line before it, see below
//	rid      a UUID of version 7, lower case, never the same twice in a file
//	epoch    number of the lock under which it was written; 0 before the first, see below
//	ts       time of writing by the writer's clock, UTC, as 2006-01-02T15:04:05.000Z
//	boot     identity of the machine's boot, so that clocks can be told apart; or ""
//	run      id of the run, or "" for what concerns the journal itself
//	step     id of the step, or "" for the run as a whole
//	attempt  number of the attempt at the step, from 1; 0 for the run as a whole
//	kind     one of the kinds below
//	actor    who caused it: name, key (fingerprint of the signing key, or ""), host, uid
//	body     an object that depends on the kind
//	blobs    a list of objects: name, sha256 (64 lower-case digits), size in bytes
//
// prev is "sha256:" and 64 hexadecimal digits of SHA-256 over the 19 bytes
// "lockstep-record-v1\n" and the line before without its line feed. In the
// first line all digits are 0.
//
// # Canonical form
//
// A record has exactly one spelling, so that two readers can never understand
// it differently. It is UTF-8 without blanks between tokens. Fields stand in
// the order of the Go type; keys of free maps (facts) stand in byte order. A string
// escapes only the quotation mark, the backslash, controls below 0x20 (\b \f \n \r \t where
// they exist, \u00xx otherwise), and U+2028 and U+2029. A number is an integer, or
// the shortest decimal that reads back as the same float64, as encoding/json
// writes it; zero has no sign. A list or map of a body that has no entries is [] or {}, never null.
//
// # Kinds
//
//	open        OpenBody      a run starts
//	step        StepBody      a step started or ended
//	question    QuestionBody  the operator was asked; blob "question" holds all that was shown
//	decision    DecisionBody  the operator answered
//	intent      IntentBody    an effect is about to start; durable before it does
//	outcome     OutcomeBody   how the effect of an intent ended
//	evidence    EvidenceBody  something was measured or shown
//	refusal     RefusalBody   something was not done
//	recovered   RecoveredBody an incomplete last line was set aside
//	close       CloseBody     a run ended
//	lock        LockBody      a writer took the environment; begins an epoch
//	bind        BindBody      all that an approval holds for, before it is asked for
//	resume      ResumeBody    a run that did not come to its end goes on in another process
//	seat        SeatBody      somebody came to a run, left it, or took the answers
//	approve, steal, checkpoint
//	                          an object; reserved, without a writer in this version
//
// A field may be missing from a body (it was added to the format later); then
// it reads as its zero value. An intent that no outcome names is unknown: it is neither a
// success nor a failure. So is one whose outcome has the result "unknown". The result "repeat" says that the effect
// was allowed to happen once more and that nobody looked how this one ended. A run without a close
// is open. A resume stands in an open run, before anything else that the other process does in it.
//
// A decision of kind "force" answers no question: somebody pressed a program that did
// not end, and its choice says how. Neither does one of kind "interrupt": somebody wanted
// the run to end early, by the choice "stop", "cancel" or "abandon" (nobody is there any
// more), or took a stop back, by "go on".
//
// # Epochs
//
// A writer that takes the environment first writes a lock. The epoch of that record is
// one more than that of the record before it, or 1; all other records have the epoch of the
// record before them. So every record names the lock of its writer, and two writers never
// share an epoch. A journal without locks has epoch 0 throughout.
//
// A writer looks before every record whether the path still names its file and the
// file ends where it left it. If not, it has lost the journal and writes nothing more.
//
// # An example
//
// One line, folded here for reading:
//
//	{"v":1,"log":"lockstep/production","seq":6,
//	"prev":"sha256:6f9d62d0d9b1d0fd03d2a3dc6fe3bd08bd6b3a1b5fdff43a5a9c1a1cbb7c3f10",
//	"rid":"019ab4c2-6a10-7cc3-98c4-dc0c0c07398f","epoch":0,"ts":"2026-11-22T18:20:04.120Z",
//	"boot":"5b0f9f1e-7a53-4d42-9d53-2d1f7f1f5a11","run":"r-7f3a","step":"apply","attempt":1,
//	"kind":"outcome","actor":{"name":"ana","key":"","host":"ops1","uid":1004},
//	"body":{"intent":5,"result":"ok","detail":"2 resources changed","facts":{"serial":119}},
//	"blobs":[{"name":"apply.jsonl","sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0}]}
//
// # What a reader must reject
//
// A line that is longer than 4 MiB, is not valid UTF-8, does not decode, has an
// unknown, missing, repeated, differently cased or misplaced field, or is not byte for byte
// what encoding the decoded record gives. A version other than 1. A kind that is not listed. A body with a
// field that its kind does not have. A seq that is not one more than the last, a prev that is not the
// digest of the line before, another log, a rid that occurred before, a ts that is not
// in the one form. An epoch that is lower than the one before; one that is higher in a
// record other than a lock; a lock whose epoch is not one more than the one before. A blob that is missing, or whose bytes do not have the stated
// digest and size.
//
// A last line without its line feed was never acknowledged to its writer. A reader
// leaves it out and says so; the next writer moves it to a torn file and
// writes a recovered record with its digest. A power cut may leave anything in place of the one
// write that was not acknowledged, line feeds too. So a writer treats what follows the last
// good line in the same way when it is no longer than a line can be, no line of it is a
// record with a seq that the good ones do not have, and the last good record is of another boot. A reader, who may be on
// another machine, rejects it.
//
// Time stamps may go back, because clocks do. That is reported, not rejected.
//
// # What the chain does not tell
//
// The chain shows that no record was changed, added, taken out or moved before
// the last one. Nothing follows the last one: a file that was cut cleanly after any record, and a
// last record that was replaced by another well-formed one, look whole. Only a digest kept
// elsewhere shows that: a signed checkpoint, or the head that an announcement
// carried. This version writes no checkpoints. Nor does the chain say who
// wrote the journal: whoever may write the file can make a new one.
package journal
