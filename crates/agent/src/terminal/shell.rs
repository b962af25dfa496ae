//! The login shell of a terminal: its environment, and the file that gives it its prompt.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use crate::session::Place;

/// Sourced before the first prompt, after the user's own files were read. It changes the prompt
/// only where nobody chose one: bash's default and Debian's. Before any prompt goes what is not seen and
/// tells the terminal the folder (OSC 7).
const PROMPT: &str = r#"export -n PROMPT_COMMAND; unset PROMPT_COMMAND
case "$PS1" in
  '\s-\v\$ ' | '${debian_chroot:+($debian_chroot)}\u@\h:\w\$ ')
    PS1='\[\e[1;32m\]\h\[\e[0m\]:\[\e[1;34m\]\w\[\e[0m\]\$ ' ;;
esac
PS1='\[\e]7;file://\h$PWD\a\]'"$PS1"
case "$(type -t ls)" in alias) ;; *) alias ls='ls --color=auto' grep='grep --color=auto' ;; esac
"#;

/// The command line of a login shell.
pub fn login() -> Vec<String> {
    vec!["bash".to_owned(), "-l".to_owned()]
}

/// Writes the prompt's file into `folder`; says where it is.
///
/// # Errors
/// When it cannot be written.
pub fn prompt_file(folder: &Path) -> io::Result<PathBuf> {
    let file = folder.join("prompt.bash");
    fs::write(&file, PROMPT)?;
    Ok(file)
}

/// `place` as a terminal sees it: what the terminal can do, and the prompt for a login shell.
pub fn environment(mut place: Place, prompt: Option<&Path>) -> Place {
    let mut set = |name: &str, value: OsString| place.env.insert(name.into(), value);
    set("TERM", "xterm-256color".into());
    set("COLORTERM", "truecolor".into());
    if let Some(prompt) = prompt {
        let mut source = OsString::from(". ");
        source.push(prompt);
        set("PROMPT_COMMAND", source);
    }
    place
}
