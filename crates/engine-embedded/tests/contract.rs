//! The embedded engine keeps the contract. Needs the agent's binary (`SANDPIT_AGENT`) and bubblewrap.

mod common;

use common::Embedded;

sandpit_engine::contract_tests!(Embedded::new());
