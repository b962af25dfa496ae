//! Checks that span crates: invariants of the house and benchmarks.
