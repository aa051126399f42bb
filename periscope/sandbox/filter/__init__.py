"""The list of system calls that a strategy's process may make, and the program that makes the kernel keep to it."""
