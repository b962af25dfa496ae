//! When a viewer is sent what waits for it: an echo at once, a flood in few large pieces.

use std::time::{Duration, Instant};

/// The longest that output waits to be joined by more: half a frame of a 60 Hz screen.
const TICK: Duration = Duration::from_millis(8);
/// What is worth a message of its own, bytes.
const FULL: usize = 64 << 10;
/// Messages within one tick that still count as an echo (a key's echo and what follows it).
const BURST: usize = 2;

/// Remembers when one viewer was sent its last messages.
#[derive(Debug, Default)]
pub struct Pace {
    recent: [Option<Instant>; BURST],
}

impl Pace {
    /// The largest message, bytes.
    pub const FULL: usize = FULL;

    /// How long `pending` bytes should still wait at `now`; zero means send.
    pub fn delay(&self, pending: usize, now: Instant) -> Duration {
        if pending >= FULL {
            return Duration::ZERO;
        }
        let oldest = self.recent[0];
        oldest.map_or(Duration::ZERO, |sent| TICK.saturating_sub(now.saturating_duration_since(sent)))
    }

    /// A message was sent at `now`.
    pub fn sent(&mut self, now: Instant) {
        self.recent.rotate_left(1);
        self.recent[BURST - 1] = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_and_what_follows_it_go_at_once() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        assert_eq!(pace.delay(1, now), Duration::ZERO);
        pace.sent(now);
        assert_eq!(pace.delay(1, now), Duration::ZERO);
    }

    #[test]
    fn a_third_message_within_a_tick_waits_for_the_rest_of_it() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.sent(now);
        pace.sent(now);
        assert_eq!(pace.delay(1, now + Duration::from_millis(3)), Duration::from_millis(5));
        assert_eq!(pace.delay(1, now + TICK), Duration::ZERO);
    }

    #[test]
    fn a_full_message_never_waits() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.sent(now);
        pace.sent(now);
        assert_eq!(pace.delay(FULL, now), Duration::ZERO);
    }
}
