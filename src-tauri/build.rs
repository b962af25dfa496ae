//! Builds the desktop shell.

fn main() {}
