//! What the process routes read from their queries.

use sandpit_api::{ApiError, process::ProcessStatus};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Process;
use crate::exec::Text;

/// Which processes to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only those.
    #[param(inline)]
    pub status: Option<ProcessStatus>,
}

/// How to kill.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Kill {
    /// A name, with or without `SIG`, or a number; `TERM` when absent.
    #[param(example = "INT")]
    pub signal: Option<String>,
}

/// How long to wait.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct Wait {
    /// Milliseconds; without end when absent.
    #[param(example = 1000)]
    pub timeout_ms: Option<u64>,
}

/// What to do after the input was written.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Write {
    /// `1`: the process then sees the end of its input.
    #[param(inline)]
    pub close: Option<Flag>,
}

/// What part of a log is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// A cursor to go on from; from the beginning when absent.
    #[param(example = 0)]
    pub since: Option<u64>,
    /// `utf-8` or `base64`; as the process was started when absent.
    #[param(example = "utf-8")]
    pub encoding: Option<String>,
}

/// What part of a log is wanted as a stream.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    /// A cursor to go on from; from the beginning when absent.
    #[param(example = 0)]
    pub since: Option<u64>,
    /// `utf-8` or `base64`; as the process was started when absent.
    #[param(example = "utf-8")]
    pub encoding: Option<String>,
    /// `0`: only what is written from now on. Goes neither with `since` nor with `follow=0`.
    #[param(inline)]
    pub replay: Option<Flag>,
    /// `0`: only what there is now.
    #[param(inline)]
    pub follow: Option<Flag>,
}

/// Yes or no in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
pub enum Flag {
    #[serde(rename = "1", alias = "true")]
    Yes,
    #[serde(rename = "0", alias = "false")]
    No,
}

impl Flag {
    pub fn is_yes(self) -> bool {
        self == Self::Yes
    }
}

impl LogQuery {
    /// Where to begin in the log of `process`, and how to tell it.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for an encoding or a cursor that cannot be.
    pub fn read(&self, process: &Process) -> Result<(u64, Text), ApiError> {
        let end = process.log.end();
        if self.since.is_some_and(|since| since > end) {
            return Err(ApiError::invalid("since", format!("the log ends at {end}")).with("cursor", end));
        }
        let text = match &self.encoding {
            Some(encoding) => Text::new(Some(encoding))?,
            None => process.text.clone(),
        };
        Ok((self.since.unwrap_or(0), text))
    }
}
