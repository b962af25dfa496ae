//! Repeated measurements of one thing.

use std::{
    future::Future,
    time::{Duration, Instant},
};

/// Times in the order they were taken; never empty once measured.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    times: Vec<Duration>,
}

impl Sample {
    /// Runs `work` `warmup` times unmeasured and `n` times measured.
    pub async fn of<F, Fut>(warmup: usize, n: usize, mut work: F) -> anyhow::Result<Self>
    where
        F: FnMut(usize) -> Fut,
        Fut: Future<Output = anyhow::Result<()>>,
    {
        let mut times = Vec::with_capacity(n);
        for turn in 0..warmup + n {
            let start = Instant::now();
            work(turn).await?;
            if turn >= warmup {
                times.push(start.elapsed());
            }
        }
        Ok(Self { times })
    }

    pub fn push(&mut self, time: Duration) {
        self.times.push(time);
    }

    pub fn len(&self) -> usize {
        self.times.len()
    }

    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// The time that `percent` of the measurements stay within (nearest rank), in milliseconds.
    pub fn percentile(&self, percent: f64) -> f64 {
        let mut sorted = self.times.clone();
        sorted.sort_unstable();
        let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }

    pub fn median(&self) -> f64 {
        self.percentile(50.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let mut sample = Sample::default();
        for ms in [5, 1, 4, 2, 3] {
            sample.push(Duration::from_millis(ms));
        }
        assert!((sample.median() - 3.0).abs() < 1e-9);
        assert!((sample.percentile(99.0) - 5.0).abs() < 1e-9);
    }
}
