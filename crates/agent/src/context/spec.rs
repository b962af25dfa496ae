//! Kernelspecs: what can be started here, and which one a language's name means.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use jupyter_zmq_client::{KernelspecDir, read_kernelspec_jsons};
use rustix::fs::Access;
use sandpit_api::context::KernelSpec;
use sandpit_api::{ApiError, ErrorCode};

/// Where the code runtime brings its kernelspecs.
const RUNTIME: &str = "/opt/sandpit/share/jupyter";
const SYSTEM: [&str; 2] = ["/usr/local/share/jupyter", "/usr/share/jupyter"];

/// The environment of a sandbox.
pub type Env = BTreeMap<OsString, OsString>;

/// A language that the agent speaks itself, to set up a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Python,
    Deno,
}

/// A kernelspec, and the language that a context has with it.
#[derive(Debug, Clone)]
pub struct Spec {
    pub name: String,
    pub language: String,
    pub display_name: String,
    pub argv: Vec<String>,
    pub env: Vec<(String, String)>,
    interrupt_mode: Option<String>,
}

impl Spec {
    fn new(found: KernelspecDir) -> Self {
        let spec = found.kernelspec;
        // The folder of the kernelspec may be named in its arguments.
        let folder = found.path.to_string_lossy().into_owned();
        Self {
            name: found.kernel_name,
            language: spec.language.to_lowercase(),
            display_name: spec.display_name,
            argv: spec.argv.into_iter().map(|arg| arg.replace("{resource_dir}", &folder)).collect(),
            env: spec.env.unwrap_or_default().into_iter().collect(),
            interrupt_mode: spec.interrupt_mode,
        }
    }

    pub fn is_deno(&self) -> bool {
        self.argv.first().is_some_and(|program| Path::new(program).file_name() == Some(OsStr::new("deno")))
    }

    /// What the agent can say to it in code.
    pub fn dialect(&self) -> Option<Dialect> {
        match self.language.as_str() {
            "python" => Some(Dialect::Python),
            _ => self.is_deno().then_some(Dialect::Deno),
        }
    }

    /// Whether it is what `language` (a name, an alias, or a kernelspec's name) means.
    pub fn runs(&self, language: &str) -> bool {
        let meant = meaning(language);
        let scripts = |language: &str| matches!(language, "javascript" | "typescript");
        self.name == language
            || self.language == meant
            || self.is_deno() && scripts(&meant) && scripts(&self.language)
    }

    /// Whether it is interrupted by a message and not by a signal. A signal ends deno, whatever its
    /// kernelspec says, and the message works.
    pub fn interrupted_by_message(&self) -> bool {
        self.interrupt_mode.as_deref() == Some("message") || self.is_deno()
    }

    /// Whether it says that a run is over before the last output of it is out. deno does, now and then;
    /// what it is asked next it answers after that output.
    pub fn ends_early(&self) -> bool {
        self.is_deno()
    }

    /// Whether its sockets may be files: kernels on libzmq can, deno cannot.
    pub fn speaks_ipc(&self) -> bool {
        self.argv.iter().any(|arg| arg.contains("ipykernel"))
    }

    /// The same kernel as `language`: deno runs JavaScript and TypeScript alike.
    fn speaking(mut self, language: &str) -> Self {
        if language == "javascript" {
            self.display_name = self.display_name.replace("TypeScript", "JavaScript");
        }
        language.clone_into(&mut self.language);
        self
    }

    pub fn wire(self) -> KernelSpec {
        KernelSpec { name: self.name, display_name: self.display_name, language: self.language }
    }
}

