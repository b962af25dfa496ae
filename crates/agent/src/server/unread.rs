//! What a handler leaves unread of a request is read and thrown away, so that its answer arrives.
//!
//! A server that closes a connection with bytes still on their way makes the other side's write fail, and
//! the answer that says why is lost with it.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
};
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use tokio::{runtime::Handle, time::timeout};

/// The most that is read of what nobody wants, bytes. Beyond it the connection is closed.
const LIMIT: u64 = 64 << 20;
/// The longest that it is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// `request`, whose body is read to its end when it is dropped before.
pub async fn taken(request: Request) -> Request {
    request.map(|body| if body.is_end_stream() { body } else { Body::new(Taken(body)) })
}

struct Taken(Body);

impl HttpBody for Taken {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = Pin::new(&mut self.0).poll_frame(cx);
        if let Poll::Ready(None | Some(Err(_))) = frame {
            self.0 = Body::empty();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let rest = std::mem::take(&mut self.0);
        if rest.is_end_stream() {
            return;
        }
        // At the end of the program there is nobody left to answer.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(timeout(PATIENCE, discard(rest)));
        }
    }
}

async fn discard(mut rest: Body) {
    let mut read = 0;
    while let Some(Ok(frame)) = rest.frame().await {
        read += frame.data_ref().map_or(0, |data| data.len() as u64);
        if read > LIMIT {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    //! A client that is answered before it has sent all it announced.

    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use crate::server::testing::TestAgent;

    const BODY: usize = 1 << 20;

    /// Reads one answer with a `Content-Length`; its first line.
    async fn answer(stream: &mut tokio::net::UnixStream) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).await.unwrap();
        head.lines().next().unwrap().to_owned()
    }

    #[tokio::test]
    async fn an_early_answer_arrives_and_the_connection_goes_on() {
        let agent = TestAgent::start().await;
        let mut stream = agent.dial().await;
        let head = format!("POST /api/nowhere HTTP/1.1\r\nhost: agent\r\ncontent-length: {BODY}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        assert_eq!(answer(&mut stream).await, "HTTP/1.1 404 Not Found");
        stream.write_all(&vec![b'x'; BODY]).await.unwrap();
        stream.write_all(b"GET /api/ping HTTP/1.1\r\nhost: agent\r\n\r\n").await.unwrap();
        let next = tokio::time::timeout(Duration::from_secs(20), answer(&mut stream)).await.unwrap();
        assert_eq!(next, "HTTP/1.1 200 OK");
    }

    #[tokio::test]
    async fn a_client_that_goes_away_in_the_middle_leaves_the_agent_answering() {
        let agent = TestAgent::start().await;
        let mut stream = agent.dial().await;
        let head = format!("POST /api/nowhere HTTP/1.1\r\nhost: agent\r\ncontent-length: {BODY}\r\n\r\nhalf");
        stream.write_all(head.as_bytes()).await.unwrap();
        drop(stream);
        assert_eq!(agent.get("/api/ping").await.0, http::StatusCode::OK);
    }
}
