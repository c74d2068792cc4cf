// Package origin traces each resource change of a plan to the commits that bring
// it, by what the configuration says and not by what Terraform did.
//
// For every candidate the configuration before and after it is taken apart: the
// root module and the local modules below it, each into the objects it declares
// (resources, data sources, locals, variables, outputs, arguments of module
// calls, providers, moved and removed blocks). Comments, blanks and the order of
// arguments do not count. A change is then explained by the first of these that
// has an answer:
//
//   - what brings just this action: the block that came or went, the count or
//     for_each that an instance came or went with, the attributes that force a
//     replacement, the block that names a move;
//   - the block of the resource itself, or a moved, removed or import block that
//     names it;
//   - what the resource refers to, through locals, arguments, variables and
//     outputs of modules, data sources, provider settings, files, and through
//     other resources as far as these change in the plan as well;
//   - the version that is asked of its provider.
//
// What later commits put back to what it was at the pin counts for nothing. A
// file that cannot be read is not known: what it declares is compared across
// the commits in which it was broken, and a difference is put down to all of them.
package origin