/// Every kernelspec whose program is there; the first of a name wins.
pub async fn find_all(env: &Env) -> Vec<Spec> {
    let mut all: Vec<Spec> = Vec::new();
    for folder in data_folders(env) {
        for found in read_kernelspec_jsons(&folder).await {
            let spec = Spec::new(found);
            let runs = spec.argv.first().is_some_and(|program| program_of(program, env).is_some());
            if runs && all.iter().all(|other| other.name != spec.name) {
                all.push(spec);
            }
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

fn data_folders(env: &Env) -> Vec<PathBuf> {
    let var = |name: &str| env.get(OsStr::new(name)).filter(|value| !value.is_empty());
    let mut folders: Vec<PathBuf> = match var("JUPYTER_PATH") {
        Some(path) => std::env::split_paths(path).collect(),
        None => vec![PathBuf::from(RUNTIME)],
    };
    if let Some(data) = var("XDG_DATA_HOME") {
        folders.push(Path::new(data).join("jupyter"));
    } else if let Some(home) = var("HOME") {
        folders.push(Path::new(home).join(".local/share/jupyter"));
    }
    folders.extend(SYSTEM.map(PathBuf::from));
    folders
}

/// Where `program` is, looked up as a shell with `env` would.
pub fn program_of(program: &str, env: &Env) -> Option<PathBuf> {
    let runs = |path: &PathBuf| path.is_file() && rustix::fs::access(path, Access::EXEC_OK).is_ok();
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(runs);
    }
    let path = env.get(OsStr::new("PATH"))?;
    std::env::split_paths(path).map(|folder| folder.join(program)).find(runs)
}

/// The language that a name or an alias stands for.
pub fn meaning(language: &str) -> String {
    let asked = language.to_lowercase();
    let meant = match asked.as_str() {
        "python" | "python3" | "py" => "python",
        "javascript" | "js" | "node" => "javascript",
        "typescript" | "ts" => "typescript",
        other => other,
    };
    meant.to_owned()
}

/// The kernel that `language` (a name, an alias, or a kernelspec's name) means.
pub fn choose(specs: Vec<Spec>, language: &str) -> Result<Spec, ApiError> {
    let meant = &*meaning(language);
    let mut known = specs.clone();
    let position = match meant {
        "javascript" | "typescript" => position(&specs, &[meant, "deno", "typescript", "javascript"]),
        "python" => position(&specs, &["python3", "python"]),
        other => position(&specs, &[language, other]),
    };
    let Some(position) = position else {
        return Err(unknown(&specs, language, meant));
    };
    let spec = known.swap_remove(position);
    Ok(match meant {
        "python" | "javascript" | "typescript" => spec.speaking(meant),
        _ => spec,
    })
}

/// The first spec that has one of `wanted` as its name, else as its language.
fn position(specs: &[Spec], wanted: &[&str]) -> Option<usize> {
    let named = wanted.iter().find_map(|name| specs.iter().position(|spec| spec.name == *name));
    named.or_else(|| wanted.iter().find_map(|name| specs.iter().position(|spec| spec.language == *name)))
}

fn unknown(specs: &[Spec], language: &str, meant: &str) -> ApiError {
    let code = match meant {
        "python" => ErrorCode::PythonNotAvailable,
        "javascript" | "typescript" => ErrorCode::JavascriptNotAvailable,
        _ => ErrorCode::ValidationFailed,
    };
    let names: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
    ApiError::new(code, format!("no kernel for {language:?} is installed in this sandbox"))
        .with("field", "language")
        .with("kernels", names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str, language: &str, display_name: &str) -> Spec {
        Spec {
            name: name.to_owned(),
            language: language.to_owned(),
            display_name: display_name.to_owned(),
            argv: vec![name.to_owned()],
            env: Vec::new(),
            interrupt_mode: Some("signal".to_owned()),
        }
    }

    fn specs() -> Vec<Spec> {
        vec![
            spec("deno", "typescript", "TypeScript \u{b7} Deno"),
            spec("ir", "r", "R"),
            spec("my-env", "python", "Mine"),
            spec("python3", "python", "Python 3.11"),
        ]
    }

    #[test]
    fn aliases_mean_the_kernel_that_runs_them() {
        for (asked, name, language, display) in [
            ("python", "python3", "python", "Python 3.11"),
            ("py", "python3", "python", "Python 3.11"),
            ("js", "deno", "javascript", "JavaScript \u{b7} Deno"),
            ("TypeScript", "deno", "typescript", "TypeScript \u{b7} Deno"),
            ("R", "ir", "r", "R"),
            ("my-env", "my-env", "python", "Mine"),
        ] {
            let spec = choose(specs(), asked).unwrap();
            assert_eq!((&*spec.name, &*spec.language, &*spec.display_name), (name, language, display));
        }
    }

    #[test]
    fn a_language_nobody_runs_is_told_as_what_it_is() {
        let code = |specs, language| choose(specs, language).unwrap_err().code;
        assert_eq!(code(specs(), "cobol"), ErrorCode::ValidationFailed);
        assert_eq!(code(Vec::new(), "python3"), ErrorCode::PythonNotAvailable);
        assert_eq!(code(Vec::new(), "ts"), ErrorCode::JavascriptNotAvailable);
    }

    #[test]
    fn deno_is_interrupted_by_message_and_speaks_no_ipc() {
        let deno = spec("deno", "typescript", "Deno");
        assert!(deno.interrupted_by_message() && !deno.speaks_ipc());
        assert!(!spec("ir", "r", "R").interrupted_by_message());
    }

    #[tokio::test]
    async fn the_first_of_a_name_wins_and_what_cannot_start_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let add = |data: &str, name: &str, program: &str, title: &str| {
            let folder = dir.path().join(data).join("kernels").join(name);
            std::fs::create_dir_all(&folder).unwrap();
            let json = serde_json::json!({ "argv": [program], "display_name": title, "language": "x" });
            std::fs::write(folder.join("kernel.json"), json.to_string()).unwrap();
        };
        add("one", "same", "sh", "First");
        add("two", "same", "sh", "Second");
        add("two", "gone", "/no/such/program", "Gone");
        let joined = std::env::join_paths([dir.path().join("one"), dir.path().join("two")]).unwrap();
        let env = Env::from([
            ("JUPYTER_PATH".into(), joined),
            ("XDG_DATA_HOME".into(), dir.path().join("none").into_os_string()),
            ("PATH".into(), "/usr/bin:/bin".into()),
        ]);
        let found = find_all(&env).await;
        assert_eq!(found.iter().filter(|spec| spec.name == "same").count(), 1);
        assert!(found.iter().any(|spec| spec.display_name == "First"));
        assert!(found.iter().all(|spec| spec.name != "gone"));
    }
}
