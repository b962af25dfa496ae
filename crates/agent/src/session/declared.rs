//! Reads what bash's `export -p` prints. The shell says it in one builtin, without a fork or a file.

use std::{collections::BTreeMap, ffi::OsString, os::unix::ffi::OsStringExt};

/// The exported variables that have a value and are no array.
pub fn exported(text: &[u8]) -> BTreeMap<OsString, OsString> {
    let mut reader = Reader { text, at: 0 };
    let mut found = BTreeMap::new();
    while let Some((name, value)) = reader.declaration() {
        if let Some(value) = value {
            found.insert(OsString::from_vec(name), OsString::from_vec(value));
        }
    }
    found
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        let byte = self.text.get(self.at).copied();
        self.at += usize::from(byte.is_some());
        byte
    }

    /// `declare -x NAME="value"`, or `export NAME="value"` in POSIX mode; a value may have lines.
    fn declaration(&mut self) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        let mut word = self.word()?;
        while word == b"declare" || word == b"export" || word.starts_with(b"-") {
            word = self.word()?;
        }
        let value = match (self.text.get(self.at - 1), self.next()) {
            (Some(b'='), Some(b'"')) => self.double_quoted(),
            (Some(b'='), Some(b'$')) => self.next().and_then(|_| self.ansi_quoted()),
            (Some(b'='), _) => None,
            // Exported without a value; what was read begins the next line.
            (_, read) => {
                self.at -= usize::from(read.is_some());
                return Some((word, None));
            }
        };
        while self.next().is_some_and(|byte| byte != b'\n') {}
        Some((word, value))
    }

    /// Up to a space, `=` or the end of the line, which is taken too.
    fn word(&mut self) -> Option<Vec<u8>> {
        let rest = &self.text[self.at..];
        let length = rest.iter().position(|byte| matches!(byte, b' ' | b'=' | b'\n'))?;
        self.at += length + 1;
        Some(rest[..length].to_vec())
    }

    fn double_quoted(&mut self) -> Option<Vec<u8>> {
        let mut value = Vec::new();
        loop {
            match self.next()? {
                b'"' => return Some(value),
                b'\\' => value.push(self.next()?),
                byte => value.push(byte),
            }
        }
    }

    fn ansi_quoted(&mut self) -> Option<Vec<u8>> {
        let mut value = Vec::new();
        loop {
            match self.next()? {
                b'\'' => return Some(value),
                b'\\' => value.push(self.escape()?),
                byte => value.push(byte),
            }
        }
    }

    fn escape(&mut self) -> Option<u8> {
        Some(match self.next()? {
            b'a' => 7,
            b'b' => 8,
            b't' => 9,
            b'n' => 10,
            b'v' => 11,
            b'f' => 12,
            b'r' => 13,
            b'E' | b'e' => 27,
            digit @ b'0'..=b'7' => {
                let mut code = u32::from(digit - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.text.get(self.at).copied() else { break };
                    code = code * 8 + u32::from(digit - b'0');
                    self.at += 1;
                }
                code as u8
            }
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn fuzz_whatever_is_printed_is_read_to_its_end() {
        bolero::check!().for_each(|text: &[u8]| {
            for name in exported(text).keys() {
                assert!(!name.as_bytes().contains(&b'=') && !name.as_bytes().contains(&b'\n'));
            }
        });
    }

    #[test]
    fn what_bash_exports_is_read_back_exactly() {
        let values: [&[u8]; 6] = [
            b"",
            b"plain",
            b"a \"b\" $c `d` \\e'f",
            b"lines\nand\ttabs\x1b[0m",
            b"\xff\x01\xc3\xa9 \xe2\x82",
            b"x=y\r\x7f!",
        ];
        for locale in ["C", "C.UTF-8"] {
            let mut bash = std::process::Command::new("bash");
            bash.env_clear().env("LC_ALL", locale);
            for (number, value) in values.iter().enumerate() {
                bash.env(format!("V{number}"), std::ffi::OsStr::from_bytes(value));
            }
            let script =
                "export EMPTY; declare -ix N=5; declare -ax A=(1 2); export -p; set -o posix; export -p";
            let output = bash.args(["--norc", "-c", script]).output().expect("bash").stdout;
            let found = exported(&output);
            for (number, value) in values.iter().enumerate() {
                let name = OsString::from(format!("V{number}"));
                assert_eq!(found[&name].as_bytes(), *value, "V{number} in {locale}");
            }
            assert_eq!(found[std::ffi::OsStr::new("N")], "5");
            assert!(
                !found.contains_key(std::ffi::OsStr::new("EMPTY"))
                    && !found.contains_key(std::ffi::OsStr::new("A"))
            );
        }
    }
}
