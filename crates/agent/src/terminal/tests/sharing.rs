//! What a session and its terminals share, with a real bash under a real PTY.

use http::StatusCode;
use serde_json::json;

use super::{Screen, create};
use crate::server::testing::TestAgent;

/// What every prompt of ours begins with, unseen.
const PROMPT: &str = "\x1b]7;file://";
/// What goes before a prompt that takes the place of the one above.
const DRAWN_OVER: &str = "\x1b[A\x1b[2K\r";

async fn exec(agent: &TestAgent, command: &str) -> String {
    let (status, body) = agent.post("/api/execute", json!({ "command": command })).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body["stdout"].as_str().unwrap().to_owned()
}

/// A login shell at its first prompt.
async fn shell(agent: &TestAgent) -> Screen {
    let id = create(agent, json!({})).await;
    let mut screen = Screen::attach(agent, &format!("id={id}")).await;
    screen.until_text(PROMPT).await;
    screen
}

/// Types a command and waits for the next prompt; what was shown.
async fn type_line(screen: &mut Screen, line: &str) -> String {
    screen.output.clear();
    screen.input(&format!("{line}\r")).await;
    screen.until_text(PROMPT).await;
    String::from_utf8_lossy(&screen.output).into_owned()
}

#[tokio::test]
async fn what_is_done_in_a_terminal_holds_for_the_next_command_of_its_session() {
    let agent = TestAgent::start().await;
    exec(&agent, "export GONE=1 STAYS=1").await;
    let mut screen = shell(&agent).await;
    type_line(&mut screen, "cd /usr; export A=$'it\\'s\\n\"é\" \\xff'; unset GONE; B=private").await;
    let said =
        exec(&agent, "pwd; printf '%s' \"$A\" | od -An -tx1; echo \"${GONE-unset} $STAYS ${B-none}\"").await;
    assert_eq!(said, "/usr\n 69 74 27 73 0a 22 c3 a9 22 20 ff\nunset 1 none\n");
    assert_eq!(agent.get("/api/session/default").await.1["session"]["cwd"], "/usr");
    let own =
        "echo ${TERM-none} ${ENV-none} ${POSIXLY_CORRECT-none} ${COLORTERM-none}; env | grep -c _sandpit_";
    let before = TestAgent::start().await;
    assert_eq!(exec(&agent, own).await, exec(&before, own).await, "what is a terminal's own stays there");
}

#[tokio::test]
async fn a_change_by_a_command_reaches_an_idle_terminal_at_once() {
    let agent = TestAgent::start().await;
    let mut screen = shell(&agent).await;
    screen.output.clear();
    exec(&agent, "cd /usr; export A=1").await;
    screen.until_text("/usr").await;
    screen.until_text(DRAWN_OVER).await;
    assert!(type_line(&mut screen, "echo $PWD $A").await.contains("\r\n\x1b[?2004l\r/usr 1\r\n"));
    exec(&agent, "unset A; cd lib").await;
    screen.until_text("/usr/lib").await;
    assert!(type_line(&mut screen, "echo $PWD ${A-unset}").await.contains("/usr/lib unset\r\n"));
}

#[tokio::test]
async fn a_line_that_was_begun_is_left_alone_until_it_is_entered() {
    let agent = TestAgent::start().await;
    let mut screen = shell(&agent).await;
    screen.input("echo at $PW").await;
    screen.until_text("echo at $PW").await;
    exec(&agent, "cd /usr").await;
    let said = type_line(&mut screen, "D").await;
    assert!(said.contains("/workspace\r\n") && said.contains("/usr"), "{said:?}");
    assert!(type_line(&mut screen, "echo at $PWD").await.contains("at /usr\r\n"));
}

