//! sandpit-agent: the program that runs as PID 1 of a sandbox.

fn main() {}
