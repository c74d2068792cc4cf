package journal

import (
	"encoding/json"
	"time"
)

// A Kind says what a record is about.
type Kind string

// The kinds of record. Approve, Steal and Checkpoint are part of the format and
// have no writer in this version.
const (
	KindOpen       Kind = "open"       // a run starts
	KindStep       Kind = "step"       // a step starts or ends
	KindQuestion   Kind = "question"   // the operator was asked
	KindDecision   Kind = "decision"   // the operator answered
	KindBind       Kind = "bind"       // what an approval holds for
	KindApprove    Kind = "approve"    // another person approved
	KindIntent     Kind = "intent"     // an effect is about to start
	KindOutcome    Kind = "outcome"    // how the effect ended
	KindEvidence   Kind = "evidence"   // something was measured or shown
	KindRefusal    Kind = "refusal"    // something was not done, and why
	KindLock       Kind = "lock"       // the environment was taken
	KindSteal      Kind = "steal"      // the environment was taken from another
	KindResume     Kind = "resume"     // an interrupted run goes on
	KindSeat       Kind = "seat"       // somebody came to a run, left it, or took the answers
	KindRecovered  Kind = "recovered"  // an incomplete tail was set aside
	KindCheckpoint Kind = "checkpoint" // a root over all records before it
	KindClose      Kind = "close"      // a run ended
)

// An Actor is who caused a record.
type Actor struct {
	Name string `json:"name"`
	Key  string `json:"key"` // fingerprint of the signing key, or ""
	Host string `json:"host"`
	UID  int    `json:"uid"`
}

// A BlobRef names content that stands beside the journal under its digest.
type BlobRef struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // 64 hexadecimal digits
	Size   int64  `json:"size"`
}

// A Record is one line of the journal. The order of the fields is the order in
// the line.
type Record struct {
	V       int             `json:"v"`
	Log     string          `json:"log"`
	Seq     int64           `json:"seq"`
	Prev    string          `json:"prev"`
	RID     string          `json:"rid"`
	Epoch   int64           `json:"epoch"`
	TS      string          `json:"ts"`
	Boot    string          `json:"boot"`
	Run     string          `json:"run"`
	Step    string          `json:"step"`
	Attempt int             `json:"attempt"`
	Kind    Kind            `json:"kind"`
	Actor   Actor           `json:"actor"`
	Body    json.RawMessage `json:"body"`
	Blobs   []BlobRef       `json:"blobs"`
}

// Time returns the time stamp, or the zero time when it cannot be read.
func (r Record) Time() time.Time {
	t, err := time.Parse(time.RFC3339Nano, r.TS)
	if err != nil {
		return time.Time{}
	}
	return t
}

// A Draft is what a writer gives; the journal adds the rest.
type Draft struct {
	Run     string
	Step    string // the id of the step, or "" for the run as a whole
	Attempt int    // from 1; 0 for the run as a whole
	Kind    Kind
	Actor   Actor
	Body    any // one of the bodies of this package
	Blobs   []BlobRef
}
