//! How a context gets its kernel, at first and again: a warm one made to fit, or a cold one.

use std::time::Duration;

use sandpit_api::ApiError;
use serde_json::{Map, Value};

use super::kernel::Kernel;
use super::launch::Launch;
use super::pool::Pool;
use super::prepare;
use crate::session::EnvChange;

/// What a context's kernels are made from.
#[derive(Clone)]
pub struct Start {
    /// As a kernel of this context is started cold.
    pub launch: Launch,
    /// As any spare is started: the sandbox's directory and environment.
    pub plain: Launch,
    /// The context's own environment; `None` unsets a variable.
    pub environment: EnvChange,
    /// What its kernels know before anything runs.
    pub variables: Map<String, Value>,
    /// How long a run may take that does not say so itself.
    pub limit: Option<Duration>,
    pub pool: Pool,
}

impl Start {
    /// A kernel in the context's directory with the context's environment and variables.
    pub async fn kernel(&self) -> Result<Kernel, ApiError> {
        if let Some(kernel) = self.warm_kernel().await {
            return Ok(kernel);
        }
        let mut kernel = self.launch.start().await?;
        if let Some(dialect) = self.launch.spec.dialect() {
            kernel.run_silently(prepare::furnish(dialect, &self.variables)).await?;
        }
        Ok(kernel)
    }

    /// A spare, made to fit. One that does not fit is ended by being dropped.
    async fn warm_kernel(&self) -> Option<Kernel> {
        let dialect = self.launch.spec.dialect()?;
        if !prepare::can_set(self.environment.keys().map(String::as_str)) {
            return None;
        }
        let mut code = prepare::settle(dialect, &self.launch.cwd, &self.environment);
        code.push_str(&prepare::furnish(dialect, &self.variables));
        let mut kernel = self.pool.take(&self.plain).await?;
        kernel.run_silently(code).await.ok().map(|()| kernel)
    }
}
