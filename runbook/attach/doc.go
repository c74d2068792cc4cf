// Package attach is how a screen in one process holds a run in another: the
// protocol between a runner and its screens over a Unix socket. This comment is the
// specification; where code and comment differ, one of them is a bug.
//
// # Transport
//
// The runner listens on a Unix stream socket in a folder that only its user may
// enter. Each side asks the system for the other's user id (SO_PEERCRED,
// LOCAL_PEERCRED) and ends the connection before the first byte when it is not its
// own. There is one connection for each screen. Both directions carry lines: a JSON object in
// UTF-8 and a line feed (0x0a). A line from a screen has at most 16 MiB, one from
// the runner at most 256 MiB, line feeds included.
//
// # From a screen: requests
//
// The field "do" names the request. Fields that a request does not have are left out.
//
//	hello      v, hello     the first line, and only that; hello holds key, operator, fingerprint,
//	                        where, watch, peek and lockstep, see [Hello]
//	answer     id, answer   an answer to the open question
//	fetch      id, fetch    asks for a part of the payload of the open question
//	interrupt  id, how      stop, cancel, abandon or go on
//	force      id, how, typed
//	take       id, reason   takes the answers
//	here                    says nothing but that the screen is alive; at least every 20 s
//
// id is a number above 0 that the reply repeats. Replies may come in another order
// than their requests.
//
// # From the runner: messages
//
// The field "say" names the message.
//
//	welcome    v, run, seat, holds,    the first message when the screen has its seat: whether it holds
//	           seq, lockstep           the answers, and the number of the newest event, which is yet to come
//	refused    v, why, lockstep        the runner ends the connection, at any time
//	event      event                   an envelope of the engine, in order, from the first of the run on
//	reply      id, and at most one of  refused (a *[engine.RefusedError]), answered (engine.ErrAnswered),
//	                                   error (other words), part (engine.EncodePart)
//	status     status                  the one message for a screen that only peeks
//	end        end                     the run is over and its journal closed; the last message
//
// A screen that has read "end" closes the connection. The runner waits for that for a while.
//
// # Seats
//
// Every screen that does not peek has a seat. At most one seat holds the answers; requests
// to answer, interrupt and force from others are refused. The first screen
// to come holds them when nobody does, unless it only wants to watch; for a
// time after the run began that right is kept for the screen that started the run and
// knows its key. Otherwise a screen takes them, with a reason when somebody else
// holds them. A seat ends with its connection. Every move is in the journal before it
// is told.
//
// # Versions
//
// v is the version of the protocol, 1. Whatever the version, the first line of a screen is an
// object with do "hello" and a number v; and a runner that does not speak that
// version answers with refused, v and why, and ends the connection. All else may change with v.
//
// # What a runner must reject
//
// A peer of another user. A line that is too long, is not UTF-8, is not one JSON object, has a field
// that is not listed or that its request does not have, or lacks one. A first line that is no hello,
// that does not come within 20 s, or of another version; a second hello. It says refused and ends the
// connection. A screen that takes nothing for 30 s while there is something
// to send, or from which nothing comes for 60 s, is cut off, because a stopped
// process must not seem to be an operator; the run never waits for it. It may attach again and
// gets all events of state from the first.
//
// # What a screen must reject
//
// A peer of another user. A line as above; an event of a type that it does not
// know; events whose numbers do not rise; a first message other than welcome, refused or status; a
// second welcome; anything after end. It ends the connection. All text in messages is inert once
// it is a safe.Text; other words (why, refused, error) are made inert before they are shown.
package attach
