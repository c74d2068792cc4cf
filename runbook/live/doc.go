// Package live knows which live thing an object of Terraform holds: what users
// see of it, found by its natural key and not by its address.
//
// A table that comes with the program says for each resource type which
// attributes make the key, what deleting an object takes with it, and where that
// is known from. The files of the table are in the folder shipped, one a
// provider. A runbook or a file can add types and say otherwise, see [Table.With].
//
// An item of a key is the path of an attribute, such as name, metadata[0].name
// or domain[*].name for all items. It may say more: a|b is a, or b where a has no
// value; a+b is the set of all values of both, and binds closer; a? is left out
// where it has no value. The part of the key has the name of the first path.
//
// The zone is part of the key of a DNS record: the same name in two zones is
// answered to different people, in a public and a private zone or before and
// after a delegation, and one of them does not stand in for the other.
// What tells records of one name and type apart, such as a set identifier, is not:
// users see one answer.
package live
