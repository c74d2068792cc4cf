// Package board shows work that is under way: an apply, resource by resource,
// with the probes beside it on the same time axis; and a verification, probe by
// probe.
//
// The boards follow the events of a run and the clock they are given. They ask
// nothing and change nothing. Times are those of the events, so that a board
// that is opened late shows what one that was there from the beginning shows.
package board