#[tokio::test]
async fn a_program_in_the_terminal_gets_no_input_that_nobody_typed() {
    let agent = TestAgent::start().await;
    let mut screen = shell(&agent).await;
    screen.input("echo go; cat -A; echo ov''er\r").await;
    screen.until_text("go\r\n").await;
    screen.input("one\r").await;
    screen.until_text("one$").await;
    exec(&agent, "cd /usr; export A=1").await;
    screen.input("two\r\x04").await;
    screen.until_text("over\r\n").await;
    let said = String::from_utf8_lossy(&screen.output).into_owned();
    assert!(said.contains("go\r\none\r\none$\r\ntwo\r\ntwo$\r\nover\r\n"), "{said:?}");
    // The prompt may have come with the line before it.
    screen.forget_through("over\r\n");
    screen.until_text(PROMPT).await;
    assert!(type_line(&mut screen, "echo $PWD $A").await.contains("/usr 1\r\n"));
}

#[tokio::test]
async fn terminals_of_one_session_share_with_each_other_and_only_what_changed() {
    let agent = TestAgent::start().await;
    let (mut one, mut two) = (shell(&agent).await, shell(&agent).await);
    type_line(&mut one, "export A=one B=one; cd /usr").await;
    two.until_text("/usr").await;
    // Not idle: it does not take what follows before its own change is told.
    two.input("export A=two; read -r; true ").await;
    two.until_text("true ").await;
    two.input("\r").await;
    type_line(&mut one, "export C=one; unset B").await;
    one.output.clear();
    type_line(&mut two, "").await;
    one.until_text(DRAWN_OVER).await;
    one.until_text(PROMPT).await;
    let said = "echo $A ${B-unset} $C $PWD";
    assert!(type_line(&mut two, said).await.contains("two unset one /usr\r\n"));
    assert!(type_line(&mut one, said).await.contains("two unset one /usr\r\n"));
    assert_eq!(exec(&agent, said).await, "two unset one /usr\n");
}

#[tokio::test]
async fn sharing_is_unseen_and_holds_whatever_a_user_sets() {
    let agent = TestAgent::start().await;
    let mut screen = shell(&agent).await;
    let tricks = [
        "PROMPT_COMMAND='echo mine'",
        "PROMPT_COMMAND=\"$PROMPT_COMMAND; true\"",
        "set -u",
        "set -o noclobber; set -f",
        "set -a",
        "alias builtin=false printf=false export=false read=false eval=false cd=false",
        "printf() { false; }; cd() { false; }; read() { false; }; export() { command export \"$@\"; }",
        "trap 'true trapped' DEBUG; trap 'true' ERR",
        "shopt -s failglob nocasematch; IFS=0123456789",
        "set -T; set -E",
        "set -x",
        "set +x; set -e",
    ];
    for (number, trick) in tricks.iter().enumerate() {
        let said = type_line(&mut screen, trick).await + &type_line(&mut screen, "echo").await;
        assert!(!said.contains("_sandpit"), "{trick}: {said:?}");
        type_line(&mut screen, &format!("declare -x N{number}=x")).await;
        assert_eq!(exec(&agent, &format!("echo $N{number}")).await, "x\n", "after {trick}");
        screen.output.clear();
        exec(&agent, &format!("export N{number}=y")).await;
        screen.until_text(DRAWN_OVER).await;
        screen.until_text(PROMPT).await;
        let said = type_line(&mut screen, &format!("echo ${{N{number}}}")).await;
        assert!(said.contains("y\r\n"), "after {trick}: {said:?}");
    }
    let said = type_line(&mut screen, "set +e; trap - DEBUG ERR; history").await;
    assert!(!said.contains("_sandpit"), "{said:?}");
    type_line(&mut screen, "(exit 9)").await;
    let said = type_line(&mut screen, "echo \"code $?\"").await;
    assert!(said.contains("code 9\r\n"), "{said:?}");
}

