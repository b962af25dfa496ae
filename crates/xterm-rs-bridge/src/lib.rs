//! The Rust half of an xterm.js connection: a byte ring with cursors, coalescing and credit.
//!
//! A producer (a PTY, a process's log) pushes bytes into a [`Feed`]; any number of viewers read it
//! from cursors of their own. [`Pace`] says when a viewer is sent something, [`Credit`] how much,
//! and [`Gate`] whether the producer may go on. This crate knows no PTY, no WebSocket and no wire
//! format: those who carry the bytes do.

mod credit;
mod feed;
mod gate;
mod pace;
mod ring;

pub use credit::Credit;
pub use feed::Feed;
pub use gate::{Gate, Seat};
pub use pace::Pace;
pub use ring::{Chunk, Ring};

/// What a viewer may owe at most, and what the quickest one may owe before the producer waits: 512 KiB.
pub const WINDOW: u64 = 512 << 10;

/// How much a terminal keeps for replay: 1 MiB.
pub const RING: usize = 1 << 20;
