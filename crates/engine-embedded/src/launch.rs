//! Starts a sandbox: from its record to an agent that answers, or to nothing at all and a reason.

use std::{
    fs::File,
    io::{self, Read},
    os::fd::{AsFd, OwnedFd},
    path::Path,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    pipe::{PipeFlags, pipe_with},
    process::Signal,
};
use sandpit_api::sandbox::NetworkMode;
use sandpit_engine::{AgentClient, record::Record};
use serde::{Deserialize, Serialize};

use crate::{
    bubblewrap::{self, fd},
    cgroup::Group,
    folder::Folder,
    host::Host,
    network,
    process::Identity,
    spawn,
};

/// Processes and threads of a sandbox for which no limit was asked.
pub const DEFAULT_PIDS: u64 = 1024;

/// Longest wait for bubblewrap, and for the agent to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// What this engine alone remembers of a sandbox.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Private {
    /// The uid of its processes on the host, when that is not the engine's own.
    pub uid: Option<u32>,
    /// Its first process: the agent.
    pub agent: Option<Identity>,
    /// bubblewrap, which waits outside for the agent's end.
    pub monitor: Option<Identity>,
    /// Name of its control group.
    pub group: Option<String>,
    /// What runs outside for its network: the namespaces' holder, and pasta.
    pub network: Vec<Identity>,
}

impl Private {
    pub fn of(record: &Record) -> Self {
        serde_json::from_value(record.private.clone()).unwrap_or_default()
    }

    pub fn save_in(&self, record: &mut Record) {
        record.private = serde_json::to_value(self).unwrap_or_default();
    }
}

/// What runs before it is let go on: bubblewrap waits for the block descriptor.
struct Spawned {
    monitor: i32,
    info: OwnedFd,
    block: OwnedFd,
}

/// Starts the processes. Everything up to the agent's first instruction; call it where blocking is allowed.
pub fn start(host: &Host, record: &Record, private: &mut Private) -> io::Result<()> {
    let folder = host.folder(&record.id);
    let networked = record.network.mode == NetworkMode::On;
    folder.prepare(&record.id, networked, &host.config.runtime, private.uid)?;
    let mut prefix = enter_stage(host, private)?;
    if networked {
        private.network = make_network(host, &folder, &prefix)?;
        prefix.extend(private.network.first().map(network::enter).unwrap_or_default());
    }
    let spawned = execute(host, record, &folder, prefix)?;
    private.monitor = Identity::of(spawned.monitor).ok();
    let child = child_pid(&spawned.info)?;
    private.agent = Some(Identity::of(child)?);
    // bubblewrap goes on with its work meanwhile, which hides what moving a process into a group costs.
    if let Some(name) = &private.group {
        host.cgroups().group(name).attach(child)?;
    }
    rustix::io::write(&spawned.block, b"1")?;
    Ok(())
}

/// The agent sets this as its own limit before anything else runs: once there is a user namespace, the kernel counts for
/// it alone, so the sandbox has this many whatever else its user runs.
fn pids(record: &Record) -> u64 {
    record.limits.pids.unwrap_or(DEFAULT_PIDS)
}

fn execute(host: &Host, record: &Record, folder: &Folder, prefix: Vec<String>) -> io::Result<Spawned> {
    let missing = || io::Error::new(io::ErrorKind::NotFound, "bubblewrap (bwrap) is not installed");
    let bwrap = host.config.bwrap.as_deref().ok_or_else(missing)?;
    let stage = host.stage()?;
    let sources = stage.as_ref().map_or_else(|| host.sources(), |stage| stage.sources.clone());
    let arguments = bubblewrap::arguments(&bubblewrap::Sandbox {
        id: &record.id,
        folder: &sources.sandboxes.join(&record.id),
        agent: &sources.agent,
        runtime: sources.runtime.as_deref(),
        env: &record.env,
        networked: record.network.mode == NetworkMode::On,
        filters: host.filters.len(),
        memory: record.limits.memory_mib.map(|mib| mib << 20),
    });
    let mut command = prefix;
    command.extend([
        bwrap.to_string_lossy().into_owned(),
        "--args".into(),
        fd::ARGS.to_string(),
        "--".into(),
    ]);
    command.extend(bubblewrap::command(pids(record)));
    hand_over(host, folder, &spawn::program(&command[0]), &command[1..], &arguments.join("\0"))
}

