//! How the page and this side pack things into one binary message; the twin of `ui/src/host/frames.ts`.
//! It knows nothing of what it packs.

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

/// What a packed frame holds. `End` closes a socket and holds `{code, reason}` in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text = 0,
    Binary = 1,
    End = 2,
}

/// The message is shorter than it says, or its head is not what it should be.
#[derive(Debug, thiserror::Error)]
#[error("the window sent a message that cannot be read")]
pub struct Unreadable;

/// `[u32 length][JSON][bytes]`.
pub fn head(head: &impl Serialize, body: &[u8]) -> Vec<u8> {
    let json = serde_json::to_vec(head).unwrap_or_default();
    let mut packed = Vec::with_capacity(4 + json.len() + body.len());
    packed.extend_from_slice(&length(&json));
    packed.extend_from_slice(&json);
    packed.extend_from_slice(body);
    packed
}

pub fn unpack_head<T: DeserializeOwned>(packed: &[u8]) -> Result<(T, &[u8]), Unreadable> {
    let (size, rest) = u32_of(packed)?;
    let (json, body) = rest.split_at_checked(size as usize).ok_or(Unreadable)?;
    Ok((serde_json::from_slice(json).map_err(|_| Unreadable)?, body))
}

/// Appends `[u8 kind][u32 length][bytes]`.
pub fn frame(packed: &mut Vec<u8>, kind: Kind, data: &[u8]) {
    packed.push(kind as u8);
    packed.extend_from_slice(&length(data));
    packed.extend_from_slice(data);
}

/// A socket's id and the frames for it: only text and binary come from the page.
pub fn unpack_frames(packed: &[u8]) -> Result<(u32, Vec<(Kind, Bytes)>), Unreadable> {
    let (id, mut rest) = u32_of(packed)?;
    let mut frames = Vec::new();
    while let Some((&kind, sized)) = rest.split_first() {
        let kind = match kind {
            0 => Kind::Text,
            1 => Kind::Binary,
            _ => return Err(Unreadable),
        };
        let (size, tail) = u32_of(sized)?;
        let (data, tail) = tail.split_at_checked(size as usize).ok_or(Unreadable)?;
        frames.push((kind, Bytes::copy_from_slice(data)));
        rest = tail;
    }
    Ok((id, frames))
}

fn u32_of(packed: &[u8]) -> Result<(u32, &[u8]), Unreadable> {
    let (number, rest) = packed.split_first_chunk::<4>().ok_or(Unreadable)?;
    Ok((u32::from_le_bytes(*number), rest))
}

/// Nothing that crosses is near 4 GiB: the pipe holds far less, and so does a WebSocket message.
fn length(data: &[u8]) -> [u8; 4] {
    (data.len() as u32).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_and_its_bytes_come_back() {
        let packed = head(&serde_json::json!({"path": "/ü"}), b"body");
        let (value, body) = unpack_head::<serde_json::Value>(&packed).expect("it is whole");
        assert_eq!(value["path"], "/ü");
        assert_eq!(body, b"body");
    }

    #[test]
    fn frames_keep_their_order_and_kind() {
        let mut packed = 9_u32.to_le_bytes().to_vec();
        frame(&mut packed, Kind::Text, b"one");
        frame(&mut packed, Kind::Binary, &[0, 255]);
        let (id, frames) = unpack_frames(&packed).expect("they are whole");
        assert_eq!(id, 9);
        assert_eq!(frames[0], (Kind::Text, Bytes::from_static(b"one")));
        assert_eq!(frames[1], (Kind::Binary, Bytes::from_static(&[0, 255])));
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        let mut packed = 9_u32.to_le_bytes().to_vec();
        frame(&mut packed, Kind::Binary, b"bytes");
        for end in (0..4).chain(5..packed.len()) {
            assert!(unpack_frames(&packed[..end]).is_err(), "cut at {end}");
        }
        assert!(unpack_head::<serde_json::Value>(&[9, 0, 0, 0, b'{']).is_err());
    }
}
