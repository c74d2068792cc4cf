package journal

// BootID returns what tells this boot of the machine from others, or "" when
// the system does not say. Records carry it, and so does whatever names a process
// for longer than the process that wrote the name.
func BootID() string { return bootID() }
