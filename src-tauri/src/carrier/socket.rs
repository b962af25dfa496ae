//! A WebSocket to the router, inside this process: the router is served on one end of a duplex, tungstenite speaks
//! on the other. So the router's own upgrade handlers work as they do on TCP.

use std::sync::Arc;

use bytes::Bytes;
use futures::{SinkExt, StreamExt, stream::SplitSink, stream::SplitStream};
use serde::Serialize;
use tokio::{
    io::DuplexStream,
    sync::{mpsc, oneshot},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, Utf8Bytes, protocol::CloseFrame},
};

use super::{
    Carrier, Failure, Open,
    pack::{self, Kind},
    pipe::{End, Pipe},
};

/// Messages of the page that wait for the router; the page itself waits beyond it.
const INPUT: usize = 64;

type Socket = WebSocketStream<DuplexStream>;
type Input = mpsc::Receiver<(Kind, Bytes)>;

/// The answer that was given in place of the upgrade.
#[derive(Debug, Serialize)]
pub struct Refusal {
    pub status: u16,
    pub body: String,
}

#[derive(Serialize)]
struct Closed {
    code: u16,
    reason: String,
}

impl Carrier {
    /// Opens a socket at `path`; nothing is wrong when it answers `None`.
    pub async fn socket_open(&self, id: u32, path: String) -> Result<Option<Refusal>, Failure> {
        let pipe = Arc::new(Pipe::default());
        let (input, sent) = mpsc::channel(INPUT);
        let (opened, outcome) = oneshot::channel();
        let task = tokio::spawn(run((self.connect)(), path, pipe.clone(), sent, opened)).abort_handle();
        self.open.lock().insert(id, Open { pipe, input: Some(input), task });
        let refusal = outcome.await.map_err(|_| Failure::Ended)?;
        if refusal.is_some() {
            self.cancel(id);
        }
        Ok(refusal)
    }

    /// Hands on what the page sent, in order; returns when the socket has taken it.
    pub async fn socket_send(&self, packed: &[u8]) -> Result<(), Failure> {
        let (id, frames) = pack::unpack_frames(packed)?;
        let input = self.open.lock().get(&id).and_then(|open| open.input.clone()).ok_or(Failure::Ended)?;
        for frame in frames {
            input.send(frame).await.map_err(|_| Failure::Ended)?;
        }
        Ok(())
    }

    /// The frames that have come, once there are any; the last is an `End`.
    pub async fn socket_take(&self, id: u32) -> Result<Vec<u8>, Failure> {
        let taken = self.pipe(id)?.take().await;
        if taken.end.is_some() {
            self.cancel(id);
        }
        Ok(taken.bytes)
    }
}

async fn run(
    stream: DuplexStream,
    path: String,
    pipe: Arc<Pipe>,
    sent: Input,
    opened: oneshot::Sender<Option<Refusal>>,
) {
    match client_async(format!("ws://localhost{path}"), stream).await {
        Ok((socket, _)) => {
            // Whoever asked may have gone; then this ends with its place in `open`.
            let _ = opened.send(None);
            speak(socket, &pipe, sent).await;
        }
        Err(error) => drop(opened.send(Some(refusal_of(error)))),
    }
}

async fn speak(socket: Socket, pipe: &Pipe, sent: Input) {
    let (sink, stream) = socket.split();
    let receiving = receive(stream, pipe);
    tokio::pin!(receiving);
    let closed = tokio::select! {
        closed = &mut receiving => closed,
        // What the peer still says, its reason for closing above all, is worth waiting for.
        () = send(sink, sent) => receiving.await,
    };
    let json = serde_json::to_vec(&closed).unwrap_or_default();
    pipe.end(End::Whole, |all| pack::frame(all, Kind::End, &json));
}

async fn receive(mut stream: SplitStream<Socket>, pipe: &Pipe) -> Closed {
    loop {
        match stream.next().await {
            Some(Ok(Message::Text(text))) => {
                pipe.push(|all| pack::frame(all, Kind::Text, text.as_bytes())).await
            }
            Some(Ok(Message::Binary(data))) => pipe.push(|all| pack::frame(all, Kind::Binary, &data)).await,
            Some(Ok(Message::Close(frame))) => return closed_by(frame),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Closed { code: 1006, reason: error.to_string() },
            None => return Closed { code: 1006, reason: String::new() },
        }
    }
}

/// Sends what the page sent, all that waits before each flush. Ends when the peer no longer takes it.
async fn send(mut sink: SplitSink<Socket, Message>, mut sent: Input) {
    while let Some(first) = sent.recv().await {
        let mut next = Some(first);
        while let Some(frame) = next {
            let Some(message) = message_of(frame) else { return };
            if sink.feed(message).await.is_err() {
                return;
            }
            next = sent.try_recv().ok();
        }
        if sink.flush().await.is_err() {
            return;
        }
    }
}

fn message_of((kind, data): (Kind, Bytes)) -> Option<Message> {
    match kind {
        Kind::Text => Some(Message::Text(Utf8Bytes::try_from(data).ok()?)),
        Kind::Binary => Some(Message::Binary(data)),
        Kind::End => None,
    }
}

fn closed_by(frame: Option<CloseFrame>) -> Closed {
    frame.map_or(Closed { code: 1005, reason: String::new() }, |frame| Closed {
        code: frame.code.into(),
        reason: frame.reason.to_string(),
    })
}

fn refusal_of(error: tungstenite::Error) -> Refusal {
    match error {
        tungstenite::Error::Http(answer) => Refusal {
            status: answer.status().as_u16(),
            body: answer
                .into_body()
                .map_or_else(String::new, |body| String::from_utf8_lossy(&body).into_owned()),
        },
        other => Refusal { status: 0, body: other.to_string() },
    }
}
