//! The gateway as its clients see it: over its in-process connection and real sockets, with the fake
//! engine and an agent that the tests steer.

mod common;
mod events;
mod idle;
mod lifecycle;
mod passing;
mod ports;
mod previews;
mod program;
mod real;
