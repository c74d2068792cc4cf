//go:build !linux

package journal

import "errors"

const fullEnv = "LOCKSTEP_TEST_JOURNAL_FULL"

func onFullDisk(string) error { return errors.New("this system has no file system for it") }
