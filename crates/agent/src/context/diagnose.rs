//! What is wrong with code that deno's kernel refuses: the kernel says only that it failed, its linter
//! says where and why, unless it is the fault of something that the code imports.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use sandpit_api::context::ContextEvent;
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

use super::launch::Launch;
use super::output;
use super::spec::program_of;
use crate::reap;

/// After this the error is told without its reason.
const PATIENCE: Duration = Duration::from_secs(3);

const NOT_LOADED: &str =
    "What the code imports could not be loaded: it does not exist, or the network is off";

#[derive(Deserialize)]
struct Report {
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    message: String,
}

/// Why `code` was refused, as well as it can be told.
pub async fn refusal(launch: &Launch, code: &str) -> ContextEvent {
    let report = timeout(PATIENCE, lint(launch, code)).await.ok().flatten();
    match report.as_ref().map(|report| report.errors.as_slice()) {
        Some([fault, ..]) => told(&fault.message),
        // Without a fault of its own, it is refused for what it imports.
        Some(_) if code.contains("import") => output::error("ModuleNotLoaded", NOT_LOADED.to_owned()),
        _ => output::error("SyntaxError", "The code could not be parsed".to_owned()),
    }
}

fn told(message: &str) -> ContextEvent {
    // Its last line names a file that nobody has.
    let lines = message.lines().filter(|line| !line.trim_start().starts_with("at file:"));
    let traceback: Vec<String> = lines.map(str::to_owned).collect();
    let first = traceback.first().map(String::as_str).unwrap_or_default();
    let (ename, evalue) = first.split_once(": ").unwrap_or(("SyntaxError", first));
    ContextEvent::Error { ename: ename.to_owned(), evalue: evalue.to_owned(), traceback }
}

async fn lint(launch: &Launch, code: &str) -> Option<Report> {
    let program = launch.spec.argv.first()?;
    let mut command = Command::new(program_of(program, &launch.env)?);
    command.args(["lint", "--no-config", "--json", "--ext", "ts", "-"]);
    command.env_clear().envs(&launch.env).env("NO_COLOR", "1").current_dir(Path::new("/"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = reap::own(|| command.spawn()).ok()?;
    let mut input = child.stdin.take()?;
    let code = code.to_owned();
    // A linter that ends before it has read everything says what it has to say all the same.
    tokio::spawn(async move { input.write_all(code.as_bytes()).await });
    let output = child.wait_with_output().await.ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_and_the_place_are_kept_and_the_made_up_file_is_not() {
        let message = "SyntaxError: Expression expected\n  |\n1 | let y = ;\n  |         ~\n    at file:///x/$deno$stdin.ts:1:9";
        let ContextEvent::Error { ename, evalue, traceback } = told(message) else { panic!("an error") };
        assert_eq!((&*ename, &*evalue), ("SyntaxError", "Expression expected"));
        assert_eq!(traceback.last().unwrap(), "  |         ~");
    }
}
