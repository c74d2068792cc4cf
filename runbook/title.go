package runbook

// titles are what the operator reads for a step without a name of its own.
var titles = map[Kind]string{
	KindPickCommit: "Pick the commit",
	KindReviewDiff: "Review the diff",
	KindPlan:       "Plan",
	KindApply:      "Apply",
	KindVerify:     "Verify",
	KindAnnounce:   "Announce",
	KindRecordPin:  "Record the pin",
	KindManual:     "By hand",
	KindCommand:    "Run a program",
	KindConfirm:    "Confirm",
	KindWait:       "Wait",
	KindEachChange: "One change at a time",
}

// Title returns the step's name, or the words for its kind.
func (s *Step) Title() string {
	if s.Name != "" {
		return s.Name
	}
	return titles[s.Kind()]
}
