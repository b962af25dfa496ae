//! A folder and all below it, watched: one inotify watch for each folder, kept true as they move.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use inotify::{EventMask, EventOwned, WatchDescriptor, WatchMask};
use sandpit_api::watch::ChangeType;
use sandpit_api::{ApiError, ErrorCode};

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
    /// Not everything can be watched any more.
    Failed(Box<ApiError>),
}

/// The watches under one path.
pub struct Recursive {
    source: Source,
    root: PathBuf,
    root_watch: WatchDescriptor,
    recursive: bool,
    filter: Filter,
    folders: HashMap<WatchDescriptor, PathBuf>,
    /// A folder that was moved away just now, with the cookie of the other half, which comes next if it
    /// stays within what is watched. What happens in it meanwhile must not be lost, so it stays watched.
    leaving: Option<(u32, PathBuf)>,
}

impl Recursive {
    /// Watches `root`, a folder or a file.
    pub fn start(root: PathBuf, recursive: bool, filter: Filter) -> Result<Self> {
        let mut source = Source::new()?;
        let root_watch = source.add(&root, MASK)?;
        let folders = HashMap::from([(root_watch.clone(), root.clone())]);
        let mut all = Self { source, root, root_watch, recursive, filter, folders, leaving: None };
        all.descend(&all.root.clone(), &mut Vec::new())?;
        Ok(all)
    }

    /// The next notice's meaning. Safe to be cancelled.
    pub async fn next(&mut self) -> Meaning {
        let event = self.source.next().await;
        self.meaning(event).unwrap_or_else(Meaning::Failed)
    }

    /// The meaning of a notice that the kernel has already.
    pub async fn waiting(&mut self) -> Option<Meaning> {
        let event = self.source.waiting().await?;
        Some(self.meaning(event).unwrap_or_else(Meaning::Failed))
    }

    fn meaning(&mut self, event: EventOwned) -> Result<Meaning> {
        let other_half = event.mask.contains(EventMask::MOVED_TO);
        if let Some((_, gone)) = self.leaving.take_if(|(cookie, _)| !(other_half && *cookie == event.cookie))
        {
            self.forget(&gone);
        }
        if event.mask.contains(EventMask::Q_OVERFLOW) {
            self.look_again()?;
            return Ok(Meaning::Missed);
        }
        let own = event.mask.intersects(EventMask::DELETE_SELF | EventMask::MOVE_SELF | EventMask::UNMOUNT);
        if own && event.wd == self.root_watch {
            return Ok(Meaning::Gone);
        }
        if event.mask.contains(EventMask::IGNORED) {
            self.folders.remove(&event.wd);
        }
        let Some(folder) = self.folders.get(&event.wd).cloned() else {
            return Ok(Meaning::Happened(Vec::new()));
        };
        let path = match (&event.name, event.wd == self.root_watch) {
            (Some(name), _) => folder.join(name),
            // A watched file tells of itself; a folder's own attributes are told by its parent.
            (None, true) => folder,
            (None, false) => return Ok(Meaning::Happened(Vec::new())),
        };
        Ok(Meaning::Happened(self.happened(&event, path)?))
    }

    /// Finds again what came and went while notices were dropped.
    fn look_again(&mut self) -> Result<()> {
        let known = std::mem::take(&mut self.folders);
        self.folders.insert(self.root_watch.clone(), self.root.clone());
        self.descend(&self.root.clone(), &mut Vec::new())?;
        let gone = known.into_keys().filter(|watch| !self.folders.contains_key(watch));
        gone.for_each(|watch| self.source.remove(watch));
        Ok(())
    }

    fn happened(&mut self, event: &EventOwned, path: PathBuf) -> Result<Vec<Happening>> {
        let Some(kind) = kind(event.mask) else {
            return Ok(Vec::new());
        };
        // Only a nameless file (`O_TMPFILE`) is written to under a name that is not there.
        let written = matches!(kind, ChangeType::Modify | ChangeType::Attrib);
        if written && std::fs::symlink_metadata(&path).is_err() {
            return Ok(Vec::new());
        }
        let is_directory = event.mask.contains(EventMask::ISDIR);
        let mut found = Vec::new();
        if self.tells(&path) {
            found.push(Happening { kind, path: path.clone(), is_directory, cookie: event.cookie });
        }
        match kind {
            ChangeType::Create | ChangeType::MoveTo if is_directory && self.recursive => {
                self.arrived(path, event.cookie, &mut found)?;
            }
            ChangeType::MoveFrom if is_directory => self.leaving = Some((event.cookie, path)),
            _ => {}
        }
        Ok(found)
    }

    /// Watches a folder that is there now. What it holds is told, unless it only moved within what is
    /// watched.
    fn arrived(&mut self, path: PathBuf, cookie: u32, found: &mut Vec<Happening>) -> Result<()> {
        match self.leaving.take_if(|(left, _)| *left == cookie) {
            Some((_, from)) if self.filter.enters(self.relative(&path)) => {
                for folder in self.folders.values_mut() {
                    if let Ok(below) = folder.strip_prefix(&from) {
                        *folder = path.join(below);
                    }
                }
                self.descend(&path, &mut Vec::new())
            }
            Some((_, from)) => {
                self.forget(&from);
                Ok(())
            }
            None => self.descend(&path, found),
        }
    }

    fn relative<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }

    fn tells(&self, path: &Path) -> bool {
        path == self.root || self.filter.tells(self.relative(path))
    }

    /// Watches the folders at and below `folder`, which links do not lead out of, and gathers what
    /// they hold: it may have come before its watch.
    fn descend(&mut self, folder: &Path, found: &mut Vec<Happening>) -> Result<()> {
        let mut waiting = vec![folder.to_owned()];
        while let Some(folder) = waiting.pop() {
            if folder != self.root && !self.add(&folder)? {
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
        Ok(())
    }

    fn add(&mut self, folder: &Path) -> Result<bool> {
        if !self.recursive || !self.filter.enters(self.relative(folder)) {
            return Ok(false);
        }
        let mask = MASK | WatchMask::ONLYDIR | WatchMask::DONT_FOLLOW;
        match self.source.add(folder, mask) {
            Ok(watch) => {
                self.folders.insert(watch, folder.to_owned());
                Ok(true)
            }
            Err(error) if error.code == ErrorCode::WatchStartError => Err(error),
            // A folder that went meanwhile, or that may not be read, has nothing to tell.
            Err(_) => Ok(false),
        }
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
