// Package cure drafts ways round an outage that a plan would cause, as changes
// of the configuration, and proves them.
//
// A draft comes from files alone: the checkout of a commit, the plan of it, and
// the forecast of that plan. It is a patch and nothing else; the files that it
// is made from are never written. What it is worth is found out by planning it:
// [Prove] is given a way to plan a draft, and compares the forecast of that plan
// with the one the draft was made for.
//
// Only modules in the repository can be changed, and only files in Terraform's
// own language: a resource in a JSON file can be moved or let go of, but not be
// given a lifecycle.
package cure
