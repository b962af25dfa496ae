//! What may be asked of this engine, and what is refused before anything is made.

use sandpit_api::{
    ApiError,
    engine::Capability,
    sandbox::{CreateSandbox, NetworkMode},
};
use sandpit_engine::{Result, record::Record, refuse};

use crate::{engine::IMAGE, host::Host, probe};

/// `VALIDATION_FAILED` for what makes no sense, `NOT_SUPPORTED` for what this host cannot enforce.
pub fn check(host: &Host, request: &CreateSandbox) -> Result<()> {
    if let Some(image) = request.image.as_deref().filter(|image| *image != IMAGE) {
        return Err(refuse::not_supported(
            &format!("The image {image}"),
            "the embedded engine has only `host`",
        ));
    }
    environment(request)?;
    sense(request)?;
    let capabilities = probe::capabilities(host);
    let asked = [
        ("limits.cpus", request.limits.cpus.is_some(), &capabilities.cpu_limit),
        ("limits.memoryMiB", request.limits.memory_mib.is_some(), &capabilities.memory_limit),
        ("limits.diskMiB", request.limits.disk_mib.is_some(), &capabilities.disk_limit),
        ("network.mode on", request.network.mode == NetworkMode::On, &capabilities.network_on),
        ("network.mode allow", request.network.mode == NetworkMode::Allow, &capabilities.network_allow),
    ];
    let mut refused = asked.into_iter().filter(|(_, asked, capability)| *asked && !capability.available);
    refused.next().map_or(Ok(()), |(what, _, capability)| Err(unsupported(what, capability)))
}

fn unsupported(what: &str, capability: &Capability) -> ApiError {
    let error =
        refuse::not_supported(what, capability.reason.as_deref().unwrap_or("this host does not grant it"));
    match &capability.fix_it {
        Some(fix_it) => error.suggest(fix_it.clone()),
        None => error,
    }
}

/// What a record asks for when it is started again.
pub fn of(record: &Record) -> CreateSandbox {
    CreateSandbox {
        env: record.env.clone(),
        limits: record.limits.clone(),
        network: record.network.clone(),
        ..CreateSandbox::default()
    }
}

fn environment(request: &CreateSandbox) -> Result<()> {
    for (name, value) in &request.env {
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            return Err(ApiError::invalid("env", "a variable has a name without = and no NUL anywhere")
                .with("name", name.clone()));
        }
    }
    Ok(())
}

fn sense(request: &CreateSandbox) -> Result<()> {
    let limits = &request.limits;
    let refused = |field, message| Err(ApiError::invalid(field, message));
    if limits.cpus.is_some_and(|cpus| !(0.01..=4096.0).contains(&cpus)) {
        return refused("limits.cpus", "cpus must be 0.01 to 4096");
    }
    if limits.memory_mib.is_some_and(|mib| !(16..=1 << 30).contains(&mib)) {
        return refused("limits.memoryMiB", "memoryMiB must be at least 16");
    }
    if limits.pids.is_some_and(|pids| !(16..=4_194_304).contains(&pids)) {
        return refused("limits.pids", "pids must be 16 to 4194304");
    }
    Ok(())
}
