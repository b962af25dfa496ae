//! Code that asks a person for a line of text.

use super::reference::Context;
use super::*;

/// The first frame of `kind`, and all before it.
async fn until(notebook: &mut Notebook, kind: &str) -> Value {
    loop {
        let frame = notebook.next().await;
        if frame["type"] == kind {
            return frame;
        }
    }
}

fn reply(question: &Value, value: &str) -> Value {
    json!({ "type": "input_reply", "inputId": question["inputId"], "value": value })
}

#[tokio::test]
async fn a_question_is_asked_and_the_first_answer_counts() {
    let mut notebook = Notebook::open(json!({})).await;
    let id = notebook.queue("name = input('Name? ')", false).await;
    let question = until(&mut notebook, "input_request").await;
    assert_eq!((&question["prompt"], &question["password"]), (&json!("Name? "), &json!(false)));
    assert_eq!(question["requestId"], id.as_str());
    notebook.send(json!({ "type": "input_reply", "inputId": "another", "value": "no" })).await;
    notebook.send(reply(&question, "Zoë")).await;
    notebook.send(reply(&question, "late")).await;
    let frames = notebook.until_done(&id).await;
    assert_eq!(of(&frames, "input_replied")[0]["inputId"], question["inputId"]);
    assert_eq!((text(&frames).as_str(), status(&frames)), ("Name? Zoë\n", "ok"));
    assert_eq!(result(&notebook.run("name").await), "'Zoë'");
}

#[tokio::test]
async fn a_password_is_never_told_again() {
    let mut notebook = Notebook::open(json!({})).await;
    let id = notebook.queue("import getpass; secret = getpass.getpass()", false).await;
    let question = until(&mut notebook, "input_request").await;
    assert_eq!(question["password"], true);
    notebook.send(reply(&question, "hunter2")).await;
    let frames = notebook.until_done(&id).await;
    assert!(!format!("{frames:?}").contains("hunter2"));
    assert_eq!(result(&notebook.run("secret").await), "'hunter2'");
}

#[tokio::test]
async fn an_interrupt_ends_a_question_and_a_viewer_that_comes_back_is_asked_again() {
    let mut notebook = Notebook::open(json!({})).await;
    let id = notebook.queue("input()", false).await;
    let question = until(&mut notebook, "input_request").await;
    notebook.socket.close(None).await.unwrap();
    let path = format!("/ws/context?id={}&since=0", notebook.id);
    notebook.socket = notebook.agent.socket(&path).await;
    assert_eq!(until(&mut notebook, "input_request").await, question);
    notebook.send(json!({ "type": "interrupt" })).await;
    let frames = notebook.until_done(&id).await;
    assert_eq!(of(&frames, "error")[0]["ename"], "KeyboardInterrupt");
    let id = notebook.queue("input()", false).await;
    let next = until(&mut notebook, "input_request").await;
    notebook.send(reply(&question, "old")).await;
    notebook.send(reply(&next, "new")).await;
    let frames = notebook.until_done(&id).await;
    assert_eq!(result(&frames), "'new'");
}

#[tokio::test]
async fn javascript_asks_too() {
    let mut notebook = Notebook::open(json!({ "language": "javascript" })).await;
    let id = notebook.queue("const name = prompt('Name?'); name", false).await;
    let question = until(&mut notebook, "input_request").await;
    assert!(question["prompt"].as_str().unwrap().contains("Name?"));
    notebook.send(reply(&question, "Zo")).await;
    let frames = notebook.until_done(&id).await;
    assert!(result(&frames).contains("Zo"), "{frames:?}");
}

#[tokio::test]
async fn over_the_references_route_nobody_can_be_asked() {
    let context = Context::of(json!({})).await;
    let events = context.run("input('Name? ')").await;
    assert_eq!((events.len(), &events[0]["ename"]), (1, &json!("StdinNotImplementedError")));
    assert_eq!(context.value("1").await, "1");
}
