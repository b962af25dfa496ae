//! Which sandboxes are in use through the gateway, and since when they are not.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// Requests, sockets and previews that are open for each sandbox.
#[derive(Default)]
pub struct Activity {
    uses: Mutex<HashMap<String, Use>>,
}

struct Use {
    open: usize,
    last: Instant,
}

/// One use, from the request's first byte to the last of its answer or socket.
pub struct InUse {
    activity: Arc<Activity>,
    id: String,
}

impl Activity {
    pub fn enter(self: &Arc<Self>, id: &str) -> InUse {
        let mut uses = self.uses.lock();
        let used = uses.entry(id.to_owned()).or_insert_with(|| Use { open: 0, last: Instant::now() });
        used.open += 1;
        InUse { activity: self.clone(), id: id.to_owned() }
    }

    /// Starts the idle time anew.
    pub fn touch(&self, id: &str) {
        let mut uses = self.uses.lock();
        uses.entry(id.to_owned()).or_insert_with(|| Use { open: 0, last: Instant::now() }).last =
            Instant::now();
    }

    /// How long nothing has been open; `None` while something is, or when nothing is known.
    pub fn idle(&self, id: &str) -> Option<Duration> {
        self.uses.lock().get(id).filter(|used| used.open == 0).map(|used| used.last.elapsed())
    }

    pub fn forget(&self, id: &str) {
        let mut uses = self.uses.lock();
        if uses.get(id).is_some_and(|used| used.open == 0) {
            uses.remove(id);
        }
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        if let Some(used) = self.activity.uses.lock().get_mut(&self.id) {
            used.open -= 1;
            used.last = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sandbox_is_idle_only_when_the_last_use_has_ended() {
        let activity = Arc::new(Activity::default());
        assert!(activity.idle("a").is_none());
        let first = activity.enter("a");
        let second = activity.enter("a");
        drop(first);
        assert!(activity.idle("a").is_none());
        drop(second);
        assert!(activity.idle("a").is_some());
        assert!(activity.idle("b").is_none());
    }
}
