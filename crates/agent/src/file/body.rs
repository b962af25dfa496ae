//! Bytes between a blocking thread and an HTTP body: bounded both ways, so that no size takes more memory.

use std::io::{self, Read, Write};

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures::StreamExt;
use sandpit_api::ApiError;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::server::extract;

/// How many pieces, or events, wait between the disk and a slow client.
pub const PIECES: usize = 4;
/// How much is gathered into one piece, bytes.
const PIECE: usize = 64 * 1024;

type Piece = io::Result<Bytes>;

/// What a blocking thread writes for an answer's body; it waits while the reader is slow.
pub struct Outgoing {
    buffer: Vec<u8>,
    pieces: mpsc::Sender<Piece>,
}

/// An answer's body, and where it is written.
pub fn outgoing() -> (Outgoing, Body) {
    let (pieces, received) = mpsc::channel(PIECES);
    (Outgoing { buffer: Vec::new(), pieces }, Body::from_stream(ReceiverStream::new(received)))
}

impl Outgoing {
    /// What is gathered and not yet sent; to be followed by [`Self::spill`].
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Sends what is gathered once it is a piece.
    pub fn spill(&mut self) -> io::Result<()> {
        if self.buffer.len() < PIECE { Ok(()) } else { self.flush() }
    }

    /// Cuts the body off, so that a part of an answer is never taken for the whole.
    pub fn fail(self, error: io::Error) {
        // A reader that is gone needs no error.
        let _ = self.pieces.blocking_send(Err(error));
    }
}

impl Write for Outgoing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        self.spill()?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(PIECE * 2));
        self.pieces
            .blocking_send(Ok(Bytes::from(full)))
            .map_err(|_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads the answer"))
    }
}

/// What a blocking thread reads of a request's body. One that ends before its end is an error, an
/// [`ApiError`] within an [`io::Error`].
pub struct Incoming {
    piece: Bytes,
    pieces: mpsc::Receiver<Piece>,
    ended: bool,
}

/// Where a request's body is fed in by [`feed`], and read.
pub fn incoming() -> (mpsc::Sender<Piece>, Incoming) {
    let (sender, pieces) = mpsc::channel(PIECES);
    (sender, Incoming { piece: Bytes::new(), pieces, ended: false })
}

/// Hands a body over until it ends or its reader has enough.
pub async fn feed(body: &mut BodyDataStream, pieces: mpsc::Sender<Piece>) {
    while let Some(piece) = body.next().await {
        let piece = match piece {
            Ok(piece) if piece.is_empty() => continue,
            Ok(piece) => Ok(piece),
            Err(error) => Err(io::Error::other(extract::cut_off(error))),
        };
        let failed = piece.is_err();
        if pieces.send(piece).await.is_err() || failed {
            return;
        }
    }
    // An empty piece says that this is the end and not a client that went away.
    let _ = pieces.send(Ok(Bytes::new())).await;
}

impl Read for Incoming {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() && !self.ended {
            let gone = || io::Error::other(ApiError::invalid("body", "the body was cut off"));
            self.piece = self.pieces.blocking_recv().ok_or_else(gone)??;
            self.ended = self.piece.is_empty();
        }
        let taken = self.piece.split_to(into.len().min(self.piece.len()));
        into[..taken.len()].copy_from_slice(&taken);
        Ok(taken.len())
    }
}
