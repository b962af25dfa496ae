//! The last bytes of an endless stream, each with its position since the stream's beginning.
//! No locks and no waiting here: see `feed`.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// Keeps the last `capacity` bytes that were pushed. Memory grows with what is kept, up to that.
#[derive(Debug)]
pub struct Ring {
    bytes: VecDeque<u8>,
    capacity: usize,
    end: u64,
}

/// Bytes read from a ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Position of the first byte. Greater than what was asked for when older bytes are gone.
    pub start: u64,
    pub bytes: Bytes,
}

impl Chunk {
    /// Position after the last byte.
    pub fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl Ring {
    pub fn new(capacity: usize) -> Self {
        Self { bytes: VecDeque::new(), capacity, end: 0 }
    }

    /// Position of the oldest byte still here.
    pub fn start(&self) -> u64 {
        self.end - self.bytes.len() as u64
    }

    /// Position of the next byte to come: how many there have been.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Appends `new`; the oldest bytes make room.
    pub fn push(&mut self, new: &[u8]) {
        self.end += new.len() as u64;
        let kept = &new[new.len().saturating_sub(self.capacity)..];
        let over = (self.bytes.len() + kept.len()).saturating_sub(self.capacity);
        self.bytes.drain(..over);
        self.grow(kept.len());
        self.bytes.extend(kept);
    }

    /// Drops what is before `cursor`.
    pub fn forget(&mut self, cursor: u64) {
        let gone = cursor.clamp(self.start(), self.end) - self.start();
        self.bytes.drain(..gone as usize);
    }

    /// Doubles as a vector does, but never past what the ring may hold.
    fn grow(&mut self, more: usize) {
        let needed = self.bytes.len() + more;
        if needed > self.bytes.capacity() {
            let wanted = needed.next_power_of_two().min(self.capacity);
            self.bytes.reserve_exact(wanted - self.bytes.len());
        }
    }

    /// Up to `max` bytes from `cursor`, or from the oldest one if that is later. A cursor beyond
    /// the end reads nothing at the end.
    pub fn read(&self, cursor: u64, max: usize) -> Chunk {
        let start = cursor.clamp(self.start(), self.end);
        let from = (start - self.start()) as usize;
        let until = (from + max.min(self.bytes.len() - from)).min(self.bytes.len());
        Chunk { start, bytes: self.copy(from, until) }
    }

    fn copy(&self, from: usize, until: usize) -> Bytes {
        let (front, back) = self.bytes.as_slices();
        let middle = front.len();
        let mut copy = BytesMut::with_capacity(until - from);
        copy.extend_from_slice(&front[from.min(middle)..until.min(middle)]);
        copy.extend_from_slice(&back[from.max(middle) - middle..until.max(middle) - middle]);
        copy.freeze()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bytes_are_read_from_any_cursor() {
        let mut ring = Ring::new(8);
        ring.push(b"hello");
        assert_eq!(ring.read(0, 100), Chunk { start: 0, bytes: Bytes::from_static(b"hello") });
        assert_eq!(ring.read(2, 2), Chunk { start: 2, bytes: Bytes::from_static(b"ll") });
        assert_eq!(ring.read(99, 2), Chunk { start: 5, bytes: Bytes::new() });
    }

    #[test]
    fn the_oldest_bytes_make_room_and_a_late_reader_sees_where_it_is() {
        let mut ring = Ring::new(4);
        ring.push(b"abcdef");
        assert_eq!((ring.start(), ring.end()), (2, 6));
        assert_eq!(ring.read(0, 100), Chunk { start: 2, bytes: Bytes::from_static(b"cdef") });
    }

    #[test]
    fn what_is_forgotten_is_gone() {
        let mut ring = Ring::new(8);
        ring.push(b"hello");
        ring.forget(2);
        assert_eq!(ring.read(0, 100), Chunk { start: 2, bytes: Bytes::from_static(b"llo") });
        ring.forget(99);
        assert_eq!((ring.start(), ring.end()), (5, 5));
    }

    #[test]
    fn memory_follows_what_is_kept_and_stops_at_the_capacity() {
        let mut ring = Ring::new(1 << 20);
        assert_eq!(ring.bytes.capacity(), 0);
        ring.push(&[0; 1000]);
        assert!(ring.bytes.capacity() <= 1024);
        for _ in 0..40 {
            ring.push(&[0; 77_777]);
        }
        assert_eq!(ring.bytes.capacity(), 1 << 20);
    }

    proptest! {
        #[test]
        fn a_ring_is_the_tail_of_everything_pushed(
            capacity in 1usize..64,
            pushes in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..40),
            cursor in 0u64..400,
            max in 0usize..80,
        ) {
            let mut ring = Ring::new(capacity);
            let mut all = Vec::new();
            for push in &pushes {
                ring.push(push);
                all.extend_from_slice(push);
                let oldest = all.len().saturating_sub(capacity);
                prop_assert_eq!(ring.start() as usize, oldest);
                let chunk = ring.read(cursor, max);
                let from = (cursor as usize).clamp(oldest, all.len());
                let until = (from + max).min(all.len());
                prop_assert_eq!(chunk.start as usize, from);
                prop_assert_eq!(&chunk.bytes[..], &all[from..until]);
            }
        }
    }
}
