//! sandpit-agent: the program that runs as PID 1 of a sandbox.

use std::{
    net::SocketAddr,
    os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd},
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context, bail};
use clap::Parser;
use rustix::{
    io::FdFlags,
    process::{Resource, Rlimit, getrlimit, setrlimit},
};
use sandpit_agent::{Agent, Config, file, reap, server};

/// How long processes have to end when the agent is asked to.
const GRACE: Duration = Duration::from_secs(3);

/// Serves the sandbox API. Its own environment is the sandbox's.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// A listening Unix socket that was handed over.
    #[arg(long, group = "listen")]
    listen_fd: Option<RawFd>,
    /// A Unix socket to make.
    #[arg(long, group = "listen")]
    listen_unix: Option<PathBuf>,
    /// An address, with --token-file.
    #[arg(long, group = "listen", requires = "token_file")]
    listen_tcp: Option<SocketAddr>,
    /// Holds the token that TCP clients must send.
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// The folder that relative paths start from.
    #[arg(long, default_value = "/workspace")]
    workspace: PathBuf,
    /// The most processes and threads of the sandbox's user.
    #[arg(long)]
    pids_limit: Option<u64>,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).init();
    restrict(args.pids_limit)?;
    allow_descriptors()?;
    keep_descriptors().context("open descriptors")?;
    // Before any thread exists, since "no new privileges" is inherited by threads made later.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(args))
}

/// Takes as many descriptors as it may have: a thousand commands at once need more than a login's 1024.
fn allow_descriptors() -> anyhow::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).context("descriptor limit")
}

/// Gives up what no sandbox needs: new privileges, core files, and more processes than its limit.
fn restrict(pids_limit: Option<u64>) -> anyhow::Result<()> {
    rustix::thread::set_no_new_privs(true).context("no_new_privs")?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }).context("core file limit")?;
    if let Some(limit) = pids_limit {
        let limit = Rlimit { current: Some(limit), maximum: Some(limit) };
        setrlimit(Resource::Nproc, limit).context("process limit")?;
    }
    Ok(())
}

/// Keeps whatever descriptors this process was given from its commands.
fn keep_descriptors() -> anyhow::Result<()> {
    let open: Vec<RawFd> = std::fs::read_dir("/proc/self/fd")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|fd| *fd > 2)
        .collect();
    for fd in open {
        // SAFETY: the number was open a moment ago and no thread exists that could close it; the one
        // that read the folder is closed, which only makes the call fail.
        let fd = unsafe { BorrowedFd::borrow_raw(fd) };
        let _ = rustix::io::fcntl_setfd(fd, FdFlags::CLOEXEC);
    }
    Ok(())
}

async fn run(args: Args) -> anyhow::Result<()> {
    reap::adopt_orphans().context("reaping orphans")?;
    // What is there now is nobody's; it is removed beside everything else.
    tokio::task::spawn_blocking(file::sweep(&args.workspace));
    let agent = Agent::new(Config::inherited(&args.workspace)).context("the agent's folder")?;
    let app = server::router(agent.clone());
    let ended = tokio::select! {
        ended = listen(args, app) => ended,
        () = reap::terminated() => Ok(()),
    };
    reap::end_all(GRACE).await;
    ended
}

async fn listen(args: Args, app: axum::Router) -> anyhow::Result<()> {
    if let Some(fd) = args.listen_fd {
        // SAFETY: whoever passes the number hands the descriptor over; nothing else in this process uses it.
        let socket = unsafe { OwnedFd::from_raw_fd(fd) };
        server::listen::serve_fd(socket, app).await.context("the inherited socket")
    } else if let Some(path) = args.listen_unix {
        server::listen::serve_unix(&path, app).await.with_context(|| path.display().to_string())
    } else if let (Some(address), Some(file)) = (args.listen_tcp, args.token_file) {
        let token = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let token = token.trim();
        if token.is_empty() {
            bail!("{} holds no token", file.display());
        }
        server::listen::serve_tcp(address, token.to_owned(), app).await.with_context(|| address.to_string())
    } else {
        bail!("one of --listen-fd, --listen-unix and --listen-tcp is needed")
    }
}
