//! Folders as tar, both ways: what is kept, what is refused, and that nothing is half done.

mod refused;

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tar::{EntryType, Header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::pack::LEFT_OUT;
use crate::server::testing::TestAgent;

async fn fetch(agent: &TestAgent, query: &str) -> (StatusCode, HeaderMap, Bytes) {
    let request = Request::get(format!("/api/files/archive?{query}")).header("host", "agent");
    let (parts, body) = agent.send(request.body(Body::empty()).unwrap()).await.into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes())
}

async fn send(agent: &TestAgent, query: &str, archive: impl Into<Body>) -> (StatusCode, Value) {
    send_with(agent, query, archive, &[]).await
}

async fn send_with(
    agent: &TestAgent,
    query: &str,
    archive: impl Into<Body>,
    headers: &[(&str, &str)],
) -> (StatusCode, Value) {
    let mut request = Request::builder()
        .method(Method::PUT)
        .uri(format!("/api/files/archive?{query}"))
        .header("host", "agent");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (parts, body) = agent.send(request.body(archive.into()).unwrap()).await.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, serde_json::from_slice(&body).unwrap())
}

/// One entry of an archive made by hand: what no honest packer writes.
struct Crafted(Vec<u8>);

impl Crafted {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn entry(mut self, kind: EntryType, name: &str, target: &str, content: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_link_name_literal(target).unwrap();
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    /// An entry made of pieces of paths that lead somewhere, as far as they fit.
    fn hostile(self, kind: EntryType, name: &str, target: &str, content: &[u8]) -> Self {
        let path = |text: &str| {
            let parts = text
                .bytes()
                .take(20)
                .map(|byte| ["..", "/", "a", "b", "./", "beside"][usize::from(byte) % 6]);
            parts.collect::<Vec<_>>().join("/").chars().take(99).collect::<String>()
        };
        self.entry(kind, &path(name), &path(target), content)
    }

    fn file(self, name: &str, content: &str) -> Self {
        self.entry(EntryType::Regular, name, "", content.as_bytes())
    }

    fn end(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        self.0
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// A folder with one of everything that is kept.
fn furnish(folder: &Path) {
    fs::create_dir_all(folder.join("deep/er")).unwrap();
    fs::write(folder.join("deep/er/program"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(folder.join("deep/er/program"), fs::Permissions::from_mode(0o751)).unwrap();
    fs::write(folder.join(OsStr::from_bytes(b"caf\xe9\nand \"more\"")), "odd").unwrap();
    let long = folder.join("n".repeat(250)).join("m".repeat(250));
    fs::create_dir_all(&long).unwrap();
    fs::write(long.join("f"), vec![7; 100_000]).unwrap();
    symlink("deep/er/program", folder.join("link")).unwrap();
    symlink("/no/such//./place", folder.join("lost")).unwrap();
    symlink("t".repeat(300), folder.join("far")).unwrap();
    fs::write(folder.join("-dash"), "").unwrap();
    let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    fs::File::options().write(true).open(folder.join("-dash")).unwrap().set_modified(old).unwrap();
    fs::set_permissions(folder.join("deep"), fs::Permissions::from_mode(0o500)).unwrap();
}

/// Lets a folder made by `furnish` be deleted by an ordinary user.
fn unseal(folder: &Path) {
    fs::set_permissions(folder.join("deep"), fs::Permissions::from_mode(0o700)).unwrap();
}

fn assert_furnished(folder: &Path) {
    let at = |name: &str| folder.join(name);
    assert_eq!(fs::metadata(at("deep/er/program")).unwrap().mode() & 0o7777, 0o751);
    assert_eq!(fs::metadata(at("deep")).unwrap().mode() & 0o7777, 0o500);
    assert_eq!(fs::read(folder.join(OsStr::from_bytes(b"caf\xe9\nand \"more\""))).unwrap(), b"odd");
    let long = at(&"n".repeat(250)).join("m".repeat(250)).join("f");
    assert_eq!(fs::read(long).unwrap(), vec![7; 100_000]);
    assert_eq!(fs::read_link(at("link")).unwrap().as_os_str(), "deep/er/program");
    assert_eq!(fs::read_link(at("lost")).unwrap().as_os_str(), "/no/such//./place");
    assert_eq!(fs::read_link(at("far")).unwrap().as_os_str().len(), 300);
    assert_eq!(fs::metadata(at("-dash")).unwrap().mtime(), 1_000_000_000);
}

#[tokio::test]
async fn a_folder_goes_out_and_comes_back_as_it_was() {
    let agent = TestAgent::start().await;
    furnish(&agent.path("project"));
    for compression in ["", "&compression=gzip"] {
        let (status, headers, archive) = fetch(&agent, &format!("path=project{compression}")).await;
        assert_eq!(status, StatusCode::OK);
        let name = headers["content-disposition"].to_str().unwrap();
        assert!(name.contains("project.tar"), "{name}");
        let copy = format!("copy{}", compression.len());
        let (status, body) = send(&agent, &format!("path={copy}"), archive).await;
        assert_eq!((status, &body["success"]), (StatusCode::OK, &json!(true)), "{body}");
        assert_eq!(names(&agent.path(&copy)), ["project"]);
        assert_furnished(&agent.path(&copy).join("project"));
        unseal(&agent.path(&copy).join("project"));
    }
    unseal(&agent.path("project"));
}

#[tokio::test]
async fn gnu_tar_reads_what_is_sent_and_what_it_writes_is_read() {
    let agent = TestAgent::start().await;
    furnish(&agent.path("project"));
    let (_, _, archive) = fetch(&agent, "path=project").await;
    let file = agent.path("sent.tar");
    fs::write(&file, archive).unwrap();
    fs::create_dir(agent.path("out")).unwrap();
    tar(&agent, &["-xpf", "sent.tar", "-C", "out"]).await;
    assert_furnished(&agent.path("out/project"));
    for format in ["gnu", "posix"] {
        let archive = format!("{format}.tar");
        // `tar` cannot read the one with a newline back from its own PAX format.
        let exclude = if format == "posix" { "--exclude=caf*" } else { "--exclude=nothing" };
        tar(&agent, &["-cf", &archive, exclude, &format!("--format={format}"), "-C", "project", "."]).await;
        let (status, body) =
            send(&agent, &format!("path={format}"), fs::read(agent.path(&archive)).unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        if format == "gnu" {
            assert_furnished(&agent.path(format));
        }
        let time = |folder: &str| fs::metadata(agent.path(folder).join("deep/er/program")).unwrap().mtime();
        assert_eq!(time(format), time("project"));
        unseal(&agent.path(format));
    }
    unseal(&agent.path("project"));
    unseal(&agent.path("out/project"));
}

async fn tar(agent: &TestAgent, arguments: &[&str]) {
    let mut command = tokio::process::Command::new("tar");
    command.args(arguments).current_dir(agent.path(""));
    let mut child = crate::reap::own(|| command.spawn()).unwrap();
    assert!(child.wait().await.unwrap().success(), "tar {arguments:?}");
}

#[tokio::test]
async fn all_of_a_folder_follows_it_at_once() {
    let agent = TestAgent::start().await;
    for folder in ["p/a/b", "p/c", "p/d/e/f"] {
        fs::create_dir_all(agent.path(folder)).unwrap();
        fs::write(agent.path(folder).join("file"), "").unwrap();
    }
    let (_, _, archive) = fetch(&agent, "path=p").await;
    let mut archive = tar::Archive::new(&archive[..]);
    let paths: Vec<_> =
        archive.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().into_owned()).collect();
    for (at, folder) in paths.iter().enumerate() {
        let beneath = paths.iter().filter(|path| path.starts_with(folder)).count();
        assert!(paths[at..at + beneath].iter().all(|path| path.starts_with(folder)), "{folder:?}: {paths:?}");
    }
}

#[tokio::test]
async fn one_file_is_an_archive_of_one_entry() {
    let agent = TestAgent::start().await;
    fs::write(agent.path("one"), "1").unwrap();
    let (_, _, archive) = fetch(&agent, "path=one").await;
    let mut archive = tar::Archive::new(&archive[..]);
    let mut entries = archive.entries().unwrap();
    let mut entry = entries.next().unwrap().unwrap();
    let mut content = String::new();
    entry.read_to_string(&mut content).unwrap();
    assert_eq!((entry.path_bytes().as_ref(), content.as_str()), (&b"one"[..], "1"));
    assert!(entries.next().is_none());
}

#[tokio::test]
async fn what_cannot_be_packed_is_told_in_the_archive() {
    let agent = TestAgent::start().await;
    fs::create_dir(agent.path("d")).unwrap();
    fs::write(agent.path("d/file"), "kept").unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(agent.path("d/socket")).unwrap();
    fs::create_dir_all(agent.path("d/.Trash-1000/files")).unwrap();
    let (status, _, archive) = fetch(&agent, "path=d").await;
    assert_eq!(status, StatusCode::OK);
    send(&agent, "path=copy", archive).await;
    assert_eq!(names(&agent.path("copy")), ["d", LEFT_OUT]);
    assert_eq!(names(&agent.path("copy/d")), ["file"]);
    let told = fs::read_to_string(agent.path("copy").join(LEFT_OUT)).unwrap();
    assert!(told.contains("d/socket: a socket\n"), "{told}");
    assert!(!told.contains("Trash"), "{told}");
}

#[tokio::test]
async fn an_archive_comes_into_a_folder_beside_what_is_there() {
    let agent = TestAgent::start().await;
    fs::create_dir_all(agent.path("d/sub")).unwrap();
    fs::write(agent.path("d/kept"), "kept").unwrap();
    fs::write(agent.path("d/sub/old"), "old").unwrap();
    let archive = Crafted::new().file("./sub/new", "new").file("sub/old", "newer").file("top", "top").end();
    let (status, body) = send(&agent, "path=d", archive).await;
    assert_eq!((status, &body["entries"], &body["bytes"]), (StatusCode::OK, &json!(3), &json!(11)));
    assert_eq!(names(&agent.path("d")), ["kept", "sub", "top"]);
    assert_eq!(fs::read_to_string(agent.path("d/sub/old")).unwrap(), "newer");
    assert_eq!(fs::read_to_string(agent.path("d/sub/new")).unwrap(), "new");
}

#[tokio::test]
async fn what_is_there_is_kept_when_that_is_asked_for_or_of_another_kind() {
    let agent = TestAgent::start().await;
    fs::create_dir_all(agent.path("d/folder")).unwrap();
    fs::write(agent.path("d/file"), "old").unwrap();
    symlink("/tmp", agent.path("d/link")).unwrap();
    let only_new: &[(&str, &str)] = &[("if-none-match", "*")];
    for (name, headers) in [("file", only_new), ("folder", &[]), ("file/below", &[]), ("link/below", &[])] {
        let archive = Crafted::new().file("another", "x").file(name, "new").end();
        let (status, body) = send_with(&agent, "path=d", archive, headers).await;
        assert_eq!((status, &body["code"]), (StatusCode::CONFLICT, &json!("FILE_EXISTS")), "{name}");
        assert_eq!(names(&agent.path("d")), ["file", "folder", "link"], "{name}");
    }
    assert_eq!(fs::read_to_string(agent.path("d/file")).unwrap(), "old");
    assert!(!Path::new("/tmp/below").exists());
}

#[test]
fn fuzz_nothing_of_an_archive_is_ever_outside_of_its_folder() {
    type Entry = (u8, String, String, Vec<u8>);
    bolero::check!().with_type().for_each(|entries: &Vec<Entry>| {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("beside"), "kept").unwrap();
        let folder = home.path().join("folder");
        fs::create_dir(&folder).unwrap();
        let archive = entries.iter().fold(Crafted::new(), |archive, (kind, name, target, content)| {
            let kind = *b"0012355LKx".get(usize::from(*kind)).unwrap_or(kind);
            archive.hostile(EntryType::new(kind), name, target, content)
        });
        let _ = super::unpack::unpack(&*archive.end(), &folder);
        assert_eq!(names(home.path()), ["beside", "folder"]);
        assert_eq!(fs::read(home.path().join("beside")).unwrap(), b"kept");
        assert_eq!(fs::metadata(home.path().join("beside")).unwrap().nlink(), 1);
    });
}

#[test]
fn fuzz_any_bytes_are_an_archive_or_refused() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        if let Err(error) = super::unpack::unpack(bytes, folder.path()) {
            assert_eq!(error.code.status(), 400, "{error}");
        }
    });
}

#[tokio::test]
async fn a_link_that_is_replaced_is_not_followed_and_a_later_entry_wins() {
    let agent = TestAgent::start().await;
    let victim = agent.path("victim");
    fs::write(&victim, "safe").unwrap();
    let archive =
        Crafted::new().entry(EntryType::Symlink, "f", victim.to_str().unwrap(), b"").file("f", "mine").end();
    let (status, _) = send(&agent, "path=d", archive).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "safe");
    assert_eq!(fs::read_to_string(agent.path("d/f")).unwrap(), "mine");
}

