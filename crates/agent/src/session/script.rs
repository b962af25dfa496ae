//! What a session's bash is told for one command. It knows no process: text in, text out.
//!
//! A command is evaluated in the shell itself, so that `cd`, `export` and functions last. What a
//! request says for one command only (variables, directory) is undone by text that is built, in
//! the shell, from what was there before.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};

use super::{place::EnvChange, shared::Change};

/// `text` as one word of a shell.
pub fn quote(text: impl AsRef<OsStr>) -> Vec<u8> {
    let mut word = vec![b'\''];
    for byte in text.as_ref().as_bytes() {
        match byte {
            b'\'' => word.extend_from_slice(br"'\''"),
            byte => word.push(*byte),
        }
    }
    word.push(b'\'');
    word
}

/// Text that makes a change that lasts. What the shell refuses (a variable may be read-only there) it
/// tells as its own at its next prompt.
pub fn lasting(change: &Change) -> Vec<u8> {
    if change.is_empty() {
        return Vec::new();
    }
    let mut text = b"{ ".to_vec();
    for (name, value) in &change.env {
        match value {
            Some(value) => {
                text.extend([br"\builtin export ", name.as_bytes(), b"=", &quote(value), b";"].concat())
            }
            None => text.extend([br"\builtin unset -v ", name.as_bytes(), b";"].concat()),
        }
    }
    if let Some(cwd) = &change.cwd {
        text.extend([br"\builtin cd -- ".as_slice(), &quote(cwd), b";"].concat());
    }
    text.extend_from_slice(b"} >/dev/null 2>&1;");
    text
}

/// Text that makes the changes of one command, and notes in `_sandpit_post` how to undo them.
pub fn prelude(env: Option<&EnvChange>, cwd: Option<&str>) -> Vec<u8> {
    let mut text = b"_sandpit_post=;".to_vec();
    for (name, value) in env.into_iter().flatten() {
        let undo = format!(
            "_sandpit_post+='unset -v {name};'; [[ -v {name} ]] && _sandpit_post+=\"${{{name}@A}};\"; "
        );
        text.extend_from_slice(undo.as_bytes());
        match value {
            Some(value) => text.extend([b"export ", name.as_bytes(), b"=", &quote(value), b";"].concat()),
            None => text.extend([b"unset -v ", name.as_bytes(), b";"].concat()),
        }
    }
    match cwd {
        Some(cwd) => text.extend(change_directory(cwd)),
        None => text.push(b':'),
    }
    text
}

fn change_directory(cwd: &str) -> Vec<u8> {
    let cwd = if cwd.starts_with('/') { quote(cwd) } else { quote(format!("./{cwd}")) };
    let undo = "_sandpit_post+=\"builtin cd -- ${PWD@Q};\"; [[ -v OLDPWD ]] && _sandpit_post+=\"OLDPWD=${OLDPWD@Q};\"; \
                builtin cd -- ";
    [undo.as_bytes(), &cwd].concat()
}

/// What goes before the first line of a shell. Should a command end the shell otherwise than by `exit`
/// (`set -e`, `set -u`), that is the end of the command only: the shell tells what outlives it. An
/// `exec` of what is not there fails like any command.
pub fn start(folder: &Path) -> Vec<u8> {
    let end = quote(String::from_utf8_lossy(&quote(folder.join("end"))).as_ref());
    [
        b"exit() { _sandpit_exit=$?; builtin exit \"${@:-$_sandpit_exit}\"; }; shopt -s execfail; \
          trap '[[ -v _sandpit_exit ]] || . '"
            .as_slice(),
        &end,
        b"' last \"$_sandpit_number\" 0' EXIT; ",
    ]
    .concat()
}

/// The line that makes the shell run command `number`, whose files are in `folder`. Named pipes
/// take its output; the shell's own are closed to it.
pub fn line(folder: &Path, number: u64, stdin: &Path) -> Vec<u8> {
    let at = |end: &str| quote(folder.join(format!("{number}.{end}")));
    let number = number.to_string();
    [
        b"_sandpit_number=".as_slice(),
        number.as_bytes(),
        b"; { IFS= builtin read -r -d '' _sandpit_pre; IFS= builtin read -r -d '' _sandpit_run; } <",
        &at("sh"),
        b"; { builtin eval \"$_sandpit_pre\" && builtin eval \"$_sandpit_run\"; } <",
        &quote(stdin),
        b" >",
        &at("out"),
        b" 2>",
        &at("err"),
        b"; builtin . ",
        &quote(folder.join("end")),
        b" end ",
        number.as_bytes(),
        b" \"$?\" || builtin exit 125\n",
    ]
    .concat()
}

/// The file that is sourced when a command has ended: it undoes what was for that command only
/// (variables, directory, and the options that say how commands run), and tells its arguments,
/// directory and exported variables, each ended by a NUL. A command may have made functions of any
/// name but `builtin`, have taken builtins away, and have set traps that write; none gets in here.
pub fn end(folder: &Path) -> Vec<u8> {
    const HAD_BACK: &[u8] = b"builtin enable printf export eval read . set exit; \
        builtin set +evx +o posix; builtin eval \"$_sandpit_post\"\n";
    let told = quote(folder.join("told"));
    let telling: [&[u8]; 8] = [
        HAD_BACK,
        b"builtin printf '%s\\0' \"$@\" \"$PWD\" >|",
        &told,
        b" && builtin export -p >|",
        &told,
        b" && builtin printf '\\0' >|",
        &told,
        b"\n",
    ];
    telling.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_whatever_is_in_it() {
        assert_eq!(quote("it's $HOME"), br"'it'\''s $HOME'");
        assert_eq!(quote(OsStr::from_bytes(b"\xff")), b"'\xff'");
    }

    #[test]
    fn a_change_that_lasts_is_made_by_a_shell_as_it_is() {
        let value = |value: &[u8]| Some(OsStr::from_bytes(value).to_owned());
        let env = [("A".into(), value(b"it's \"$x\"\n\xff")), ("B".into(), None)];
        let change = Change { cwd: Some("/usr".into()), env: env.into() };
        let mut script = lasting(&change);
        script.extend_from_slice(b"printf %s \"$A ${B-unset} $PWD\"");
        let bash = std::process::Command::new("bash")
            .env("B", "1")
            .arg("-c")
            .arg(OsStr::from_bytes(&script))
            .output();
        assert_eq!(bash.expect("bash").stdout, b"it's \"$x\"\n\xff unset /usr");
    }
}
