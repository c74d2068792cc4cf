// Package strict reads YAML documents into Go structs and refuses whatever it
// does not understand.
//
// A document is one mapping. Anchors, aliases, merge keys, tags, duplicate
// keys, unknown keys, a second document and values of the wrong type are
// problems. Every problem is reported, with its place, and not only the first:
// [Read] decodes as much as it can and the caller adds what it finds wrong with
// the meaning by [Document.Report], then asks [Document.Err].
//
// The struct is the format. These tags are read, see [Field]:
//
//	yaml:"key"        the key; "-" is not part of the format
//	doc:"…"           one or two sentences for people, used by others
//	required:"true"   the key must be there and its value not empty
//	default:"…"       the value when the key is missing, as it would be written
//	enum:"a,b"        the values that are accepted
//	min:"1" max:"9"   the limits of a number
//	env:"true"        a value may be ${NAME}; everywhere else ${ is a problem
//	one:"true"        a list may be written as its only item
//	kind:"true"       exactly one of the keys with this tag is given
//
// Fields are strings, ints, bools, types with UnmarshalText, structs, pointers
// to structs, slices, and maps with string keys. A pointer to a struct may be
// given without a value, which is the same as {}.
//
// Reading is bounded for any input: at most [MaxSize] bytes, [MaxDepth] levels,
// [MaxMarks] lines and items, [MaxText] bytes in one value and [MaxKey] in one
// key. The YAML library composes the whole document in memory, about 1 KiB for
// every two bytes of the densest input, so marks are counted before it starts.
//
// A value is quoted in a problem only where it cannot be a secret: a wrong type
// or a wrong ${ never shows the value.
package strict
