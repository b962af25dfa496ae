//! Benchmarks: each case is measured in the same minute as a peer, and the ratio is what counts.
//! An absolute time on a shared machine says little; nothing here is a timed test.

pub mod agent;
pub mod code;
pub mod sample;
pub mod sandbox;
pub mod stream;
pub mod table;

pub use sample::Sample;
pub use table::{Row, Table};
