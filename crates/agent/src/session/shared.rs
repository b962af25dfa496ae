//! What the shells of one session share: a directory and exported variables. Each shell tells its
//! own at its prompts and takes what the others changed since. Only changes travel, so nothing is
//! undone by a shell whose state is merely older; of two changes of one thing the later told wins.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use tokio::sync::watch;

use super::place::Place;

/// Variables that are a shell's own doing.
const OF_A_SHELL: &[&str] = &["_", "SHLVL", "PWD", "OLDPWD"];
/// Variables that say what a terminal is, or how its shell looks: each shell keeps its own.
const OF_A_TERMINAL: &[&str] = &[
    "TERM",
    "COLORTERM",
    "COLUMNS",
    "LINES",
    "PS0",
    "PS1",
    "PS2",
    "PS3",
    "PS4",
    "PROMPT_COMMAND",
    "HISTFILE",
    "ENV",
    "POSIXLY_CORRECT",
    "SHELLOPTS",
    "BASHOPTS",
];
/// Names that were changed and are unset now: the oldest beyond this many are forgotten.
const UNSET: usize = 4096;

/// The shared state of a session.
#[derive(Debug)]
pub struct Shared {
    place: Place,
    /// When each variable last changed; what is not here has not.
    changed: BTreeMap<OsString, u64>,
    cwd_changed: u64,
    /// Counts changes, and tells those who wait for one.
    version: watch::Sender<u64>,
}

/// One shell's view: what it was last known to have, and which changes it has taken.
#[derive(Debug, Clone)]
pub struct Member {
    place: Place,
    seen: u64,
    in_terminal: bool,
}

/// What a shell has to change; `None` unsets.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Change {
    pub cwd: Option<PathBuf>,
    pub env: BTreeMap<OsString, Option<OsString>>,
}

impl Change {
    pub fn is_empty(&self) -> bool {
        self.cwd.is_none() && self.env.is_empty()
    }
}

impl Shared {
    pub fn new(place: Place) -> Self {
        Self { place, changed: BTreeMap::new(), cwd_changed: 0, version: watch::Sender::new(0) }
    }

    /// Where a new shell of the session starts.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Begins anew at `place`. Other shells keep what they have.
    pub fn reset(&mut self, place: Place) {
        (self.place, self.cwd_changed) = (place, 0);
        self.changed.clear();
    }

