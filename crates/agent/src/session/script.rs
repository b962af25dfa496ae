//! What a session's bash is told for one command. It knows no process: text in, text out.
//!
//! A command is evaluated in the shell itself, so that `cd`, `export` and functions last. What a
//! request says for one command only (variables, directory) is undone by text that is built, in
//! the shell, from what was there before.

use std::{
    ffi::OsString,
    fmt::Write,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

use super::{
    declared::exported,
    place::{EnvChange, Place},
};

/// Variables of the shell's own doing, which say nothing of the session.
const PRIVATE: &[&str] = &["_", "SHLVL", super::shell::SESSION, super::shell::MARK];

/// `text` as one word of a shell.
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Text that makes the changes of one command, and notes in `_sandpit_post` how to undo them.
pub fn prelude(env: Option<&EnvChange>, cwd: Option<&str>) -> String {
    let mut text = String::from("_sandpit_post=;");
    for (name, value) in env.into_iter().flatten() {
        let change = match value {
            Some(value) => format!("export {name}={}", quote(value)),
            None => format!("unset -v {name}"),
        };
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "_sandpit_post+='unset -v {name};'; [[ -v {name} ]] && _sandpit_post+=\"${{{name}@A}};\"; {change};"
        );
    }
    match cwd {
        Some(cwd) => text + &change_directory(cwd),
        None => text + ":",
    }
}

fn change_directory(cwd: &str) -> String {
    let cwd = if cwd.starts_with('/') { quote(cwd) } else { quote(&format!("./{cwd}")) };
    format!(
        "_sandpit_post+=\"builtin cd -- ${{PWD@Q}};\"; [[ -v OLDPWD ]] && _sandpit_post+=\"OLDPWD=${{OLDPWD@Q}};\"; \
         builtin cd -- {cwd}"
    )
}

/// The line that makes the shell run command `number`, whose files are in `folder`. Named pipes
/// take its output; the shell's own are closed to it.
pub fn line(folder: &Path, number: u64, stdin: &Path) -> String {
    let at = |end: &str| quote(&folder.join(format!("{number}.{end}")).to_string_lossy());
    format!(
        "{{ IFS= read -r -d '' _sandpit_pre; IFS= read -r -d '' _sandpit_run; }} <{script}; \
         {{ eval \"$_sandpit_pre\" && LINENO=0 && eval \"$_sandpit_run\"; }} <{stdin} >{out} 2>{err}; \
         . {end} {number} \"$?\" || exit 125\n",
        script = at("sh"),
        stdin = quote(&stdin.to_string_lossy()),
        out = at("out"),
        err = at("err"),
        end = quote(&folder.join("end").to_string_lossy()),
    )
}

/// The file that is sourced when a command has ended: it undoes what was for that command only, and
/// tells number, exit code, directory and exported variables, each ended by a NUL.
pub fn end(folder: &Path) -> String {
    let told = quote(&folder.join("told").to_string_lossy());
    format!(
        r#"eval "$_sandpit_post"
{{ builtin printf '%s\0' "$1" "$2" "$PWD"; builtin export -p; builtin printf '\0'; }} >{told}
:
"#
    )
}

/// What the shell told when a command had ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub number: u64,
    pub code: i32,
    pub place: Place,
}

/// Reads one whole message off the front of `bytes`; `None` while it is not whole. A message that
/// makes no sense (a command may write there too) is dropped as command number 0.
pub fn take_told(bytes: &mut Vec<u8>) -> Option<Told> {
    let end = bytes.iter().enumerate().filter(|(_, byte)| **byte == 0).nth(3)?.0;
    let message: Vec<u8> = bytes.drain(..=end).collect();
    let mut parts = message[..end].split(|byte| *byte == 0);
    let number = text(parts.next()).unwrap_or(0);
    let code = text(parts.next()).unwrap_or(-1);
    let cwd = PathBuf::from(OsString::from_vec(parts.next().unwrap_or_default().to_vec()));
    let mut env = exported(parts.next().unwrap_or_default());
    env.retain(|name, _| !PRIVATE.iter().any(|private| name == private));
    Some(Told { number, code, place: Place { cwd, env } })
}

fn text<T: std::str::FromStr>(part: Option<&[u8]>) -> Option<T> {
    std::str::from_utf8(part?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_whatever_is_in_it() {
        assert_eq!(quote("it's $HOME"), r"'it'\''s $HOME'");
    }

    #[test]
    fn fuzz_what_a_command_writes_among_the_messages_harms_none() {
        bolero::check!().for_each(|noise: &[u8]| {
            let mut bytes = noise.to_vec();
            while take_told(&mut bytes).is_some() {}
            assert!(bytes.iter().filter(|byte| **byte == 0).count() < 4);
            bytes.clear();
            bytes.extend_from_slice(b"1\x000\0/\0\0");
            assert_eq!(take_told(&mut bytes).map(|told| (told.number, told.code)), Some((1, 0)));
        });
    }

    #[test]
    fn a_message_is_taken_when_it_is_whole() {
        let mut bytes =
            b"7\x003\0/tmp\0declare -x A=\"1\"\ndeclare -x B=\"x=y\"\ndeclare -x SHLVL=\"2\"\n".to_vec();
        assert_eq!(take_told(&mut bytes), None);
        bytes.extend_from_slice(b"\08\0");
        let told = take_told(&mut bytes).expect("a message");
        assert_eq!((told.number, told.code, told.place.cwd.as_path()), (7, 3, Path::new("/tmp")));
        let env = std::collections::BTreeMap::from([("A".into(), "1".into()), ("B".into(), "x=y".into())]);
        assert_eq!(told.place.env, env);
        assert_eq!(bytes, b"8\0");
    }
}