#[tokio::test]
async fn hard_links_and_pipes_within_an_archive_are_made() {
    let agent = TestAgent::start().await;
    let archive = Crafted::new()
        .file("a/one", "same")
        .entry(EntryType::Link, "b/two", "./a/one", b"")
        .entry(EntryType::Fifo, "pipe", "", b"")
        .end();
    let (status, body) = send(&agent, "path=d", archive).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(fs::metadata(agent.path("d/b/two")).unwrap().nlink(), 2);
    let (_, _, archive) = fetch(&agent, "path=d").await;
    send(&agent, "path=e", archive).await;
    assert_eq!(names(&agent.path("e/d")), ["a", "b", "pipe"]);
}

#[tokio::test]
async fn a_file_that_changes_its_length_while_it_is_packed_spoils_nothing_else() {
    let agent = TestAgent::start().await;
    fs::create_dir(agent.path("d")).unwrap();
    // Larger than what waits in buffers, so that it is cut while it is read.
    fs::write(agent.path("d/shrinks"), vec![1; 64 << 20]).unwrap();
    let request =
        Request::get("/api/files/archive?path=d").header("host", "agent").body(Body::empty()).unwrap();
    let mut body = agent.send(request).await.into_body();
    let mut archive = body.frame().await.unwrap().unwrap().into_data().unwrap().to_vec();
    fs::File::options().write(true).open(agent.path("d/shrinks")).unwrap().set_len(32 << 20).unwrap();
    archive.extend_from_slice(&body.collect().await.unwrap().to_bytes());
    let (status, body) = send(&agent, "path=copy", archive).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(fs::metadata(agent.path("copy/d/shrinks")).unwrap().len(), 64 << 20);
    let told = fs::read_to_string(agent.path("copy").join(LEFT_OUT)).unwrap();
    assert!(told.contains("d/shrinks: became shorter"), "{told}");
}
