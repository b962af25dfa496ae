//! What a request to make or change a sandbox may say. Each failure names its field.

use std::collections::BTreeMap;

use sandpit_api::{
    ApiError,
    sandbox::{CreateSandbox, Limits, Network, NetworkMode, PatchSandbox, SleepAfter},
};

type Checked = Result<(), ApiError>;

const LONGEST_NAME: usize = 100;
const MOST_LABELS: usize = 64;
/// All names and values together. The kernel gives a program at most 2 MiB for arguments and environment.
const LARGEST_ENV: usize = 256 * 1024;
/// The kernel's limit for one string (`MAX_ARG_STRLEN`).
const LONGEST_VALUE: usize = 128 * 1024 - 1;
const LONGEST_SLEEP: u64 = 365 * 24 * 3600;

/// The whole body of `POST /v1/sandboxes`.
pub fn create(request: &CreateSandbox) -> Checked {
    request.id.as_deref().map_or(Ok(()), sandpit_engine::id::validate)?;
    request.name.as_deref().map_or(Ok(()), name)?;
    request.image.as_deref().map_or(Ok(()), image)?;
    env(&request.env)?;
    limits(&request.limits)?;
    network(&request.network)?;
    request.sleep_after.as_ref().map_or(Ok(()), sleep_after)?;
    labels(&request.labels)
}

/// The whole body of `PATCH /v1/sandboxes/{id}`.
pub fn patch(request: &PatchSandbox) -> Checked {
    request.name.as_deref().map_or(Ok(()), name)?;
    request.env.as_ref().map_or(Ok(()), env)?;
    request.limits.as_ref().map_or(Ok(()), limits)?;
    request.sleep_after.as_ref().map_or(Ok(()), sleep_after)?;
    request.labels.as_ref().map_or(Ok(()), labels)
}

fn name(name: &str) -> Checked {
    let right = !name.trim().is_empty() && text(name, LONGEST_NAME);
    check(right, "name", "A name is 1 to 100 characters, none of them a control character.")
}

fn image(image: &str) -> Checked {
    let right = !image.is_empty() && text(image, 255) && !image.contains(char::is_whitespace);
    check(right, "image", "An image is 1 to 255 characters without spaces.")
}

fn env(env: &BTreeMap<String, String>) -> Checked {
    let whole: usize = env.iter().map(|(key, value)| key.len() + value.len() + 2).sum();
    check(whole <= LARGEST_ENV, "env", "The environment is larger than 256 KiB.")?;
    for (key, value) in env {
        let field = format!("env.{key}");
        check(variable(key), &field, "A variable's name is a letter or _, then letters, digits and _.")?;
        check(!value.contains('\0'), &field, "A variable's value cannot hold a NUL.")?;
        check(key.len() + value.len() < LONGEST_VALUE, &field, "A variable is at most 128 KiB.")?;
    }
    Ok(())
}

fn variable(key: &str) -> bool {
    let mut bytes = key.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn limits(limits: &Limits) -> Checked {
    let cpus = limits.cpus.is_none_or(|cpus| cpus.is_finite() && cpus > 0.0 && cpus <= 4096.0);
    check(cpus, "limits.cpus", "cpus is a number above 0.")?;
    let positive = |count: Option<u64>| count.is_none_or(|count| (1..=1 << 40).contains(&count));
    check(positive(limits.memory_mib), "limits.memoryMiB", "memoryMiB is a whole number of at least 1.")?;
    check(positive(limits.pids), "limits.pids", "pids is a whole number of at least 1.")?;
    check(positive(limits.disk_mib), "limits.diskMiB", "diskMiB is a whole number of at least 1.")
}

fn network(network: &Network) -> Checked {
    let listed = network.mode == NetworkMode::Allow;
    check(listed || network.allow.is_empty(), "network.allow", "allow belongs to the mode \"allow\" only.")?;
    check(!listed || !network.allow.is_empty(), "network.allow", "The mode \"allow\" needs hosts to allow.")?;
    check(network.allow.len() <= 1000, "network.allow", "At most 1000 hosts can be allowed.")?;
    check(
        network.allow.iter().all(|host| host_name(host)),
        "network.allow",
        "An allowed host is a host name.",
    )
}

fn host_name(host: &str) -> bool {
    let name = host.strip_prefix("*.").unwrap_or(host);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    name.len() <= 253 && name.split('.').all(label)
}

fn sleep_after(time: &SleepAfter) -> Checked {
    let right = time.seconds().is_some_and(|seconds| (1..=LONGEST_SLEEP).contains(&seconds));
    check(
        right,
        "sleepAfter",
        "sleepAfter is a number of seconds, or a text such as \"90s\", \"10m\" or \"2h\".",
    )
}

fn labels(labels: &BTreeMap<String, String>) -> Checked {
    check(labels.len() <= MOST_LABELS, "labels", "At most 64 labels can be set.")?;
    for (key, value) in labels {
        let right = !key.is_empty() && text(key, 128) && text(value, 1024);
        check(
            right,
            &format!("labels.{key}"),
            "A label is a name of 1 to 128 characters and a text of up to 1024.",
        )?;
    }
    Ok(())
}

fn text(text: &str, longest: usize) -> bool {
    text.chars().count() <= longest && !text.contains(char::is_control)
}

fn check(right: bool, field: &str, message: &str) -> Checked {
    if right { Ok(()) } else { Err(ApiError::invalid(field, message)) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn wrong_field(body: Value) -> Option<String> {
        let request: CreateSandbox = serde_json::from_value(body).expect("a request by its shape");
        create(&request).err().map(|error| error.context["field"].as_str().expect("a field").to_owned())
    }

    #[test]
    fn a_whole_and_an_empty_request_are_right() {
        assert_eq!(wrong_field(json!({})), None);
        let whole = json!({
            "id": "demo-1", "name": "Démo", "image": "host", "env": {"A_1": "x=y"},
            "limits": {"cpus": 1.5, "memoryMiB": 512, "pids": 100, "diskMiB": 1024},
            "network": {"mode": "allow", "allow": ["pypi.org", "*.npmjs.org"]},
            "sleepAfter": "10m", "labels": {"team": "core"},
        });
        assert_eq!(wrong_field(whole), None);
    }

    #[test]
    fn each_wrong_value_names_its_field() {
        let wrong = [
            (json!({"id": "Demo"}), "id"),
            (json!({"name": "  "}), "name"),
            (json!({"name": "a\nb"}), "name"),
            (json!({"image": ""}), "image"),
            (json!({"env": {"1A": ""}}), "env.1A"),
            (json!({"env": {"A": "\u{0}"}}), "env.A"),
            (json!({"env": {"A": "x".repeat(300_000)}}), "env"),
            (json!({"limits": {"cpus": 0.0}}), "limits.cpus"),
            (json!({"limits": {"cpus": -1.0}}), "limits.cpus"),
            (json!({"limits": {"memoryMiB": 0}}), "limits.memoryMiB"),
            (json!({"limits": {"pids": 0}}), "limits.pids"),
            (json!({"network": {"mode": "allow"}}), "network.allow"),
            (json!({"network": {"mode": "on", "allow": ["a.org"]}}), "network.allow"),
            (json!({"network": {"mode": "allow", "allow": ["http://a"]}}), "network.allow"),
            (json!({"sleepAfter": 0}), "sleepAfter"),
            (json!({"sleepAfter": "soon"}), "sleepAfter"),
            (json!({"labels": {"": "x"}}), "labels."),
        ];
        for (body, field) in wrong {
            assert_eq!(wrong_field(body.clone()).as_deref(), Some(field), "{body}");
        }
    }
}
