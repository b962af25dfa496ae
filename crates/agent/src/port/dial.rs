//! Connections to what listens on the sandbox's loopback.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

/// A server whose queue of connections is full does not answer at all (reference §6).
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection to `port`. A server may listen on one family only.
///
/// # Errors
/// When nobody accepts it within 5 s.
pub async fn dial(port: u16) -> io::Result<TcpStream> {
    let stream = match connect(Ipv4Addr::LOCALHOST.into(), port).await {
        Ok(stream) => stream,
        Err(error) => connect(Ipv6Addr::LOCALHOST.into(), port).await.map_err(|_| error)?,
    };
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn connect(address: IpAddr, port: u16) -> io::Result<TcpStream> {
    let stream = timeout(PATIENCE, TcpStream::connect((address, port))).await??;
    // Where nobody listens, the kernel may choose the same port for this end: TCP then connects to itself.
    if stream.local_addr()? == stream.peer_addr()? {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    Ok(stream)
}
