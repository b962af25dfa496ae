//! Warm kernels: one spare of a kernelspec, imports done, to be handed to the next context.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::kernel::Kernel;
use super::launch::Launch;
use super::prepare;

/// A spare that nobody wanted by then is given up (reference §4).
const IDLE: Duration = Duration::from_secs(300);

/// The spares, by the name of their kernelspec.
#[derive(Clone, Default)]
pub struct Pool(Arc<Mutex<HashMap<String, Spare>>>);

/// A kernel that is warm, or being made.
struct Spare {
    number: u64,
    kernel: oneshot::Receiver<Kernel>,
}

impl Pool {
    /// Starts a spare unless there is one. Returns at once.
    pub fn warm(&self, launch: Launch) {
        if launch.spec.dialect().is_none() {
            return;
        }
        let (give, kernel) = oneshot::channel();
        let number = rand::random();
        {
            let mut spares = self.0.lock();
            if spares.contains_key(&launch.spec.name) {
                return;
            }
            spares.insert(launch.spec.name.clone(), Spare { number, kernel });
        }
        let pool = self.clone();
        tokio::spawn(async move {
            match make(&launch).await {
                // Whoever took it before it was ready has it now, and nothing is left to give up.
                Ok(kernel) => drop(give.send(kernel)),
                Err(error) => {
                    tracing::warn!("no warm kernel: {error}");
                    return pool.give_up(&launch.spec.name, number);
                }
            }
            sleep(IDLE).await;
            pool.give_up(&launch.spec.name, number);
        });
    }

    /// The spare for `launch`, waited for when it is being made. `None` when there is none, or it
    /// died meanwhile.
    pub async fn take(&self, launch: &Launch) -> Option<Kernel> {
        let spare = self.0.lock().remove(&launch.spec.name)?;
        spare.kernel.await.ok().filter(Kernel::is_alive)
    }

    fn give_up(&self, name: &str, number: u64) {
        let mut spares = self.0.lock();
        if spares.get(name).is_some_and(|spare| spare.number == number) {
            spares.remove(name);
        }
    }
}

async fn make(launch: &Launch) -> Result<Kernel, sandpit_api::ApiError> {
    let mut kernel = launch.start().await?;
    if let Some(code) = prepare::warm(launch.spec.dialect()) {
        kernel.run_silently(code).await?;
    }
    Ok(kernel)
}
