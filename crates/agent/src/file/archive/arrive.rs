//! Brings an unpacked folder to its place: everything or nothing.

use std::collections::HashSet;
use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD};
use rustix::io::Errno;

use super::place::OPERATION;
use crate::file::change::{self, Made};
use crate::file::fault::{Result, fault};
use crate::file::{name, replace};

/// A folder beside the destination, or within it, where everything is made ready unseen. Thrown away
/// unless it arrives.
pub struct Arrival {
    destination: PathBuf,
    folder: PathBuf,
    /// The destination is not there yet: the folder becomes it.
    fresh: bool,
    /// Folders made on the way.
    made: Made,
    arrived: bool,
}

impl Arrival {
    /// Prepares to fill `path`, a folder or nothing yet; a symbolic link to a folder is followed.
    pub fn begin(path: &Path) -> Result<Self> {
        let destination = change::follow(OPERATION, path)?;
        let failed = |error| fault(OPERATION, &destination, error);
        let fresh = match fs::metadata(&destination) {
            Ok(metadata) if metadata.is_dir() => false,
            Ok(_) => return Err(fault(OPERATION, &destination, Errno::NOTDIR)),
            Err(error) if error.kind() == ErrorKind::NotFound => true,
            Err(error) => return Err(failed(error)),
        };
        let (beside, made) = if fresh {
            let (parent, _) = name::split(&destination, "path")?;
            (parent.to_owned(), change::make_parents(OPERATION, parent)?)
        } else {
            (destination.clone(), Made::nothing())
        };
        let folder = beside.join(replace::part_name());
        let arrival = Self { destination, folder, fresh, made, arrived: false };
        fs::create_dir(&arrival.folder).map_err(|error| fault(OPERATION, &beside, error))?;
        Ok(arrival)
    }

    /// Where to unpack.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Brings everything to its place. Files that are there are replaced when `replaces`; folders
    /// that are there stay as they are and get what is new. `sealed` are the modes to be set last.
    pub fn finish(mut self, replaces: bool, sealed: &[(PathBuf, u32)]) -> Result<()> {
        let mut merge = Merge { replaces, steps: Vec::new(), merged: HashSet::new() };
        if self.fresh {
            change::put(&self.folder, &self.destination, false)
                .map_err(|error| fault(OPERATION, &self.destination, error))?;
        } else {
            merge.plan(&self.folder, &self.destination)?;
            merge.carry_out(&self.folder.join(replace::part_name()))?;
        }
        self.arrived = true;
        self.made.keep();
        let sealed = sealed.iter().map(|(folder, mode)| (self.destination.join(folder), *mode));
        for (folder, mode) in sealed.filter(|(folder, _)| !merge.merged.contains(folder)) {
            // The folder has arrived, so a refusal here would undo nothing.
            let _ = fs::set_permissions(folder, Permissions::from_mode(mode));
        }
        Ok(())
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        if !self.fresh || !self.arrived {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// One entry that changes its place.
struct Step {
    from: PathBuf,
    to: PathBuf,
    /// A file is there that gives way.
    replaces: bool,
}

/// How one folder comes into another that exists.
struct Merge {
    replaces: bool,
    steps: Vec<Step>,
    /// Folders that were there before.
    merged: HashSet<PathBuf>,
}

impl Merge {
    /// What is to be done to bring the entries of `from` into `to`. Refuses what is in the way.
    fn plan(&mut self, from: &Path, to: &Path) -> Result<()> {
        for entry in fs::read_dir(from).map_err(|error| fault(OPERATION, from, error))? {
            let entry = entry.map_err(|error| fault(OPERATION, from, error))?;
            let (from, to) = (entry.path(), to.join(entry.file_name()));
            let comes_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            match fs::symlink_metadata(&to) {
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    self.steps.push(Step { from, to, replaces: false });
                }
                Ok(there) if there.is_dir() && comes_folder => {
                    self.plan(&from, &to)?;
                    self.merged.insert(to);
                }
                Ok(there) if !there.is_dir() && !comes_folder && self.replaces => {
                    self.steps.push(Step { from, to, replaces: true });
                }
                Ok(_) => return Err(fault(OPERATION, &to, Errno::EXIST)),
                Err(error) => return Err(fault(OPERATION, &to, error)),
            }
        }
        Ok(())
    }

    /// Does all of it, or undoes what it did. What gives way is kept in `backups` until then.
    fn carry_out(&self, backups: &Path) -> Result<()> {
        fs::create_dir(backups).map_err(|error| fault(OPERATION, backups, error))?;
        for (done, step) in self.steps.iter().enumerate() {
            if let Err(error) = step.take(&backups.join(done.to_string())) {
                let undone = self.steps[..done].iter().enumerate().rev();
                undone.for_each(|(n, step)| step.undo(&backups.join(n.to_string())));
                return Err(fault(OPERATION, &step.to, error));
            }
        }
        Ok(())
    }
}

impl Step {
    fn take(&self, backup: &Path) -> rustix::io::Result<()> {
        if self.replaces {
            // A second name rather than a move, so that there is a file at the place all the time. A
            // file system without such names cannot undo this one.
            let _ = rustix::fs::linkat(CWD, &self.to, CWD, backup, AtFlags::empty());
        }
        change::put(&self.from, &self.to, self.replaces)
    }

    /// As well as it can be: somebody else may have changed the place meanwhile.
    fn undo(&self, backup: &Path) {
        let _ = if self.replaces {
            change::put(backup, &self.to, true)
        } else {
            change::put(&self.to, &self.from, false)
        };
    }
}
