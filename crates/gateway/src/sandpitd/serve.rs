//! `sandpitd serve`: the router on TCP behind a token, and the window for a browser beside it.

use std::{io::Write, net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, bail};
use sandpit_gateway::{Config, Gateway, accept, tcp::Guard};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use crate::{token, ui};

/// How long requests that are under way may take once it is to end.
const GRACE: Duration = Duration::from_secs(3);

#[derive(clap::Args)]
pub struct Options {
    /// Address to listen on; port 0 picks a free one.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:7420")]
    listen: SocketAddr,
    /// Folder of everything that is kept.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// File with the token; made when it does not exist. Without it a new token is printed.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Certificate for HTTPS, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Key of the certificate, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Engine to use; may be given several times. All of them without it.
    #[arg(long, value_name = "ENGINE")]
    engine: Vec<String>,
}

/// The one line on standard output.
#[derive(serde::Serialize)]
struct Ready<'a> {
    url: &'a str,
    /// Only when it was made up for this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    /// For a browser: the same with the token in the fragment, which never reaches a server.
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<String>,
}

pub async fn run(options: Options) -> anyhow::Result<ExitCode> {
    if options.tls_cert.is_some() {
        bail!("This build does not speak TLS. Put a proxy that does in front of it, or tunnel with ssh -L.");
    }
    let data_dir = crate::data_dir(options.data_dir)?;
    let engines = crate::engines(&data_dir, &options.engine).await?;
    let (token, made) = match &options.token_file {
        Some(file) => (token::kept(file)?, false),
        None => (token::fresh(), true),
    };
    let listener = TcpListener::bind(options.listen).await;
    let listener = listener.with_context(|| format!("{} cannot be listened on.", options.listen))?;
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        tracing::warn!("{address} can be reached by others, and what is sent to it can be read on the way");
    }
    let guard = Guard::new(&token, address, false);
    let gateway = Gateway::open(Config { data_dir, engines, frame_ancestors: guard.origins() });
    let gateway = gateway.await.context("The gateway's state cannot be opened.")?;
    let router = guard.router(gateway.router(), ui::router(gateway.preview_address().port()));
    tell(&format!("http://{address}"), made.then_some(token.as_str()))?;
    serve(listener, router, &gateway).await
}

fn tell(url: &str, token: Option<&str>) -> anyhow::Result<()> {
    let ready = Ready { url, token, open: token.map(|token| format!("{url}/#token={token}")) };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(&ready)?)?;
    Ok(out.flush()?)
}

async fn serve(listener: TcpListener, router: axum::Router, gateway: &Gateway) -> anyhow::Result<ExitCode> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let asked = async {
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        tracing::info!("ending; the sandboxes stay as they are");
        gateway.close();
    };
    if !accept::serve(listener, router, asked, GRACE).await {
        tracing::info!("some requests were cut off");
    }
    Ok(ExitCode::SUCCESS)
}
