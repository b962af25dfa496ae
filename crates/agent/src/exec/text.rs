//! Bytes as the wire's text: UTF-8 as it comes, without cutting a character in two, or base64.

use base64::{Engine, prelude::BASE64_STANDARD};
use sandpit_api::ApiError;

use crate::server::extract::base64;

/// Turns the pieces of one stream into text.
#[derive(Debug, Default, Clone)]
pub struct Text {
    base64: bool,
    /// The beginning of a character whose end has not come yet: at most 3 bytes.
    begun: Vec<u8>,
}

impl Text {
    /// By the `encoding` of a request: `base64`, or text when absent.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for any other encoding.
    pub fn new(encoding: Option<&str>) -> Result<Self, ApiError> {
        match encoding {
            None | Some("utf-8" | "utf8") => Ok(Self::default()),
            Some("base64") => Ok(Self { base64: true, begun: Vec::new() }),
            Some(other) => {
                Err(ApiError::invalid("encoding", format!("encoding must be utf-8 or base64, not {other:?}")))
            }
        }
    }

    /// The text of the next piece; `None` when it is only the beginning of a character.
    pub fn push(&mut self, bytes: &[u8]) -> Option<String> {
        if self.base64 {
            return Some(BASE64_STANDARD.encode(bytes));
        }
        self.begun.extend_from_slice(bytes);
        let whole = self.begun.len() - unfinished(&self.begun);
        let text: Vec<u8> = self.begun.drain(..whole).collect();
        (!text.is_empty()).then(|| lossy(text))
    }

    /// How many of `bytes` can be told at once: all, or those before a character whose end has not come.
    pub fn whole(&self, bytes: &[u8]) -> usize {
        bytes.len() - if self.base64 { 0 } else { unfinished(bytes) }
    }

    /// How many bytes at the beginning are the rest of a character whose beginning is gone.
    pub fn orphaned(&self, bytes: &[u8]) -> usize {
        let goes_on = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
        if self.base64 { 0 } else { bytes.iter().take(3).take_while(goes_on).count() }
    }

    /// What is left when the stream has ended.
    pub fn end(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.begun);
        (!rest.is_empty()).then(|| lossy(rest))
    }

    /// The bytes that `text`, the `field` of a request, stands for.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` when it is not base64 and should be.
    pub fn bytes(&self, field: &str, text: String) -> Result<Vec<u8>, ApiError> {
        if !self.base64 {
            return Ok(text.into_bytes());
        }
        base64(field, &text)
    }

    /// The text of a whole stream.
    pub fn all(&self, bytes: Vec<u8>) -> String {
        if self.base64 { BASE64_STANDARD.encode(bytes) } else { lossy(bytes) }
    }
}

/// Text that is not UTF-8 is shown with replacement characters; without a copy where it is.
fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// How many bytes at the end begin a character that more bytes may finish.
pub fn unfinished(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    let start = tail.iter().rposition(|byte| byte & 0b1100_0000 != 0b1000_0000);
    let Some(start) = start.filter(|start| tail[*start] >= 0b1100_0000) else { return 0 };
    match std::str::from_utf8(&tail[start..]) {
        Err(error) if error.error_len().is_none() => tail.len() - start,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fuzz_pieces_make_the_same_text_as_the_whole() {
        bolero::check!().with_type().for_each(|pieces: &Vec<Vec<u8>>| {
            let mut text = Text::default();
            let told: String = pieces.iter().filter_map(|piece| text.push(piece)).collect();
            let told = told + &text.end().unwrap_or_default();
            assert_eq!(told, String::from_utf8_lossy(&pieces.concat()));
        });
    }

    #[test]
    fn a_character_that_is_cut_waits_for_its_end() {
        let mut text = Text::new(None).expect("text");
        let euro = "€".as_bytes();
        assert_eq!(text.push(&[b'a', euro[0]]).as_deref(), Some("a"));
        assert_eq!(text.push(&euro[1..2]), None);
        assert_eq!(text.push(&[euro[2], b'b']).as_deref(), Some("€b"));
        assert_eq!(text.end(), None);
    }

    #[test]
    fn bytes_that_are_no_text_do_not_wait() {
        let mut text = Text::new(None).expect("text");
        assert_eq!(text.push(b"\xffok\0").as_deref(), Some("\u{fffd}ok\0"));
        assert_eq!(text.push(b"\xe2\x82"), None);
        assert_eq!(text.end().as_deref(), Some("\u{fffd}"));
    }

    #[test]
    fn a_reader_that_holds_no_bytes_itself_sees_where_characters_end_and_begin() {
        let text = Text::new(None).expect("text");
        assert_eq!(text.whole(b"a\xe2\x82"), 1);
        assert_eq!(text.orphaned(b"\x82\xacb"), 2);
        let base64 = Text::new(Some("base64")).expect("base64");
        assert_eq!((base64.whole(b"a\xe2"), base64.orphaned(b"\x82")), (2, 0));
    }

    #[test]
    fn base64_is_exact_and_other_encodings_are_refused() {
        let mut text = Text::new(Some("base64")).expect("base64");
        assert_eq!(text.push(b"\0\xff").as_deref(), Some("AP8="));
        assert!(Text::new(Some("latin1")).is_err());
    }
}
