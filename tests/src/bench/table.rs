//! What a run found, as a table for people and as JSON for machines.

use serde::Serialize;

use super::Sample;

/// One measured thing, with the peer it was measured beside.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub what: String,
    /// `ms`, `MB` or `MB/s`.
    pub unit: &'static str,
    pub median: f64,
    pub p95: f64,
    pub p99: f64,
    pub n: usize,
    pub peer: Option<String>,
    pub peer_median: Option<f64>,
    /// What QUALITY asks for, in words.
    pub goal: &'static str,
    pub met: bool,
}

impl Row {
    pub fn times(what: &str, sample: &Sample, goal: &'static str, met: bool) -> Self {
        Self {
            what: what.to_owned(),
            unit: "ms",
            median: sample.median(),
            p95: sample.percentile(95.0),
            p99: sample.percentile(99.0),
            n: sample.len(),
            peer: None,
            peer_median: None,
            goal,
            met,
        }
    }

    /// A single number, such as a size or a rate.
    pub fn figure(what: &str, unit: &'static str, value: f64, goal: &'static str, met: bool) -> Self {
        let what = what.to_owned();
        Self {
            what,
            unit,
            median: value,
            p95: value,
            p99: value,
            n: 1,
            peer: None,
            peer_median: None,
            goal,
            met,
        }
    }

    #[must_use]
    pub fn beside(mut self, peer: &str, median: f64) -> Self {
        self.peer = Some(peer.to_owned());
        self.peer_median = Some(median);
        self
    }

    fn line(&self) -> String {
        let peer = match (&self.peer, self.peer_median) {
            (Some(name), Some(median)) => {
                format!("{name} {median:.2} ({:.2}×)", self.median / median)
            }
            _ => String::new(),
        };
        let mark = if self.met { "✓" } else { "✗" };
        format!(
            "{:<46} {:>9.2} {:>9.2} {:>9.2} {:<5} {:>4}  {mark} {:<34} {peer}",
            self.what, self.median, self.p95, self.p99, self.unit, self.n, self.goal
        )
    }
}

#[derive(Debug, Default, Serialize)]
pub struct Table {
    pub rows: Vec<Row>,
}

impl Table {
    /// Adds a row and shows it at once.
    pub fn add(&mut self, row: Row) {
        println!("{}", row.line());
        self.rows.push(row);
    }

    pub fn heading() {
        println!(
            "{:<46} {:>9} {:>9} {:>9} {:<5} {:>4}  {:<36} peer in this run",
            "what", "median", "p95", "p99", "unit", "n", "goal"
        );
    }
}
