//! Checks that span crates. Invariants are in `tests/`, journeys in `journeys/`, benchmarks in `bench/`.

pub mod bench;
