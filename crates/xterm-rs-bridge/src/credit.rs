//! How much more one viewer may be sent before it says that it has drawn what it has.

/// A window of bytes that may be under way to one viewer. Positions are those of its feed.
#[derive(Debug, Clone, Copy)]
pub struct Credit {
    window: u64,
    sent: u64,
    acked: u64,
}

impl Credit {
    /// A viewer that starts at `cursor` and may owe `window` bytes.
    pub fn new(window: u64, cursor: u64) -> Self {
        Self { window, sent: cursor, acked: cursor }
    }

    /// Where the next bytes to send start.
    pub fn cursor(&self) -> u64 {
        self.sent
    }

    /// Before which everything counts as drawn.
    pub fn acked(&self) -> u64 {
        self.acked
    }

    /// Bytes that may be sent now.
    pub fn room(&self) -> usize {
        let owed = self.sent - self.acked;
        usize::try_from(self.window.saturating_sub(owed)).unwrap_or(usize::MAX)
    }

    /// `count` bytes were sent.
    pub fn spend(&mut self, count: usize) {
        self.sent += count as u64;
    }

    /// The viewer goes on at `cursor`, since what was before it is gone; it owes what it owed.
    pub fn skip_to(&mut self, cursor: u64) {
        let gap = cursor.saturating_sub(self.sent);
        self.sent += gap;
        self.acked += gap;
    }

    /// The viewer has drawn everything before `cursor`. Positions it was never sent, and ones from
    /// the past, change nothing they should not: a confused viewer only hurts itself.
    pub fn ack(&mut self, cursor: u64) {
        self.acked = self.acked.max(cursor.min(self.sent));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_viewer_is_sent_no_more_than_its_window() {
        let mut credit = Credit::new(10, 100);
        assert_eq!(credit.room(), 10);
        credit.spend(10);
        assert_eq!(credit.room(), 0);
        credit.ack(104);
        assert_eq!((credit.room(), credit.cursor()), (4, 110));
    }

    #[test]
    fn an_acknowledgement_of_the_future_or_the_past_is_harmless() {
        let mut credit = Credit::new(10, 0);
        credit.spend(5);
        credit.ack(1_000);
        assert_eq!((credit.room(), credit.cursor(), credit.acked()), (10, 5, 5));
        credit.ack(1);
        assert_eq!(credit.acked(), 5);
    }

    #[test]
    fn a_viewer_that_missed_bytes_still_owes_the_others() {
        let mut credit = Credit::new(10, 0);
        credit.spend(6);
        credit.skip_to(1_000);
        assert_eq!((credit.room(), credit.cursor()), (4, 1_000));
        credit.spend(4);
        credit.ack(1_004);
        assert_eq!(credit.room(), 10);
    }

    proptest! {
        #[test]
        fn no_sequence_makes_a_viewer_owe_more_than_its_window(steps in prop::collection::vec((0u8..3, 0u64..50), 0..100)) {
            let mut credit = Credit::new(32, 0);
            for (step, value) in steps {
                match step {
                    0 => credit.spend((value as usize).min(credit.room())),
                    1 => credit.ack(value * 3),
                    _ => credit.skip_to(value * 5),
                }
                prop_assert!(credit.acked() <= credit.cursor());
                prop_assert!(credit.cursor() - credit.acked() <= 32);
                prop_assert_eq!(credit.room() as u64, 32 - (credit.cursor() - credit.acked()));
            }
        }
    }
}
