//! Odd files and odd names, several at once: what is there is told as it is, and nothing hangs or mixes.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use axum::body::Body;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::raw;
use crate::file::name;
use crate::server::testing::TestAgent;

#[tokio::test]
async fn a_file_of_any_legal_name_goes_through_every_route() {
    let agent = TestAgent::start().await;
    let names: [&[u8]; 8] = [
        b"-rf",
        b"new\nline \"quoted\" \\ 'and' $(more) %41",
        "\u{1F600} \u{430}\u{301}\u{202E}".as_bytes(),
        b"caf\xe9\xff",
        &[b'n'; 255],
        b" ",
        b"*?[a]{b}",
        "\u{F7E9}".as_bytes(),
    ];
    for bytes in names {
        let name = name::encode(OsStr::from_bytes(bytes)).into_owned();
        let on_disk = agent.path("").join(OsStr::from_bytes(bytes));
        let (status, _) = agent.post("/api/write", json!({ "path": name, "content": "x" })).await;
        assert_eq!((status, std::fs::read(&on_disk).unwrap()), (StatusCode::OK, b"x".to_vec()), "{name:?}");
        let (_, body) = agent.post("/api/read", json!({ "path": name })).await;
        assert_eq!(body["content"], "x", "{name:?}");
        let (_, list) = agent.post("/api/list-files", json!({ "path": "." })).await;
        assert_eq!(list["files"][0]["name"], name, "{name:?}");
        let (_, stat) = agent.post("/api/stat", json!({ "path": list["files"][0]["absolutePath"] })).await;
        assert_eq!(stat["file"]["size"], 1, "{name:?}");
        let (status, _) =
            agent.post("/api/move", json!({ "sourcePath": name, "destinationPath": "moved" })).await;
        assert_eq!(status, StatusCode::OK, "{name:?}");
        agent.post("/api/copy", json!({ "sourcePath": "moved", "destinationPath": name })).await;
        agent.post("/api/delete", json!({ "path": "moved" })).await;
        let (status, _) = agent.post("/api/delete", json!({ "path": name })).await;
        assert_eq!((status, on_disk.exists()), (StatusCode::OK, false), "{name:?}");
    }
}

#[tokio::test]
async fn a_listing_tells_each_kind_of_entry_as_it_is() {
    let agent = TestAgent::start().await;
    let at = |name: &str| agent.path(name);
    std::fs::create_dir(at("folder")).unwrap();
    std::fs::write(at("file"), "12345").unwrap();
    symlink("folder", at("link")).unwrap();
    symlink("loop", at("loop")).unwrap();
    std::fs::File::create(at("sparse")).unwrap().set_len(1 << 40).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    let (_, list) = agent.post("/api/list-files", json!({ "path": "." })).await;
    let told = |name: &str| {
        let files = list["files"].as_array().unwrap();
        files.iter().find(|file| file["name"] == name).unwrap().clone()
    };
    for (name, kind) in [
        ("folder", "directory"),
        ("file", "file"),
        ("link", "symlink"),
        ("loop", "symlink"),
        ("sparse", "file"),
        ("socket", "other"),
    ] {
        assert_eq!(told(name)["type"], kind, "{name}");
    }
    assert_eq!((&told("file")["size"], &told("sparse")["size"]), (&json!(5), &json!(1u64 << 40)));
    assert_eq!(
        (&told("link")["target"], &told("link")["targetIsDirectory"]),
        (&json!("folder"), &json!(true))
    );
    assert_eq!(told("file")["relativePath"], "file");
    assert_eq!(
        told("file")["permissions"],
        json!({ "readable": true, "writable": true, "executable": false })
    );
    let (_, body) = agent.post("/api/exists", json!({ "path": "loop" })).await;
    assert_eq!(body["exists"], false);
    let (status, body) = agent.post("/api/read", json!({ "path": "sparse" })).await;
    assert_eq!((status.as_u16(), &body["code"]), (413, &json!("FILE_TOO_LARGE")));
    assert!(body["suggestion"].as_str().unwrap().contains("/api/files/raw"));
    let (status, _, part) =
        raw(&agent, Method::GET, "sparse", &[("range", "bytes=1000000000000-1000000000009")], Body::empty())
            .await;
    assert_eq!((status, &part[..]), (StatusCode::PARTIAL_CONTENT, &[0; 10][..]));
}

