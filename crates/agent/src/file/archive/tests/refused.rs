//! What is refused: its error says why, and nothing of it stays.

use super::*;

#[tokio::test]
async fn what_cannot_be_packed_at_all_is_refused() {
    let agent = TestAgent::start().await;
    for (query, code) in [
        ("path=none", "FILE_NOT_FOUND"),
        ("path=/dev/zero", "VALIDATION_FAILED"),
        ("path=", "VALIDATION_FAILED"),
        ("path=a%00b", "VALIDATION_FAILED"),
        ("path=.&compression=lzma", "VALIDATION_FAILED"),
        ("", "VALIDATION_FAILED"),
    ] {
        let (_, _, body) = fetch(&agent, query).await;
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["code"], code, "{query}: {body}");
    }
}

#[tokio::test]
async fn a_hostile_entry_is_named_and_nothing_of_its_archive_stays() {
    let agent = TestAgent::start().await;
    let outside = agent.path("outside");
    fs::write(&outside, "secret").unwrap();
    let good = || Crafted::new().file("good", "good");
    let link = |target: &str| good().entry(EntryType::Symlink, "link", target, b"");
    let hostile = [
        (good().file("../escaped", "x"), "../escaped"),
        (good().file("a/../../escaped", "x"), "a/../../escaped"),
        (good().file("/tmp/sandpit-escaped", "x"), "/tmp/sandpit-escaped"),
        (link("..").file("link/escaped", "x"), "link/escaped"),
        (link("/tmp").file("link/deep/escaped", "x"), "link/deep/escaped"),
        (link("/tmp").entry(EntryType::Directory, "link/", "", b""), "link"),
        (good().entry(EntryType::Link, "hard", "../outside", b""), "hard"),
        (good().entry(EntryType::Link, "hard", "/etc/passwd", b""), "hard"),
        (good().entry(EntryType::Link, "hard", "missing", b""), "hard"),
        (link("/etc").entry(EntryType::Link, "hard", "link/passwd", b""), "hard"),
        (good().entry(EntryType::Char, "null", "", b""), "null"),
        (good().entry(EntryType::Block, "disk", "", b""), "disk"),
        (good().file("good/below", "x"), "good/below"),
        (good().file("d/f", "x").file("d", "x"), "d"),
        (good().entry(EntryType::new(b'V'), "volume", "", b""), "volume"),
    ];
    fs::create_dir(agent.path("there")).unwrap();
    for (archive, entry) in hostile {
        let archive = archive.end();
        for destination in ["path=there", "path=new/er"] {
            let (status, body) = send(&agent, destination, archive.clone()).await;
            assert_eq!(
                (status, &body["code"]),
                (StatusCode::BAD_REQUEST, &json!("VALIDATION_FAILED")),
                "{entry}"
            );
            assert_eq!(body["context"]["entry"], entry, "{body}");
            assert_eq!(body["context"]["field"], "body", "{body}");
        }
        assert_eq!(names(&agent.path("there")), Vec::<String>::new(), "{entry}");
        assert_eq!(names(&agent.path("")), ["outside", "there"], "{entry}");
    }
    assert_eq!(fs::metadata(&outside).unwrap().nlink(), 1);
}

#[tokio::test]
async fn bombs_are_refused() {
    let agent = TestAgent::start().await;
    let mut huge = Header::new_gnu();
    huge.as_old_mut().name[..4].copy_from_slice(b"huge");
    huge.set_size(1 << 60);
    huge.set_mode(0o644);
    huge.set_cksum();
    let (status, body) = send(&agent, "path=d", huge.as_bytes().to_vec()).await;
    assert_eq!((status, &body["code"]), (StatusCode::INTERNAL_SERVER_ERROR, &json!("NO_SPACE")));
    assert_eq!((&body["context"]["entry"], &body["context"]["needed"]), (&json!("huge"), &json!(1u64 << 60)));
    // A long name that never ends.
    let endless =
        Crafted::new().entry(EntryType::GNULongName, "././@LongLink", "", &vec![b'a'; 2 << 20]).end();
    let (status, body) = send(&agent, "path=d", endless).await;
    assert_eq!((status, &body["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("FILE_TOO_LARGE")));
    // Packed a thousandfold.
    let mut sparse = Header::new_gnu();
    sparse.set_entry_type(EntryType::GNUSparse);
    let gnu = sparse.as_gnu_mut().unwrap();
    gnu.name[..6].copy_from_slice(b"sparse");
    gnu.sparse[0].offset.copy_from_slice(b"\x80\0\0\0\x10\0\0\0\0\0\0\0");
    gnu.set_real_size(1 << 60);
    sparse.set_size(0);
    sparse.set_mode(0o644);
    sparse.set_cksum();
    let (status, body) = send(&agent, "path=d", sparse.as_bytes().to_vec()).await;
    assert!(status.is_client_error() || body["code"] == "NO_SPACE", "{body}");
    assert_eq!(names(&agent.path("")), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_no_archive_or_not_a_whole_one_is_refused() {
    let agent = TestAgent::start().await;
    let whole = Crafted::new().file("f", &"x".repeat(1000)).end();
    let unmarked = whole.len() - 1024;
    let mut spoiled = whole.clone();
    spoiled[0] ^= 1;
    let cases: [(&str, Vec<u8>); 7] = [
        ("nothing", Vec::new()),
        ("text", b"hello".to_vec()),
        ("noise", vec![0xa5; 4096]),
        ("half a file", whole[..1000].to_vec()),
        ("no mark of the end", whole[..unmarked].to_vec()),
        ("a wrong checksum", spoiled),
        ("half a gzip", b"\x1f\x8b\x08\0\0\0\0\0".to_vec()),
    ];
    for (what, archive) in cases {
        let (status, body) = send(&agent, "path=new/d", archive).await;
        assert_eq!(
            (status, &body["context"]["field"]),
            (StatusCode::BAD_REQUEST, &json!("body")),
            "{what}: {body}"
        );
        assert_eq!(names(&agent.path("")), Vec::<String>::new(), "{what}");
    }
    fs::write(agent.path("f"), "").unwrap();
    let (_, body) = send(&agent, "path=f", whole.clone()).await;
    assert_eq!(body["code"], "NOT_DIRECTORY");
    let (_, body) = send(&agent, "path=", whole).await;
    assert_eq!(body["context"]["field"], "path");
}

#[tokio::test]
async fn an_upload_that_is_cut_off_leaves_the_folder_as_it_was() {
    let agent = TestAgent::start().await;
    fs::create_dir(agent.path("d")).unwrap();
    fs::write(agent.path("d/f"), "old").unwrap();
    let archive = Crafted::new().file("f", "new").file("g", &"x".repeat(500_000)).end();
    let mut stream = agent.dial().await;
    let length = archive.len();
    let head =
        format!("PUT /api/files/archive?path=d HTTP/1.1\r\nhost: agent\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&archive[..100_000]).await.unwrap();
    while names(&agent.path("d")).len() < 2 {
        tokio::task::yield_now().await;
    }
    stream.shutdown().await.unwrap();
    let _ = stream.read_to_end(&mut Vec::new()).await;
    drop(stream);
    while names(&agent.path("d")).len() > 1 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(fs::read_to_string(agent.path("d/f")).unwrap(), "old");
}
