//! A router on a TCP listener: how many connections at once, how long one may say nothing, and how it ends.
//!
//! `axum::serve` waits for a request's head for ever, and takes every connection there is: a few thousand that say
//! nothing would leave no descriptor for anyone else.

use std::{pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use rustix::process::{Resource, getrlimit};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Connections whose requests are served at once, if there are descriptors for four times as many: each may need one
/// to a sandbox too. More wait in the kernel's queue. An upgraded one does not count.
const MOST: u64 = 4096;

/// Longest wait for the whole head of a request, the first or a later one.
const HEAD: Duration = Duration::from_secs(30);

/// Pause when no connection can be taken, for example for want of descriptors.
const PAUSE: Duration = Duration::from_millis(200);

/// Serves `router` until `ended`; requests under way then have `grace`, and tells whether that was enough.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    ended: impl Future<Output = ()>,
    grace: Duration,
) -> bool {
    let (places, closing, connections) =
        (Arc::new(Semaphore::new(most())), CancellationToken::new(), TaskTracker::new());
    let take = async {
        while let Ok(place) = places.clone().acquire_owned().await {
            let stream = next(&listener).await;
            connections.spawn(connection(stream, router.clone(), closing.clone(), place));
        }
    };
    tokio::select! {
        () = take => {}
        () = ended => {}
    }
    drop(listener);
    closing.cancel();
    connections.close();
    timeout(grace, connections.wait()).await.is_ok()
}

fn most() -> usize {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from((descriptors / 4).clamp(16, MOST)).unwrap_or(16)
}

/// Serves one connection until its end, or until the answer under way when all are closing.
async fn connection(
    stream: TcpStream,
    router: Router,
    closing: CancellationToken,
    _place: OwnedSemaphorePermit,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let served = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut served = pin!(served.with_upgrades());
    // An error is the client going away, or being too slow.
    tokio::select! {
        _ = &mut served => return,
        () = closing.cancelled() => served.as_mut().graceful_shutdown(),
    }
    let _ = served.await;
}

async fn next(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Small frames are not to wait for one another; without it the connection still works.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be taken");
                sleep(PAUSE).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    async fn ask(address: std::net::SocketAddr) -> String {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    }

    async fn listener() -> (TcpListener, std::net::SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let address = listener.local_addr().expect("its address");
        (listener, address)
    }

    #[tokio::test]
    async fn those_who_say_nothing_hold_up_nobody_and_end_with_it() {
        let (listener, address) = listener().await;
        let end = CancellationToken::new();
        let router = Router::new().route("/", get(async || "hello"));
        let serving = tokio::spawn(serve(listener, router, end.clone().cancelled_owned(), LONG));
        let mut silent = Vec::new();
        for _ in 0..200 {
            silent.push(TcpStream::connect(address).await.expect("a connection"));
        }
        assert!(ask(address).await.ends_with("hello"));
        end.cancel();
        assert!(serving.await.expect("it ends"), "nobody is waited for who has asked nothing");
        assert_eq!(silent[0].read(&mut [0]).await.expect("the end"), 0);
    }

    #[tokio::test]
    async fn a_request_under_way_is_answered_before_the_end() {
        let (listener, address) = listener().await;
        let end = CancellationToken::new();
        let ended = end.clone().cancelled_owned();
        let last = move || async move {
            end.cancel();
            tokio::task::yield_now().await;
            "the last"
        };
        let router = Router::new().route("/", get(last));
        let serving = tokio::spawn(serve(listener, router, ended, LONG));
        assert!(ask(address).await.ends_with("the last"));
        assert!(serving.await.expect("it ends"));
    }
}
