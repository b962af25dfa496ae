//! The Rust half of an xterm.js connection: a byte ring with cursors, coalescing and credit.