#[tokio::test]
async fn files_that_the_kernel_makes_up_have_their_real_length() {
    let agent = TestAgent::start().await;
    for path in ["/proc/self/status", "/proc/sys/kernel/ostype", "/sys/class/net/lo/mtu"] {
        let content = std::fs::read(path).unwrap();
        let (status, headers, body) = raw(&agent, Method::GET, path, &[], Body::empty()).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert_eq!(headers["content-length"], body.len().to_string(), "{path}");
        assert_eq!(body.is_empty(), content.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn of_many_writers_of_one_file_one_wins_as_a_whole() {
    let agent = TestAgent::start().await;
    let version = |n: u8| vec![b'a' + n; 300_000];
    let write = async |n: u8| {
        if n.is_multiple_of(2) {
            let content = String::from_utf8(version(n)).unwrap();
            agent.post("/api/write", json!({ "path": "d/f", "content": content })).await.0
        } else {
            raw(&agent, Method::PUT, "d/f", &[], Body::from(version(n))).await.0
        }
    };
    let done = futures::future::join_all((0..16).map(write)).await;
    assert!(done.iter().all(|status| *status == StatusCode::OK), "{done:?}");
    let content = std::fs::read(agent.path("d/f")).unwrap();
    assert!((0..16).any(|n| content == version(n)), "one version, whole");
    assert_eq!(std::fs::read_dir(agent.path("d")).unwrap().count(), 1);
}

#[tokio::test]
async fn a_reader_of_a_file_that_is_replaced_has_the_old_one_to_its_end() {
    use http_body_util::BodyExt;
    let agent = TestAgent::start().await;
    std::fs::write(agent.path("f"), vec![b'o'; 8 << 20]).unwrap();
    let request =
        http::Request::get("/api/files/raw?path=f").header("host", "agent").body(Body::empty()).unwrap();
    let answer = agent.send(request).await;
    agent.post("/api/write", json!({ "path": "f", "content": "new" })).await;
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(body.len() == 8 << 20 && body.iter().all(|byte| *byte == b'o'), "the old file, whole");
}

#[tokio::test]
async fn a_file_that_shrinks_while_it_is_sent_is_cut_off_and_not_taken_for_whole() {
    use http_body_util::BodyExt;
    let agent = TestAgent::start().await;
    std::fs::write(agent.path("f"), vec![1; 64 << 20]).unwrap();
    let request =
        http::Request::get("/api/files/raw?path=f").header("host", "agent").body(Body::empty()).unwrap();
    let mut body = agent.send(request).await.into_body();
    body.frame().await.unwrap().unwrap();
    std::fs::File::options().write(true).open(agent.path("f")).unwrap().set_len(32 << 20).unwrap();
    assert!(body.collect().await.is_err(), "the answer breaks off");
}

#[tokio::test]
async fn relative_paths_start_in_the_directory_of_their_session() {
    let agent = TestAgent::start().await;
    std::fs::create_dir(agent.path("sub")).unwrap();
    let (status, body) =
        agent.post("/api/session/create", json!({ "id": "s", "cwd": agent.path("sub") })).await;
    assert!(status.is_success(), "{body}");
    let in_session = |body: Value| {
        let mut body = body;
        body["sessionId"] = json!("s");
        body
    };
    agent.post("/api/write", in_session(json!({ "path": "f", "content": "x" }))).await;
    assert!(agent.path("sub/f").exists());
    agent.post("/api/move", in_session(json!({ "sourcePath": "f", "destinationPath": "../g" }))).await;
    assert!(agent.path("g").exists());
    for other in [json!({ "path": "g" }), json!({ "path": "g", "sessionId": "__DISABLE_SESSION__" })] {
        let (status, _) = agent.post("/api/read", other).await;
        assert_eq!(status, StatusCode::OK);
    }
    let (_, list) = agent.post("/api/list-files", in_session(json!({ "path": ".." }))).await;
    assert_eq!(list["count"], 2);
}
