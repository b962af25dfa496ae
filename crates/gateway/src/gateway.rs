//! What a gateway holds, and how it is opened, reached and closed.

use std::{collections::HashMap, io, net::SocketAddr, ops::Deref, path::PathBuf, sync::Arc};

use axum::Router;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use parking_lot::Mutex;
use sandpit_api::{
    ErrorCode,
    event::EventKind,
    sandbox::{Sandbox, SandboxState},
};
use sandpit_engine::{Change, Engine, Result};
use tokio::{io::DuplexStream, net::TcpListener, sync::broadcast::error::RecvError};
use tokio_util::sync::CancellationToken;

use crate::{
    activity::Activity, engines::Roster, events::Events, idle, lifecycle::Turns, port_watch,
    ports::Listening, previews, routes, saved::Saved, stats::Readings, upstream::Upstream,
};

/// Bytes that may wait in each direction of an in-process connection.
const IN_PROCESS: usize = 256 * 1024;

/// What a gateway is opened with.
pub struct Config {
    /// The folder of everything Sandpit keeps; the gateway's own is `gateway/` in it.
    pub data_dir: PathBuf,
    /// The first available one makes sandboxes that name no engine.
    pub engines: Vec<Arc<dyn Engine>>,
    /// Origins that may frame a preview, for example `tauri://localhost`.
    pub frame_ancestors: Vec<String>,
}

/// The router's state: a handle, cheap to clone. [`Gateway::close`] ends its tasks; sandboxes live on.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

/// The parts, each of which knows as few of the others as it can.
pub struct Inner {
    pub(crate) roster: Arc<Roster>,
    pub(crate) turns: Turns,
    pub(crate) events: Arc<Events>,
    pub(crate) saved: Saved,
    pub(crate) listening: Listening,
    pub(crate) watchers: Mutex<HashMap<String, CancellationToken>>,
    pub(crate) activity: Arc<Activity>,
    pub(crate) upstream: Upstream,
    pub(crate) readings: Readings,
    pub(crate) frame_ancestors: Vec<String>,
    pub(crate) previews: SocketAddr,
    pub(crate) stop: CancellationToken,
}

impl Deref for Gateway {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl Gateway {
    /// Reads what was saved, lists the engines' sandboxes, and serves previews on a loopback port: the
    /// one of last time if it is free, so that preview URLs stay the same. Needs a tokio runtime.
    pub async fn open(config: Config) -> io::Result<Self> {
        let (saved, listener) = Saved::open(&config.data_dir).await?;
        let roster = Arc::new(Roster::new(config.engines));
        let gateway = Self {
            inner: Arc::new(Inner {
                upstream: Upstream::new(roster.clone()),
                roster,
                turns: Turns::default(),
                events: Events::new(),
                saved,
                listening: Listening::default(),
                watchers: Mutex::default(),
                activity: Arc::default(),
                readings: Readings::default(),
                frame_ancestors: config.frame_ancestors,
                previews: listener.local_addr()?,
                stop: CancellationToken::new(),
            }),
        };
        gateway.start(listener).await;
        Ok(gateway)
    }

    /// The router, for a carrier. It answers everything under `/v1`, and checks no token.
    pub fn router(&self) -> Router {
        routes::router(self.clone())
    }

    /// A connection to the router inside this process: HTTP/1.1 and WebSocket, one request at a time.
    pub fn connect(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(IN_PROCESS);
        let service = TowerToHyperService::new(self.router());
        let stop = self.stop.clone();
        tokio::spawn(async move {
            let connection =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(ours), service);
            tokio::select! {
                // An error here is the other end going away, which is its right.
                _ = connection.with_upgrades() => {}
                () = stop.cancelled() => {}
            }
        });
        theirs
    }

    /// Where previews are served.
    pub fn preview_address(&self) -> SocketAddr {
        self.previews
    }

    /// Ends every task of the gateway. No sandbox is stopped.
    pub fn close(&self) {
        self.stop.cancel();
    }

