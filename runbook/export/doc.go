// Package export writes what a journal says of one run for people and for
// programs who did not see it: an auditor, a manager, the next operator.
//
// [Markdown] and [Show] tell the same report, one as a document and one for a
// terminal. It starts with what nobody knows, then says who did what, when and to which
// commit, what was shown and what was answered, what was changed, measured and refused, and ends
// with how far the journal can be trusted. [JSON] holds all records and blobs of the run.
//
// A report is made from the journal alone. What cannot be read or does not
// match its digest is said in its place; a damaged journal gives a report of the
// records before the damage, and says so at the top. Everything that is
// written is inert: no byte of it acts on a terminal or is read as markup.
package export
