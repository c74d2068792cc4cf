// Package planfile reads what Terraform says about a saved plan: the JSON of
// "show -json", the graph of "graph -plan", and the state that lies in the plan
// file itself.
//
// The JSON holds every sensitive value in clear text, next to masks that say
// which they are. It is read as a stream, one resource at a time, and only what
// may be shown is kept; attributes are decoded again when one resource is
// opened. Values of variables are read for one purpose only: those of sensitive
// variables go into the [redact.Net].
package planfile
