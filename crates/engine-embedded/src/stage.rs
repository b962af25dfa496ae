//! A mount namespace of root's, so that bubblewrap can be run by a user who owns nothing on the host.
//!
//! Run by root, the engine gives each sandbox a uid of its own, which is nobody's on the host. Bubblewrap then has that
//! uid from its start, and must reach the sandbox's folder although it lies, say, below `/root`. A descriptor does
//! not help: what is open in one mount namespace cannot be mounted in another. So the three sources are mounted once
//! at a place all can pass through, in a private namespace that nothing but an open descriptor keeps alive: when the
//! app ends, it is gone. `nsenter` enters it and takes on the uid before bubblewrap is executed.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    os::fd::AsRawFd,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use crate::bubblewrap::Sources;

/// Mounts `$2` (folder), `$3` (file) and, when it is given, `$4` (folder) below `$1`, says so and waits. Pasta, as the
/// sandbox's uid, needs the tunnel device; udev lets everyone use it, and where udev did not run this does, in here.
const SCRIPT: &str = r#"set -e
mount -t tmpfs -o mode=0711,nosuid,size=64k sandpit "$1/"
mkdir "$1/sandboxes" "$1/runtime"; : > "$1/agent"
mount --bind "$2" "$1/sandboxes"
mount --bind "$3" "$1/agent"
if [ -n "$4" ]; then mount --bind "$4" "$1/runtime"; fi
if [ -c /dev/net/tun ]; then
  mknod -m 0666 "$1/tun" c 10 200 && mount --bind "$1/tun" /dev/net/tun || true
fi
echo ready; read -r _ || true"#;

/// Folders of every system that are mounted over, in the private namespace only.
const PLACES: [&str; 4] = ["/mnt", "/srv", "/media", "/tmp"];

/// First and last uid given to sandboxes: above what systemd gives to containers, below what it keeps for images.
const UIDS: std::ops::Range<u32> = 1_879_048_192..2_147_352_576;

/// A uid that no account, and most likely no other sandbox, has.
pub fn new_uid() -> u32 {
    rand::Rng::random_range(&mut rand::rng(), UIDS)
}

/// The namespace, kept alive by its descriptor.
#[derive(Debug)]
pub struct Stage {
    namespace: File,
    made_from: (Sources, Option<(u64, u64)>),
    /// Where the sources are in it.
    pub sources: Sources,
}

impl Stage {
    /// `old` if it still shows `sources`, else a new one.
    pub fn of(sources: &Sources, old: Option<Arc<Self>>) -> io::Result<Arc<Self>> {
        let made_from = (sources.clone(), inode(&sources.agent));
        match old {
            Some(old) if old.made_from == made_from => Ok(old),
            _ => Self::make(sources, made_from).map(Arc::new),
        }
    }

    fn make(sources: &Sources, made_from: (Sources, Option<(u64, u64)>)) -> io::Result<Self> {
        let place = place(sources)?;
        let mut child = Command::new("unshare")
            .args(["--mount", "--propagation", "private", "/bin/sh", "-c", SCRIPT, "sandpit-stage"])
            .arg(&place)
            .args([&sources.sandboxes, &sources.agent])
            .arg(sources.runtime.as_deref().unwrap_or(Path::new("")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let told = child.stdout.take().map(|out| BufReader::new(out).read_line(&mut line));
        let namespace = File::open(format!("/proc/{}/ns/mnt", child.id()));
        // Its standard input closes here, and it ends.
        let output = child.wait_with_output()?;
        match (told, line.as_str()) {
            (Some(Ok(_)), "ready\n") => {
                let runtime = sources.runtime.is_some().then(|| place.join("runtime"));
                let sources =
                    Sources { sandboxes: place.join("sandboxes"), agent: place.join("agent"), runtime };
                Ok(Self { namespace: namespace?, made_from, sources })
            }
            _ => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
        }
    }

    /// What runs a program in the namespace as `uid`, with no group of the host's. The path names a descriptor of this
    /// process, so the program does not inherit it.
    pub fn enter(&self, uid: u32) -> Vec<String> {
        let path = format!("--mount=/proc/{}/fd/{}", std::process::id(), self.namespace.as_raw_fd());
        ["nsenter".to_owned(), path, format!("--setuid={uid}"), format!("--setgid={uid}"), "--".to_owned()]
            .into()
    }
}

fn inode(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().ok().map(|meta| (meta.dev(), meta.ino()))
}

/// A folder to mount over that none of the sources lies below.
fn place(sources: &Sources) -> io::Result<PathBuf> {
    let used = |place: &Path| {
        let paths = [Some(&sources.sandboxes), Some(&sources.agent), sources.runtime.as_ref()];
        paths.into_iter().flatten().any(|path| path.starts_with(place))
    };
    let mut places = PLACES.iter().map(Path::new).filter(|place| place.is_dir() && !used(place));
    places
        .next()
        .map(Path::to_owned)
        .ok_or_else(|| io::Error::other("no folder is free to mount the sandboxes at"))
}
