//! A folder and all below it, watched: one inotify watch for each folder, kept true as they move.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use inotify::{EventMask, EventOwned, WatchDescriptor, WatchMask};
use sandpit_api::watch::ChangeType;

use super::filter::Filter;
use super::source::{MASK, Source};
use crate::file::Result;

/// One change, by the absolute path of what changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Happening {
    pub kind: ChangeType,
    pub path: PathBuf,
    pub is_directory: bool,
    /// Joins the two halves of a move; 0 when it is none.
    pub cookie: u32,
}

/// What a notice means.
pub enum Meaning {
    Happened(Vec<Happening>),
    /// The kernel dropped notices.
    Missed,
    /// The watched path itself is gone.
    Gone,
}

/// The watches under one path.
pub struct Recursive {
    source: Source,
    root: PathBuf,
    root_watch: WatchDescriptor,
    recursive: bool,
    filter: Filter,
    folders: HashMap<WatchDescriptor, PathBuf>,
}

impl Recursive {
    /// Watches `root`, a folder or a file.
    pub fn start(root: PathBuf, recursive: bool, filter: Filter) -> Result<Self> {
        let mut source = Source::new()?;
        let root_watch = source.add(&root, MASK)?;
        let folders = HashMap::from([(root_watch.clone(), root.clone())]);
        let mut all = Self { source, root, root_watch, recursive, filter, folders };
        all.descend(&all.root.clone(), &mut Vec::new());
        Ok(all)
    }

    /// The next notice's meaning. Safe to be cancelled.
    pub async fn next(&mut self) -> Meaning {
        let event = self.source.next().await;
        self.meaning(event)
    }

    fn meaning(&mut self, event: EventOwned) -> Meaning {
        if event.mask.contains(EventMask::Q_OVERFLOW) {
            // Folders that came meanwhile are found again by looking.
            self.descend(&self.root.clone(), &mut Vec::new());
            return Meaning::Missed;
        }
        let own = event.mask.intersects(EventMask::DELETE_SELF | EventMask::MOVE_SELF | EventMask::UNMOUNT);
        if own && event.wd == self.root_watch {
            return Meaning::Gone;
        }
        if event.mask.contains(EventMask::IGNORED) {
            self.folders.remove(&event.wd);
        }
        let Some(folder) = self.folders.get(&event.wd).cloned() else {
            return Meaning::Happened(Vec::new());
        };
        let path = match (&event.name, event.wd == self.root_watch) {
            (Some(name), _) => folder.join(name),
            // A watched file tells of itself; a folder's own attributes are told by its parent.
            (None, true) => folder,
            (None, false) => return Meaning::Happened(Vec::new()),
        };
        Meaning::Happened(self.happened(&event, path))
    }

    fn happened(&mut self, event: &EventOwned, path: PathBuf) -> Vec<Happening> {
        let Some(kind) = kind(event.mask) else {
            return Vec::new();
        };
        // Only a nameless file (`O_TMPFILE`) is written to under a name that is not there.
        let written = matches!(kind, ChangeType::Modify | ChangeType::Attrib);
        if written && std::fs::symlink_metadata(&path).is_err() {
            return Vec::new();
        }
        let is_directory = event.mask.contains(EventMask::ISDIR);
        let mut found = Vec::new();
        if is_directory && self.recursive {
            match kind {
                ChangeType::Create => self.descend(&path, &mut found),
                // What a moved folder holds did not change.
                ChangeType::MoveTo => self.descend(&path, &mut Vec::new()),
                ChangeType::MoveFrom => self.forget(&path),
                _ => {}
            }
        }
        if self.tells(&path) {
            found.insert(0, Happening { kind, path, is_directory, cookie: event.cookie });
        }
        found
    }

    fn relative<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }

    fn tells(&self, path: &Path) -> bool {
        path == self.root || self.filter.tells(self.relative(path))
    }

    /// Watches the folders at and below `folder`, which links do not lead out of, and gathers what
    /// they hold: it may have come before its watch.
    fn descend(&mut self, folder: &Path, found: &mut Vec<Happening>) {
        let mut waiting = vec![folder.to_owned()];
        while let Some(folder) = waiting.pop() {
            if folder != self.root && !self.add(&folder) {
                continue;
            }
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
                if is_directory && self.recursive {
                    waiting.push(path.clone());
                }
                if self.tells(&path) {
                    found.push(Happening { kind: ChangeType::Create, path, is_directory, cookie: 0 });
                }
            }
        }
    }

    fn add(&mut self, folder: &Path) -> bool {
        if !self.recursive || !self.filter.enters(self.relative(folder)) {
            return false;
        }
        let mask = MASK | WatchMask::ONLYDIR | WatchMask::DONT_FOLLOW;
        // A folder that went meanwhile, or that may not be read, has nothing to tell.
        let Ok(watch) = self.source.add(folder, mask) else {
            return false;
        };
        self.folders.insert(watch, folder.to_owned());
        true
    }

    fn forget(&mut self, folder: &Path) {
        let under: Vec<_> = self.folders.extract_if(|_, path| path.starts_with(folder)).collect();
        under.into_iter().for_each(|(watch, _)| self.source.remove(watch));
    }
}

fn kind(mask: EventMask) -> Option<ChangeType> {
    let kinds = [
        (EventMask::CREATE, ChangeType::Create),
        (EventMask::MODIFY, ChangeType::Modify),
        (EventMask::DELETE, ChangeType::Delete),
        (EventMask::MOVED_FROM, ChangeType::MoveFrom),
        (EventMask::MOVED_TO, ChangeType::MoveTo),
        (EventMask::ATTRIB, ChangeType::Attrib),
    ];
    kinds.into_iter().find(|(bit, _)| mask.contains(*bit)).map(|(_, kind)| kind)
}
