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
// # Secrets
//
// Values that Terraform marks as sensitive are masked where the plan is read.
// Values of the runbook's variables are shown as ‹var.NAME›, also inside of other
// values; very short ones cannot be told from ordinary text and are only hidden
// where they stand for themselves. Plans, their JSON and variable files lie in
// the run's private folder and go with it.
//
// When Terraform cannot save its state it writes errored.tfstate. That file is
// moved to a folder of Lockstep's own below the user's state folder, which
// outlives the run, and the operator is told where: the run's folder is removed,
// a cache may be emptied, and a journal must not hold secrets.
package terraform
