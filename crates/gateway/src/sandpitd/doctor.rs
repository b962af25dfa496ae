//! `sandpitd doctor`: what each engine can do on this machine, and how to mend what it cannot.

use std::{fmt::Write, path::PathBuf, process::ExitCode};

use futures::future::join_all;
use sandpit_api::engine::{Capabilities, Capability, Engine, EngineState};

#[derive(clap::Args)]
pub struct Options {
    /// Folder of everything that is kept.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Print JSON instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(serde::Serialize)]
struct Report {
    engines: Vec<Engine>,
}

/// Ends with 1 when no engine works.
pub async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let data_dir = crate::data_dir(options.data_dir)?;
    let engines = crate::engines(&data_dir, &[]).await?;
    let engines = join_all(engines.iter().map(|engine| engine.describe())).await;
    let works = engines.iter().any(|engine| engine.state == EngineState::Available);
    if options.json {
        println!("{}", serde_json::to_string_pretty(&Report { engines })?);
    } else {
        print!("{}", text(&engines, works));
    }
    Ok(if works { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn text(engines: &[Engine], works: bool) -> String {
    let mut text = String::new();
    for engine in engines {
        describe(&mut text, engine);
    }
    text.push_str(if works { "Sandpit can run sandboxes here.\n" } else { "No engine works here.\n" });
    text
}

fn describe(text: &mut String, engine: &Engine) {
    let works = engine.state == EngineState::Available;
    let version = engine.version.as_deref().unwrap_or("version unknown");
    let state = if works { "works" } else { "does not work" };
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}: {state} ({version})", engine.id);
    explain(text, engine.reason.as_deref(), engine.fix_it.as_deref());
    if works {
        for (name, capability) in named(&engine.capabilities) {
            let _ = writeln!(text, "  {} {name}", if capability.available { "yes" } else { "no " });
            explain(text, capability.reason.as_deref(), capability.fix_it.as_deref());
        }
    }
    text.push('\n');
}

fn explain(text: &mut String, reason: Option<&str>, fix_it: Option<&str>) {
    for line in reason.into_iter().flat_map(str::lines) {
        let _ = writeln!(text, "        {line}");
    }
    for line in fix_it.into_iter().flat_map(str::lines) {
        let _ = writeln!(text, "        To mend it: {line}");
    }
}

fn named(can: &Capabilities) -> [(&'static str, &Capability); 8] {
    [
        ("pause and resume", &can.pause),
        ("limit processor time", &can.cpu_limit),
        ("limit memory", &can.memory_limit),
        ("limit processes", &can.pids_limit),
        ("limit disk", &can.disk_limit),
        ("network: the internet", &can.network_on),
        ("network: chosen hosts", &can.network_allow),
        ("notebooks in Python, JavaScript and TypeScript", &can.code_runtime),
    ]
}

#[cfg(test)]
mod tests {
    use sandpit_engine::{Engine as _, fake::FakeEngine};

    use super::*;

    #[tokio::test]
    async fn it_says_what_works_and_why_something_does_not() {
        let engine = FakeEngine::default();
        let working = text(&[engine.describe().await], true);
        assert!(working.contains("fake: works") && working.contains("yes pause"), "{working}");
        assert!(working.contains("no  limit memory\n        the fake engine runs nothing"), "{working}");
        engine.set_available(false);
        let broken = text(&[engine.describe().await], false);
        assert!(broken.contains("fake: does not work") && broken.contains("it was told to be"), "{broken}");
        assert!(broken.ends_with("No engine works here.\n"), "{broken}");
    }
}
