// Package runbooks holds the runbooks that come with Lockstep. They are meant
// to be copied and changed: names, addresses and paths in them are examples.
//
//   - terraform-rollout.yaml: merged work goes to staging and then to
//     production, one change at a time.
//   - certificate-then-dns.yaml: a live name gets a new certificate and new
//     records without going dark.
//   - rollback.yaml: going back by deploying a revert.
package runbooks

import "embed"

// FS holds the runbooks as *.yaml in its root.
//
//go:embed *.yaml
var FS embed.FS