#[tokio::test]
async fn start_up_files_are_read_as_by_a_login_shell_and_are_no_change() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join(".bash_profile"), ". ~/.bashrc; export FROM_PROFILE=1; cd /usr\n")
        .unwrap();
    std::fs::write(home.path().join(".bashrc"), "PROMPT_COMMAND=':'; PS1='mine$ '; alias builtin=false\n")
        .unwrap();
    std::fs::write(home.path().join(".profile"), "echo never\n").unwrap();
    std::fs::write(home.path().join(".bash_logout"), "echo logged out\n").unwrap();
    let mut env: std::collections::BTreeMap<_, _> = std::env::vars_os().collect();
    env.insert("HOME".into(), home.path().into());
    env.insert("ENV".into(), "production".into());
    env.remove(std::ffi::OsStr::new("HISTFILE"));
    let agent = TestAgent::start_with(env).await;
    let mut screen = shell(&agent).await;
    screen.until_text("mine$ ").await;
    let said =
        type_line(&mut screen, "echo $FROM_PROFILE $ENV $HISTFILE; shopt -po posix; shopt login_shell").await;
    assert!(said.contains(&format!("1 production {}/.bash_history\r\n", home.path().display())), "{said:?}");
    assert!(said.contains("set +o posix\r\n") && said.contains("login_shell    \ton\r\n"), "{said:?}");
    let own = exec(&agent, "echo ${FROM_PROFILE-none} $ENV; basename \"$PWD\"").await;
    assert_eq!(own, "none production\nworkspace\n");
    type_line(&mut screen, "export LATER=1").await;
    assert_eq!(exec(&agent, "echo $LATER ${FROM_PROFILE-none}").await, "1 none\n");
    screen.input("exit\r").await;
    screen.until_type("exit").await;
    assert!(String::from_utf8_lossy(&screen.output).contains("logged out\r\n"));
}

#[tokio::test]
async fn a_terminal_with_a_command_of_its_own_shares_nothing() {
    let agent = TestAgent::start().await;
    exec(&agent, "export A=session; cd /usr").await;
    let id =
        create(&agent, json!({ "command": ["bash", "--norc"], "env": { "A": "own", "PS1": "own$ " } })).await;
    let mut screen = Screen::attach(&agent, &format!("id={id}")).await;
    screen.until_text("own$ ").await;
    screen.input("echo $A $PWD; cd /; export B=1; echo done$A\r").await;
    screen.until_text("own /usr\r\n").await;
    screen.until_text("doneown\r\n").await;
    assert_eq!(exec(&agent, "echo $A $PWD ${B-none}").await, "session /usr none\n");
}

#[tokio::test]
async fn a_restarted_terminal_and_a_new_one_start_where_the_session_is() {
    let agent = TestAgent::start().await;
    let id = create(&agent, json!({ "sessionId": "s" })).await;
    assert_eq!(agent.get("/api/session/list").await.1["data"], json!(["s"]), "a terminal makes its session");
    let mut screen = Screen::attach(&agent, &format!("id={id}")).await;
    screen.until_text(PROMPT).await;
    type_line(&mut screen, "cd /usr; export A=1").await;
    screen.input("exit\r").await;
    screen.until_type("exit").await;
    screen.output.clear();
    agent.post(&format!("/api/terminals/{id}/restart"), json!(null)).await;
    screen.until_text(PROMPT).await;
    assert!(type_line(&mut screen, "echo $PWD $A").await.contains("/usr 1\r\n"));
    let (_, body) = agent.post("/api/execute", json!({ "command": "echo $PWD $A", "sessionId": "s" })).await;
    assert_eq!(body["stdout"], "/usr 1\n");
}

#[tokio::test]
async fn a_terminal_outlives_its_session_and_shares_no_more() {
    let agent = TestAgent::start().await;
    let id = create(&agent, json!({ "sessionId": "s" })).await;
    let mut screen = Screen::attach(&agent, &format!("id={id}")).await;
    screen.until_text(PROMPT).await;
    agent.post("/api/session/delete", json!({ "sessionId": "s" })).await;
    type_line(&mut screen, "cd /usr").await;
    let (_, body) = agent.post("/api/execute", json!({ "command": "basename $PWD", "sessionId": "s" })).await;
    assert_eq!(body["stdout"], "workspace\n");
    assert!(type_line(&mut screen, "echo $PWD").await.contains("/usr\r\n"));
}
