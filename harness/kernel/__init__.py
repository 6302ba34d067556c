"""The only code that makes system calls of its own: namespaces, mounts, the laboratory, capabilities."""
