// Package cli runs the Terraform program, by way of terraform-exec, in a way
// that nothing outside of the runbook can change what it does.
//
// Environment. Terraform gets a list made by [Environment] and nothing else: a
// TF_VAR_x or TF_CLI_ARGS_plan in the operator's shell has no effect. Values of
// variables and backend settings travel in private files, because arguments can
// be read by every user of the machine.
//
// Processes. Each call makes its own *tfexec.Terraform, since that type keeps
// the writers of the last call. A cancelled context sends exactly one interrupt,
// and then nothing: Terraform ends what it is doing, saves its state and
// releases the lock, however long it takes. What changes a state is kept (see
// package keep): it goes on when this process dies, and another takes it up with
// [Root.Follow]. Only "show -json" is run without
// terraform-exec, which would hold the whole document in memory several times;
// it goes to a file.
//
// Output. What plan and apply print is read as JSON messages. A message may be
// megabytes long; one beyond [MaxMessage] is counted and dropped.
//
// Errors. Every failure comes back as an *engine.Problem with a hint and, when
// Terraform gave any, its diagnostics whole, with source lines. Errors that a
// caller branches on wrap engine.ErrStale, engine.ErrUnknown or a context error.
package cli
