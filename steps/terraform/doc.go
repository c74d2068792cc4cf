// Package terraform is the steps plan and apply, and the measurement no_changes.
//
// # Plan
//
// The commit's tree is checked out into a folder of the run, initialised once and
// kept for the rounds of an each_change. A full plan is made and read; its
// resources are put into Terraform's own order and split into changes. The
// operator takes one. It is planned again with its targets, and that plan must
// hold the change and nothing else, in the plan as in its graph: -target brings
// along what the target uses, and leaves out without a word what it cannot reach.
//
// # Apply
//
// Exactly the saved plan that was shown is applied. Everything it rests on is
// recorded before the operator is asked, and looked at again when the answer is
// there and right before Terraform starts: the bytes of the plan, the commit and
// every file of the checkout (a saved plan does not hold the scripts that it
// runs), variables and their files, the environment, the workspace, the backend,
// the state with its content, Terraform, its configuration and every provider, and
// the runbook. Whatever moved refuses the apply and is named. When the step is
// tried again after it failed, it plans anew first: a plan can be used once.
//
// # State
//
// Right before the intent of an apply the state is copied, secrets and all, to a
// private folder; without the copy nothing is applied. The intent holds the digest
// of the copy, lineage and serial. A copy goes when a later apply of the run or the
// run itself ended well.
//
// # After a death
//
// Terraform outlives the process that started it, see package keep. The next
// process waits for it and records its exit code. When there is none, it looks at
// the state, at the lock, at a state that Terraform could not save, and at a fresh
// plan of the same commit:
//
//	recovered-rc                Terraform's exit code counts
//	not-started                 Terraform certainly did not run
//	errored-state               its state lies in a file and nowhere else
//	stranded-lock               the dead apply holds the lock
//	locked-by-other             somebody else does, or it cannot be told
//	state-damaged               another state is there, an older one, or none
//	reconciled-applied          state written, nothing left to do
//	reconciled-partial          state written, something left to do
//	applied-state-never-moved   state as before, nothing left to do
//	unknown-state-did-not-move  state as before, all left to do; effects may exist
//	no-evidence                 state or plan cannot be had now
//
// Only the first two settle it without a person. Nothing that may have happened is
// done again unless somebody says that it did not happen, and then from a new plan
// with its own approval. A state that is pushed and a lock that is released are
// effects of their own.
//
// # Secrets
//
// Values that Terraform marks as sensitive are masked where the plan is read.
// Values of the runbook's variables are shown as ‹var.NAME›, also inside of other
// values; very short ones cannot be told from ordinary text and are only hidden
// where they stand for themselves. Plans, their JSON and variable files lie in
// the run's private folder and go with it.
//
// When Terraform cannot save its state it writes errored.tfstate. That file is
// copied to a folder of Lockstep's own below the user's state folder, which
// outlives the run, and the operator is told where and asked whether to push it.
// The run's folder is removed, a cache may be emptied, and a journal must not hold
// secrets.
package terraform