    /// The number of the last change, to wait for the next.
    pub fn version(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// A shell that starts now, at the present place.
    pub fn join(&self) -> Member {
        Member { place: self.place.clone(), seen: *self.version.borrow(), in_terminal: false }
    }

    /// The same in a terminal.
    pub fn join_terminal(&self) -> Member {
        Member { in_terminal: true, ..self.join() }
    }

    /// Takes over what a shell changed: it is at `now`.
    pub fn tell(&mut self, member: &mut Member, now: Place) {
        let mut version = *self.version.borrow();
        let before = std::mem::replace(&mut member.place, now);
        let now = &member.place;
        if now.cwd != before.cwd && now.cwd != self.place.cwd {
            version += 1;
            (self.cwd_changed, self.place.cwd) = (version, now.cwd.clone());
        }
        for name in before.env.keys().chain(now.env.keys()).filter(|name| !is_a_shells(name)) {
            let value = now.env.get(name);
            let local = OF_A_TERMINAL.iter().any(|own| name == *own);
            let known = value == before.env.get(name) || value == self.place.env.get(name);
            if known || (local && member.in_terminal) {
                continue;
            }
            if !local {
                version += 1;
                self.changed.insert(name.clone(), version);
            }
            match value {
                Some(value) => self.place.env.insert(name.clone(), value.clone()),
                None => self.place.env.remove(name),
            };
        }
        self.forget_unset();
        self.version.send_if_modified(|last| std::mem::replace(last, version) != version);
    }

    /// What a shell lacks of the others' changes; it counts as having it from now on.
    pub fn take(&self, member: &mut Member) -> Change {
        let change = self.missing(member);
        if let Some(cwd) = &change.cwd {
            member.place.cwd.clone_from(cwd);
        }
        for (name, value) in &change.env {
            match value {
                Some(value) => member.place.env.insert(name.clone(), value.clone()),
                None => member.place.env.remove(name),
            };
        }
        member.seen = *self.version.borrow();
        change
    }

    /// What [`Self::take`] would give.
    pub fn missing(&self, member: &Member) -> Change {
        let cwd = (self.cwd_changed > member.seen && self.place.cwd != member.place.cwd)
            .then(|| self.place.cwd.clone());
        let names = self.changed.iter().filter(|(_, version)| **version > member.seen).map(|(name, _)| name);
        let differs = |name: &&OsString| self.place.env.get(*name) != member.place.env.get(*name);
        let env = names.filter(differs).map(|name| (name.clone(), self.place.env.get(name).cloned()));
        Change { cwd, env: env.collect() }
    }

    fn forget_unset(&mut self) {
        let is_unset = |name: &OsString| !self.place.env.contains_key(name);
        let mut unset: Vec<u64> =
            self.changed.iter().filter(|(name, _)| is_unset(name)).map(|(_, version)| *version).collect();
        if unset.len() > UNSET {
            unset.sort_unstable();
            let oldest = unset[unset.len() - UNSET];
            self.changed.retain(|name, version| *version >= oldest || self.place.env.contains_key(name));
        }
    }
}

impl Member {
    /// Where it was last known to be.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What its start-up files made of it is its own, and no change: it is at `now`.
    pub fn started(&mut self, now: Place) {
        self.place = now;
    }
}

fn is_a_shells(name: &OsStr) -> bool {
    if name.as_encoded_bytes().starts_with(b"_sandpit_") {
        return true;
    }
    OF_A_SHELL.iter().chain(super::shell::MARKS).any(|own| name == *own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(cwd: &str, env: &[(&str, &str)]) -> Place {
        let env = env.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Place { cwd: cwd.into(), env: env.collect() }
    }

    fn set(name: &str, value: Option<&str>) -> (OsString, Option<OsString>) {
        (name.into(), value.map(Into::into))
    }

    #[test]
    fn what_one_shell_changes_another_takes_once() {
        let mut shared = Shared::new(place("/", &[("A", "1"), ("B", "1")]));
        let (mut one, mut two) = (shared.join(), shared.join());
        shared.tell(&mut one, place("/x", &[("A", "2"), ("C", "3")]));
        let change = shared.take(&mut two);
        assert_eq!(change.cwd, Some("/x".into()));
        assert_eq!(change.env, BTreeMap::from([set("A", Some("2")), set("B", None), set("C", Some("3"))]));
        assert!(shared.take(&mut two).is_empty() && shared.take(&mut one).is_empty());
    }

    #[test]
    fn an_older_state_does_not_undo_a_change() {
        let mut shared = Shared::new(place("/", &[]));
        let (mut one, mut two) = (shared.join(), shared.join());
        shared.tell(&mut one, place("/x", &[("A", "1")]));
        shared.tell(&mut two, place("/", &[("B", "2")]));
        assert_eq!(shared.place(), &place("/x", &[("A", "1"), ("B", "2")]));
        assert_eq!(shared.take(&mut one).env, BTreeMap::from([set("B", Some("2"))]));
    }

    #[test]
    fn of_two_changes_the_later_told_wins_for_both() {
        let mut shared = Shared::new(place("/", &[]));
        let (mut one, mut two) = (shared.join(), shared.join());
        shared.tell(&mut one, place("/", &[("A", "one")]));
        shared.tell(&mut two, place("/", &[("A", "two")]));
        assert!(shared.take(&mut two).is_empty());
        assert_eq!(shared.take(&mut one).env, BTreeMap::from([set("A", Some("two"))]));
    }

    #[test]
    fn what_is_a_shells_own_does_not_travel() {
        let mut shared = Shared::new(place("/", &[("TERM", "dumb")]));
        let (mut one, mut two) = (shared.join(), shared.join());
        shared.tell(&mut one, place("/", &[("SHLVL", "2"), ("PS1", "$"), ("TERM", "xterm")]));
        assert!(shared.take(&mut two).is_empty());
        assert_eq!(shared.place().env[OsStr::new("TERM")], "xterm", "a session keeps it for its next shell");
        let mut terminal = shared.join_terminal();
        shared.tell(&mut terminal, place("/", &[("TERM", "linux")]));
        assert_eq!(shared.place().env[OsStr::new("TERM")], "xterm");
        one.started(place("/home", &[("PATH", "/of/the/profile")]));
        shared.tell(&mut one, place("/home", &[("PATH", "/of/the/profile"), ("A", "1")]));
        assert_eq!(shared.take(&mut two), Change { cwd: None, env: BTreeMap::from([set("A", Some("1"))]) });
    }

    #[test]
    fn names_that_were_unset_are_remembered_within_a_limit() {
        let mut shared = Shared::new(place("/", &[]));
        let mut one = shared.join();
        for number in 0..UNSET + 100 {
            shared.tell(&mut one, place("/", &[(&format!("V{number}"), "x")]));
        }
        shared.tell(&mut one, place("/", &[]));
        assert_eq!(shared.changed.len(), UNSET);
    }
}
