//! The login shell of a terminal: its environment and its start-up file.

use std::path::Path;

use crate::session::{Place, quote};

/// Read by the shell as `$ENV`, which only a POSIX one heeds; from here on it is a plain login bash
/// that has read the user's files, with our hook behind the user's prompt commands.
///
/// The hook is defined before them, so that no alias gets into it, and fails in no way that a user's
/// `set -e`, `set -u`, `set -x` or traps would show. What is `PROMPT_COMMAND` stays the user's: its own
/// element outlives an assignment (bash 5.1).
const BEFORE: &[u8] = br#"
builtin shopt -u inherit_errexit
builtin unset -v POSIXLY_CORRECT
_sandpit_prompt() {
  [[ -p $_sandpit_folder/told && -p $_sandpit_folder/answer ]] || return 0
  local _sandpit_heard
  _sandpit_number=$((${_sandpit_number-0} + 1))
  builtin printf '%s\0' prompt "$_sandpit_number" "${_sandpit_taken-0}" "$PWD" >|"$_sandpit_folder/told"
  builtin export -p >|"$_sandpit_folder/told"
  builtin printf '\0' >|"$_sandpit_folder/told"
  while IFS= builtin read -r -d '' -t 5 _sandpit_heard; do
    if [[ $_sandpit_heard == "$_sandpit_number;"* ]]; then
      builtin eval "${_sandpit_heard#*;}"
      _sandpit_taken=$_sandpit_number
      break
    fi
  done <"$_sandpit_folder/answer"
  builtin read -t 0 || builtin printf '%s\0' idle "$_sandpit_number" 0 '' '' >|"$_sandpit_folder/told"
}
"#;

/// The user's files as a login shell reads them; then the prompt, changed only where nobody chose one
/// (bash's default and Debian's), with what is not seen and tells the terminal the folder (OSC 7).
const AFTER: &[u8] = br#"
if [[ -r /etc/profile ]]; then . /etc/profile; fi
if [[ -r ~/.bash_profile ]]; then . ~/.bash_profile
elif [[ -r ~/.bash_login ]]; then . ~/.bash_login
elif [[ -r ~/.profile ]]; then . ~/.profile
fi
case "${PS1-}" in
  '\s-\v\$ ' | '${debian_chroot:+($debian_chroot)}\u@\h:\w\$ ')
    PS1='\[\e[1;32m\]\h\[\e[0m\]:\[\e[1;34m\]\w\[\e[0m\]\$ ' ;;
esac
PS1='\[\e]7;file://\h$PWD\a\]'"${PS1-}"
case "$(builtin type -t ls)" in alias) ;; *) alias ls='ls --color=auto' grep='grep --color=auto' ;; esac
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
  PROMPT_COMMAND[99]='{ _sandpit_prompt || :; } 2>/dev/null'
else
  PROMPT_COMMAND=${PROMPT_COMMAND:+$PROMPT_COMMAND;}' { _sandpit_prompt || :; } 2>/dev/null'
fi
"#;

/// The command line of a login shell that reads [`start_up`].
pub fn login() -> Vec<String> {
    ["bash", "--posix", "-l"].map(str::to_owned).to_vec()
}

/// The start-up file of a shell at `place` whose pipes are in `folder`.
pub fn start_up(folder: &Path, place: &Place) -> Vec<u8> {
    let mut text = b"builtin set +o posix\n".to_vec();
    match place.env.get("ENV".as_ref() as &std::ffi::OsStr) {
        Some(own) => text.extend([b"ENV=".as_slice(), &quote(own)].concat()),
        None => text.extend_from_slice(b"builtin unset -v ENV"),
    }
    if !place.env.contains_key("HISTFILE".as_ref() as &std::ffi::OsStr) {
        text.extend_from_slice(b"\nHISTFILE=~/.bash_history");
    }
    text.extend([b"\n_sandpit_folder=".as_slice(), &quote(folder), BEFORE, AFTER].concat());
    text
}

/// `place` as a terminal sees it.
pub fn environment(mut place: Place) -> Place {
    place.env.insert("TERM".into(), "xterm-256color".into());
    place.env.insert("COLORTERM".into(), "truecolor".into());
    place
}
