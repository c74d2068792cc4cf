// Package keep runs a program so that it outlives the process that wanted it.
//
// Terraform that is killed in an apply loses its state, and a library that runs
// it ties its life to ours. So a program with effects is the child of a keeper: a
// process of our own executable in a session of its own, that nobody's terminal,
// pipe or death reaches. What the program prints goes to files, and so does how
// it ended; whoever wants to know reads the files, now or after a restart.
//
// # Processes
//
//	starter   claims the folder and starts the keeper: a process that calls Start,
//	          or the front
//	front     what terraform-exec runs in place of Terraform: it starts what has
//	          effects through a keeper, copies its output and ends with its exit
//	          code; everything else it becomes
//	keeper    starts the gate, writes down which process that is, says go, waits
//	          for it, writes down how it ended
//	gate      waits for go and becomes the program: same process id, same start
//
// All are this executable. The front is known by the name it was called by, a
// link in a job's folder; keeper and gate by the name that the one before gave
// them. No variable of the environment is needed, so that an allow-list for the
// program is kept exactly; its values are inherited and never written to disk.
//
// # Files of a job
//
// The folder belongs to this user alone (0700), every file is 0600. A file
// without note appears whole, by rename, and is on the disk before anything that
// follows from it happens.
//
//	job.json   the program that a front stands for
//	claim      there from the moment that somebody starts the job, made by link(2),
//	           so by one only; starter and keeper hold a lock (flock) on it from
//	           before it appears until both are gone
//	program    process id, start time and boot of the gate. It is the mark that go
//	           may have been given: without it, it never was
//	never      why the program never ran, written by who knows for certain
//	rc         how it ended: exit code or signal. Its place is taken before go, so
//	           that a full disk does not swallow it
//	stdout     what the program printed, as it came; not synced. A lock on it shows
//	stderr     that somebody has it open still
//	keeper.log what the keeper had to say, when it failed
//
// # What is known after any death
//
//	claim  lock  never  program  rc   process   phase
//	no     -     -      -        -    -         NotStarted, and claimed by who looks,
//	                                            so that it stays so
//	yes    any   yes    any      no   -         NotStarted
//	yes    any   -      yes      yes  -         Ended
//	yes    held  no     no       no   -         Running, with no process id yet
//	yes    held  no     yes      no   -         Running
//	yes    free  no     no       no   -         NotStarted: the gate's pipe closed
//	yes    free  no     yes      no   there     Running, kept by nobody
//	yes    free  no     yes      no   gone      Lost
//	folder is gone                              Lost
//
// A gate whose pipe closes without go writes never. So Lost after the keeper died
// between program and go is left only when that could not be written.
package keep