/// Makes every descriptor the sandbox is started with, and starts it.
fn hand_over(
    host: &Host,
    folder: &Folder,
    program: &Path,
    words: &[String],
    arguments: &str,
) -> io::Result<Spawned> {
    let listener = folder.listen()?;
    let (none, log, status) = (File::open("/dev/null")?, folder.log()?, folder.status()?);
    let arguments = spawn::memory("bwrap-args", arguments.as_bytes())?;
    let (info, info_write) = pipe_with(PipeFlags::CLOEXEC)?;
    let (block_read, block) = pipe_with(PipeFlags::CLOEXEC)?;
    let filters: Vec<OwnedFd> =
        host.filters.iter().map(|program| spawn::memory("seccomp", program)).collect::<io::Result<_>>()?;
    let mut fds = vec![
        (none.as_fd(), 0),
        (log.as_fd(), 1),
        (log.as_fd(), 2),
        (listener.as_fd(), fd::LISTENER),
        (arguments.as_fd(), fd::ARGS),
        (info_write.as_fd(), fd::INFO),
        (block_read.as_fd(), fd::BLOCK),
        (status.as_fd(), fd::STATUS),
    ];
    fds.extend(filters.iter().zip(fd::FIRST_FILTER..).map(|(filter, number)| (filter.as_fd(), number)));
    Ok(Spawned { monitor: spawn::spawn(program, words, &fds)?, info, block })
}

#[derive(Deserialize)]
struct Info {
    #[serde(rename = "child-pid")]
    child_pid: i32,
}

/// The number of the sandbox's first process, which bubblewrap tells as soon as it has made it.
fn child_pid(info: &OwnedFd) -> io::Result<i32> {
    let mut reader = File::from(info.try_clone()?);
    let (mut told, mut part) = (Vec::new(), [0; 1024]);
    loop {
        let patience = rustix::event::Timespec { tv_sec: PATIENCE.as_secs() as i64, tv_nsec: 0 };
        if poll(&mut [PollFd::new(info, PollFlags::IN)], Some(&patience))? == 0 {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "bubblewrap does not answer"));
        }
        match reader.read(&mut part)? {
            0 => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "bubblewrap ended early")),
            read => told.extend_from_slice(&part[..read]),
        }
        if let Ok(Info { child_pid }) = serde_json::from_slice(&told) {
            return Ok(child_pid);
        }
    }
}

/// Words in front of a command that make it run as the sandbox's own uid, if it has one.
fn enter_stage(host: &Host, private: &Private) -> io::Result<Vec<String>> {
    let (stage, uid) = (host.stage()?, private.uid);
    Ok(stage.zip(uid).map(|(stage, uid)| stage.enter(uid)).unwrap_or_default())
}

fn make_network(host: &Host, folder: &Folder, prefix: &[String]) -> io::Result<Vec<Identity>> {
    let missing = || io::Error::new(io::ErrorKind::NotFound, "pasta is not installed");
    let pasta = host.config.pasta.as_deref().ok_or_else(missing)?;
    network::make(pasta, prefix, &folder.log()?)
}

/// Waits until the agent answers; an error says why it never will.
pub async fn answered(folder: &Folder, agent: &Identity) -> Result<(), String> {
    let gone = || format!("the agent ended at once: {}", folder.last_words());
    let handle = agent.open().map_err(|_| gone())?;
    let ping = async {
        let stream = folder.connect().await.map_err(|error| error.to_string())?;
        let mut client: AgentClient = AgentClient::over(Box::new(stream)).await.map_err(|e| e.to_string())?;
        client.get::<serde_json::Value>("/api/ping").await.map_err(|error| error.to_string())
    };
    let answer = tokio::select! {
        answer = ping => answer.map(drop),
        () = handle.ended() => Err(String::new()),
        () = tokio::time::sleep(PATIENCE) => Err("the agent does not answer".to_owned()),
    };
    match answer {
        // One that is ending closes its socket a moment before it is gone.
        Err(_) if handle.ends_within(Duration::from_millis(500)).await => Err(gone()),
        other => other,
    }
}

/// Ends whatever of a sandbox runs, and gives back what it held. SIGTERM comes first, and SIGKILL after `grace`; a
/// frozen one is killed at once.
pub async fn end(host: &Host, private: &mut Private, grace: Duration, frozen: bool) {
    let group = private.group.take().map(|name| host.cgroups().group(&name));
    if let Some(agent) = private.agent.take()
        && let Some(handle) = agent.held().await
    {
        handle.signal(if frozen { Signal::KILL } else { Signal::TERM });
        if frozen {
            agent.thaw();
            group.as_ref().map(Group::thaw);
        }
        if !handle.ends_within(grace).await {
            handle.signal(Signal::KILL);
            handle.ends_within(PATIENCE).await;
        }
    }
    if let Some(Ok(monitor)) = private.monitor.as_ref().map(Identity::open) {
        // It ends by itself, having written down how the agent ended.
        monitor.ends_within(Duration::from_millis(200)).await;
    }
    for helper in private.monitor.take().into_iter().chain(std::mem::take(&mut private.network)) {
        helper.kill(PATIENCE).await;
    }
    if let Some(group) = group {
        let _ = tokio::task::spawn_blocking(move || group.remove()).await;
    }
}
