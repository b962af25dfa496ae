//! How a context gets its kernel, at first and again: a warm one made to fit, or a cold one.

use std::collections::BTreeMap;

use sandpit_api::ApiError;

use super::kernel::Kernel;
use super::launch::Launch;
use super::pool::Pool;
use super::prepare;

/// What a context's kernels are made from.
#[derive(Clone)]
pub struct Start {
    /// As a kernel of this context is started cold.
    pub launch: Launch,
    /// As any spare is started: the sandbox's directory and environment.
    pub plain: Launch,
    /// The context's own variables; `None` unsets one.
    pub variables: BTreeMap<String, Option<String>>,
    pub pool: Pool,
}

impl Start {
    /// A kernel in the context's directory with the context's variables.
    pub async fn kernel(&self) -> Result<Kernel, ApiError> {
        if let Some(kernel) = self.warm_kernel().await {
            return Ok(kernel);
        }
        self.launch.start().await
    }

    /// A spare, made to fit. One that does not fit is ended by being dropped.
    async fn warm_kernel(&self) -> Option<Kernel> {
        if !prepare::can_set(self.variables.keys().map(String::as_str)) {
            return None;
        }
        let code = prepare::settle(&self.launch.spec.language, &self.launch.cwd, &self.variables)?;
        let mut kernel = self.pool.take(&self.plain).await?;
        kernel.run_silently(code).await.ok().map(|()| kernel)
    }
}
