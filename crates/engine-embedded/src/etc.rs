//! The `/etc` a sandbox sees: made up, with only what programs need and nothing of the host's users or secrets.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

/// Folders of the host's `/etc` that programs look things up in, and that tell nothing about the host.
const SHARED_FOLDERS: [&str; 6] =
    ["alternatives", "ssl/certs", "fonts", "pki/ca-trust", "pki/tls/certs", "crypto-policies"];

/// Files of it, of the same kind, copied.
const SHARED_FILES: [&str; 15] = [
    "ld.so.cache",
    "ld.so.conf",
    "mime.types",
    "protocols",
    "services",
    "ethertypes",
    "rpc",
    "magic",
    "inputrc",
    "debian_version",
    "ssl/openssl.cnf",
    "bindresvport.blacklist",
    "locale.alias",
    "manpath.config",
    "vimrc",
];

const FIXED_FILES: [(&str, &str); 8] = [
    (
        "passwd",
        "root:x:0:0:root:/root:/usr/sbin/nologin\nsandpit:x:1000:1000:Sandpit:/home/sandpit:/bin/bash\n\
         nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    ),
    ("group", "root:x:0:\ntty:x:5:\nsandpit:x:1000:\nnogroup:x:65534:\n"),
    ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n"),
    ("host.conf", "multi on\n"),
    ("shells", "/bin/sh\n/bin/bash\n"),
    ("login.defs", "UID_MIN 1000\nGID_MIN 1000\n"),
    ("profile", include_str!("etc/profile")),
    ("bash.bashrc", include_str!("etc/bashrc")),
];

/// Where names are asked for when the sandbox has a network: answered by `pasta`, outside.
pub const DNS: &str = "169.254.53.53";

/// Writes the `/etc` of the sandbox `id` into `folder`, anew.
pub fn write(folder: &Path, id: &str, network: bool) -> io::Result<()> {
    fs::create_dir_all(folder.join("ssl"))?;
    for (name, text) in FIXED_FILES {
        fs::write(folder.join(name), text)?;
    }
    fs::write(folder.join("hostname"), format!("{id}\n"))?;
    fs::write(folder.join("hosts"), format!("127.0.0.1 localhost {id}\n::1 localhost ip6-localhost\n"))?;
    fs::write(
        folder.join("resolv.conf"),
        if network { format!("nameserver {DNS}\n") } else { String::new() },
    )?;
    fs::write(folder.join("machine-id"), format!("{:032x}\n", rand::random::<u128>()))?;
    for name in SHARED_FILES {
        copy(&Path::new("/etc").join(name), &folder.join(name))?;
    }
    for name in shared_folders() {
        fs::create_dir_all(folder.join(name))?;
    }
    link(folder, "os-release", Path::new("../usr/lib/os-release"))?;
    link(folder, "mtab", Path::new("../proc/self/mounts"))?;
    link(folder, "localtime", &time_zone())
}

/// Those of the shared folders that exist, relative to `/etc`. Each is mounted read-only over the made-up one.
pub fn shared_folders() -> impl Iterator<Item = &'static str> {
    SHARED_FOLDERS.into_iter().filter(|name| Path::new("/etc").join(name).is_dir())
}

/// The host's time zone, as long as it is one of the system's.
fn time_zone() -> PathBuf {
    let zones = "/usr/share/zoneinfo";
    let real = fs::canonicalize("/etc/localtime").ok().filter(|path| path.starts_with(zones));
    real.unwrap_or_else(|| Path::new(zones).join("UTC"))
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    match fs::read(from) {
        Ok(bytes) => fs::write(to, bytes),
        // What the host does not have, or keeps from this user, the sandbox does without.
        Err(_) => Ok(()),
    }
}

fn link(folder: &Path, name: &str, target: &Path) -> io::Result<()> {
    let _ = fs::remove_file(folder.join(name));
    symlink(target, folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_the_sandbox_and_none_of_the_hosts_users() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        write(dir.path(), "calm-otter", false).expect("written");
        write(dir.path(), "calm-otter", true).expect("written again");
        let read = |name| fs::read_to_string(dir.path().join(name)).expect(name);
        assert_eq!(read("hostname"), "calm-otter\n");
        assert!(read("passwd").contains("sandpit:x:1000:1000"));
        assert_eq!(read("passwd").lines().count(), 3);
        for secret in ["shadow", "gshadow", "ssh", "sudoers", "ssl/private", "environment"] {
            assert!(!dir.path().join(secret).exists(), "{secret}");
        }
        let host = fs::read_to_string("/etc/machine-id").unwrap_or_default();
        assert_ne!(read("machine-id"), host);
    }
}
