//! Sandbox ids: which are valid, and new ones that people can read and say.
//!
//! It knows no engine: whether an id is taken is asked of the caller.

use sandpit_api::ApiError;

use crate::Result;

/// Longest id, so that it is a host name and one label of a preview URL's host.
pub const MAX_LEN: usize = 63;

const QUALITIES: [&str; 48] = [
    "amber", "bold", "brave", "breezy", "bright", "brisk", "calm", "candid", "clever", "cosy", "crisp",
    "dapper", "deft", "dusty", "eager", "early", "fair", "fleet", "fond", "fresh", "gentle", "glad",
    "golden", "happy", "hazel", "humble", "ivory", "jolly", "keen", "kind", "lively", "lucky", "mellow",
    "merry", "misty", "neat", "nimble", "plucky", "proud", "quick", "quiet", "sandy", "snug", "spry",
    "sunny", "tidy", "warm", "witty",
];

const ANIMALS: [&str; 48] = [
    "adder", "badger", "beaver", "bison", "bobcat", "condor", "coral", "crane", "curlew", "dingo", "dolphin",
    "eagle", "egret", "falcon", "ferret", "finch", "gecko", "gull", "hare", "heron", "ibis", "iguana",
    "jackal", "koala", "lark", "lemur", "lynx", "marten", "mole", "moose", "newt", "ocelot", "otter", "owl",
    "panda", "plover", "puffin", "quail", "raven", "robin", "seal", "shrew", "skink", "stoat", "swift",
    "tapir", "toad", "wren",
];

/// `VALIDATION_FAILED` unless `id` is 1 to 63 of `[a-z0-9-]` with no hyphen at an edge.
pub fn validate(id: &str) -> Result<()> {
    let alphabet = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let edges = !id.starts_with('-') && !id.ends_with('-');
    if (1..=MAX_LEN).contains(&id.len()) && alphabet && edges {
        return Ok(());
    }
    Err(ApiError::invalid("id", "id must be 1 to 63 of a-z, 0-9 and -, with no hyphen at an edge")
        .with("id", id.chars().take(MAX_LEN + 1).collect::<String>()))
}

/// A new id such as `calm-otter`, or `calm-otter-1f3a` once the short ones begin to be taken.
pub fn make(taken: impl Fn(&str) -> bool) -> String {
    for attempt in 0.. {
        let bits = uuid::Uuid::new_v4().as_u128();
        let id = spell(bits, attempt >= 8);
        if !taken(&id) {
            return id;
        }
    }
    unreachable!("the attempts never end")
}

fn spell(bits: u128, long: bool) -> String {
    let quality = QUALITIES[(bits & 0xffff) as usize % QUALITIES.len()];
    let animal = ANIMALS[(bits >> 16 & 0xffff) as usize % ANIMALS.len()];
    if long {
        format!("{quality}-{animal}-{:04x}", bits >> 96 & 0xffff)
    } else {
        format!("{quality}-{animal}")
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::HashSet};

    use super::*;

    #[test]
    fn an_id_is_a_host_name_label_in_lower_case() {
        for id in ["a", "calm-otter", "0", "a--b", &"x".repeat(63)] {
            assert!(validate(id).is_ok(), "{id}");
        }
        for id in ["", "-a", "a-", "A", "a_b", "a.b", "a/b", "..", "é", "a b", "a\0", &"x".repeat(64)] {
            assert!(validate(id).is_err(), "{id}");
        }
    }

    #[test]
    fn made_ids_are_valid_and_never_taken_even_when_the_short_ones_run_out() {
        let taken = RefCell::new(HashSet::new());
        for _ in 0..4000 {
            let id = make(|id| taken.borrow().contains(id));
            validate(&id).expect("a made id is valid");
            assert!(taken.borrow_mut().insert(id));
        }
    }
}