    async fn start(&self, previews: TcpListener) {
        // Subscribed before listing, so that no change falls between the two.
        let changes: Vec<_> =
            self.roster.engines().map(|engine| (engine.clone(), engine.changes())).collect();
        for (engine, _) in &changes {
            self.relist(engine.as_ref()).await;
        }
        for (engine, changes) in changes {
            self.background(|gateway| gateway.follow(engine, changes));
        }
        self.background(idle::watch);
        self.background(|gateway| previews::serve(gateway, previews));
    }

    /// Runs a task until the gateway is closed.
    pub(crate) fn background<F: Future<Output = ()> + Send + 'static>(&self, task: impl FnOnce(Self) -> F) {
        let stop = self.stop.clone();
        let task = task(self.clone());
        tokio::spawn(async move { stop.run_until_cancelled(task).await });
    }

    async fn follow(self, engine: Arc<dyn Engine>, mut changes: tokio::sync::broadcast::Receiver<Change>) {
        loop {
            match changes.recv().await {
                Ok(Change::Sandbox(record)) => self.refresh(engine.as_ref(), &record.id).await,
                Ok(Change::Deleted(id)) => self.refresh(engine.as_ref(), &id).await,
                Err(RecvError::Lagged(_)) => self.relist(engine.as_ref()).await,
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Takes the record as it is now rather than as it was told: a request may have seen a newer one,
    /// and a sandbox of the same name may have been made since.
    async fn refresh(&self, engine: &dyn Engine, id: &str) {
        match engine.inspect(id).await {
            Ok(record) => drop(self.observe(record)),
            Err(error) if error.code == ErrorCode::SandboxNotFound => self.forget(id).await,
            Err(error) => tracing::warn!(id, %error, "a sandbox that changed cannot be looked at"),
        }
    }

    async fn relist(&self, engine: &dyn Engine) {
        if let Err(error) = self.list_of(engine).await {
            tracing::warn!(engine = engine.id(), %error, "the sandboxes cannot be listed");
        }
    }

    /// Every sandbox of an engine, listed afresh. Those that it no longer has are forgotten.
    pub(crate) async fn list_of(&self, engine: &dyn Engine) -> Result<Vec<Sandbox>> {
        let known = self.roster.ids_of(engine.id());
        let records = engine.list().await?;
        for id in known.iter().filter(|id| !records.iter().any(|record| record.id == **id)) {
            // Looked at once more, since one of that name may have been made meanwhile.
            self.refresh(engine, id).await;
        }
        Ok(records.into_iter().map(|record| self.observe(record)).collect())
    }

    /// Takes note of a record, fills in its ports, and tells of it when it differs from the last one.
    pub(crate) fn observe(&self, record: Sandbox) -> Sandbox {
        let id = record.id.clone();
        let (record, started) = self.roster.keep(record, || self.exposed(&id), |changed| self.tell(changed));
        if started {
            self.activity.touch(&id);
        }
        match record.state {
            SandboxState::Running | SandboxState::Paused => port_watch::start(self, &record.id),
            SandboxState::Creating => {}
            SandboxState::Stopped | SandboxState::Failed => port_watch::stop(self, &record.id),
        }
        record
    }

    pub(crate) fn tell(&self, record: &Sandbox) {
        self.events.publish(EventKind::Sandbox { sandbox: record.clone() });
    }

    /// Forgets a sandbox that is gone, and what was kept for it.
    pub(crate) async fn forget(&self, id: &str) {
        port_watch::stop(self, id);
        self.activity.forget(id);
        self.readings.forget(id);
        self.listening.forget(id);
        if let Err(error) = self.saved.forget(id).await {
            tracing::warn!(id, %error, "what was saved for a deleted sandbox cannot be removed");
        }
        self.roster.remove(id, || self.events.publish(EventKind::SandboxDeleted { id: id.to_owned() }));
    }
}
