//! Ports: those something listens on, and those exposed as preview URLs.

use std::collections::HashMap;

use axum::{Json, extract::State, response::IntoResponse};
use http::{StatusCode, Uri};
use parking_lot::RwLock;
use rand::Rng;
use sandpit_api::{
    ApiError,
    ErrorCode::{self, *},
    port::{ExposePort, ExposedPort, ListeningPort, PortStatus, Ports},
};
use sandpit_engine::Result;

use crate::{
    answer::{Answer, Id, Input},
    gateway::Gateway,
    lifecycle::unsaved,
    previews::host,
    saved::{Exposure, Kept},
};

/// Letters of a made-up token: 16 of 36 are 82 bits.
const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const TOKEN_LENGTH: usize = 16;

/// The ports that something in each running sandbox listens on.
#[derive(Default)]
pub struct Listening {
    ports: RwLock<HashMap<String, Vec<ListeningPort>>>,
}

impl Listening {
    pub fn get(&self, id: &str) -> Vec<ListeningPort> {
        self.ports.read().get(id).cloned().unwrap_or_default()
    }

    /// True when these are other ports than before.
    pub fn put(&self, id: &str, ports: Vec<ListeningPort>) -> bool {
        let mut all = self.ports.write();
        let before = all.get(id).map(Vec::as_slice).unwrap_or_default();
        let changed = before != ports.as_slice();
        if changed {
            all.insert(id.to_owned(), ports);
        }
        changed
    }

    pub fn forget(&self, id: &str) {
        self.ports.write().remove(id);
    }
}

enum Refused {
    Asked(ApiError),
    Disk(std::io::Error),
}

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Self {
        Self::Disk(error)
    }
}

impl Gateway {
    /// The exposed ports of a sandbox, in order, with the status that was seen last.
    pub(crate) fn exposed(&self, id: &str) -> Vec<ExposedPort> {
        self.exposed_among(id, &self.listening.get(id))
    }

    fn exposed_among(&self, id: &str, listening: &[ListeningPort]) -> Vec<ExposedPort> {
        let shown = |(port, exposure): (&u16, &Exposure)| self.shown(id, *port, exposure, listening);
        self.saved.with(id, |kept| kept.ports.iter().map(shown).collect()).unwrap_or_default()
    }

    fn shown(&self, id: &str, port: u16, exposure: &Exposure, listening: &[ListeningPort]) -> ExposedPort {
        let active = listening.iter().any(|listening| listening.port == port);
        ExposedPort {
            port,
            url: host::url(port, id, &exposure.token, self.previews.port()),
            name: exposure.name.clone(),
            status: if active { PortStatus::Active } else { PortStatus::Inactive },
        }
    }

    async fn expose(&self, id: &str, request: ExposePort) -> Result<ExposedPort> {
        validate(id, &request)?;
        self.inspect(id).await?;
        let port = request.port;
        let exposed = self.saved.change(id, |kept| expose(kept, request).map_err(Refused::Asked)).await;
        let exposure = exposed.map_err(|refused| match refused {
            Refused::Asked(error) => error,
            Refused::Disk(error) => unsaved(error),
        })?;
        self.inspect(id).await?;
        Ok(self.shown(id, port, &exposure, &self.listening_now(id).await))
    }

    async fn unexpose(&self, id: &str, port: u16) -> Result<()> {
        self.inspect(id).await?;
        let removed = self.saved.change(id, |kept| Ok::<_, std::io::Error>(kept.ports.remove(&port)));
        removed.await.map_err(unsaved)?.ok_or_else(|| not_exposed(port))?;
        self.inspect(id).await.map(drop)
    }
}

/// A port that is exposed already keeps its token, so its URL stays; its name may change.
fn expose(kept: &mut Kept, request: ExposePort) -> Result<Exposure> {
    let ExposePort { port, name, token } = request;
    if let Some(present) = kept.ports.get_mut(&port) {
        if token.is_some_and(|token| token != present.token) {
            let message = format!("Port {port} is exposed already, with another token.");
            return Err(ApiError::new(ErrorCode::PortAlreadyExposed, message)
                .with("port", port)
                .suggest("Unexpose it first, or leave the token out."));
        }
        present.name = name.or(present.name.take());
        return Ok(present.clone());
    }
    if let Some(other) = kept.ports.iter().find(|(_, exposure)| Some(&exposure.token) == token.as_ref()) {
        let message = format!("The token is that of port {} already.", other.0);
        return Err(ApiError::invalid("token", message).with("port", *other.0));
    }
    let exposure = Exposure::new(token.unwrap_or_else(fresh_token), name);
    kept.ports.insert(port, exposure.clone());
    Ok(exposure)
}

fn fresh_token() -> String {
    let mut random = rand::rng();
    (0..TOKEN_LENGTH).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())])).collect()
}

fn validate(id: &str, request: &ExposePort) -> Result<()> {
    port_number(request.port)?;
    if request.name.as_ref().is_some_and(|name| name.len() > 100 || name.contains(char::is_control)) {
        return Err(ApiError::invalid(
            "name",
            "A port's name is at most 100 bytes, without control characters.",
        ));
    }
    if request.token.as_ref().is_some_and(|token| !host::is_token(token)) {
        return Err(ApiError::invalid("token", "A token is 1 to 16 of a-z, 0-9 and _."));
    }
    let token = request.token.as_ref().map_or(TOKEN_LENGTH, String::len);
    if !host::fits(request.port, id, token) {
        let message = "The sandbox's id is too long for a preview: its host name would pass 63 characters.";
        return Err(ApiError::invalid("id", message)
            .with("id", id)
            .suggest("Use an id of up to 40 characters."));
    }
    Ok(())
}

/// The reference's rule: ports below 1024 have no preview.
fn port_number(port: u16) -> Result<()> {
    if port >= host::FIRST_PORT {
        return Ok(());
    }
    let message = format!("Port {port} cannot be exposed: a port from 1024 to 65535 can.");
    Err(ApiError::new(ErrorCode::InvalidPort, message).with("port", port).with("field", "port"))
}

fn not_exposed(port: u16) -> ApiError {
    ApiError::new(ErrorCode::PortNotExposed, format!("Port {port} is not exposed.")).with("port", port)
}

/// Ports that are exposed, and those that something listens on.
#[utoipa::path(
    get, path = "/v1/sandboxes/{sandbox}/ports", tag = "Ports",
    responses((status = 200, description = "The ports", body = Ports, example = json!({ "exposed": [], "listening": [] }))),
)]
pub async fn list(State(gateway): State<Gateway>, Id(id): Id) -> Answer<Json<Ports>> {
    gateway.inspect(&id).await?;
    let listening = gateway.listening_now(&id).await;
    Ok(Json(Ports { exposed: gateway.exposed_among(&id, &listening), listening }))
}

/// Gives a port a preview URL; 201, also when it had one already.
#[utoipa::path(
    post, path = "/v1/sandboxes/{sandbox}/ports", tag = "Ports",
    request_body(content = ExposePort, example = json!({ "port": 8000, "name": "web" })),
    responses((status = 201, description = "The port and its URL", body = ExposedPort, example = json!({
        "port": 8000, "url": "http://8000-demo-abc.localhost:4000/", "name": "web", "status": "inactive",
    }))),
    extensions(("x-errors" = json!([InvalidPort, PortAlreadyExposed, NoSpace]))),
)]
pub async fn add(
    State(gateway): State<Gateway>,
    Id(id): Id,
    Input(request): Input<Asked>,
) -> Answer<impl IntoResponse> {
    let exposed = gateway.expose(&id, request.checked()?).await?;
    Ok((StatusCode::CREATED, Json(exposed)))
}

/// Takes a port's preview URL away.
#[utoipa::path(
    delete, path = "/v1/sandboxes/{sandbox}/ports/{port}", tag = "Ports",
    params(("port" = u16, Path, description = "The port", example = 8000)),
    responses((status = 204, description = "It is gone")),
    extensions(("x-errors" = json!([InvalidPort, PortNotExposed, NoSpace]))),
)]
pub async fn remove(State(gateway): State<Gateway>, Id(id): Id, uri: Uri) -> Answer<StatusCode> {
    let port = uri.path().rsplit('/').next().unwrap_or_default();
    let invalid = || ApiError::new(ErrorCode::InvalidPort, format!("{port} is no port.")).with("port", port);
    let port = port.parse().map_err(|_| invalid())?;
    gateway.unexpose(&id, port).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// [`ExposePort`] with a port of any size, so that 70000 is an `INVALID_PORT` and not a wrong body.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    port: i64,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    token: Option<String>,
}

impl Asked {
    fn checked(self) -> Result<ExposePort> {
        let port = u16::try_from(self.port).map_err(|_| {
            let message = format!("{} is no port: a port from 1024 to 65535 can be exposed.", self.port);
            ApiError::new(ErrorCode::InvalidPort, message).with("port", self.port).with("field", "port")
        })?;
        Ok(ExposePort { port, name: self.name, token: self.token })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(port: u16, token: Option<&str>) -> ExposePort {
        ExposePort { port, name: None, token: token.map(str::to_owned) }
    }

    #[test]
    fn a_port_that_is_exposed_again_keeps_its_token() {
        let mut kept = Kept::default();
        let first = expose(&mut kept, ask(8080, None)).expect("exposed");
        let named = ExposePort { name: Some("web".into()), ..ask(8080, None) };
        let second = expose(&mut kept, named).expect("exposed again");
        assert_eq!(first.token, second.token);
        assert_eq!(second.name.as_deref(), Some("web"));
        assert_eq!(expose(&mut kept, ask(8080, None)).expect("again").name.as_deref(), Some("web"));
    }

    #[test]
    fn another_token_for_an_exposed_port_is_a_conflict_and_a_token_serves_one_port() {
        let mut kept = Kept::default();
        expose(&mut kept, ask(8080, Some("mine"))).expect("exposed");
        let other = expose(&mut kept, ask(8080, Some("yours"))).expect_err("a conflict");
        assert_eq!(other.code, ErrorCode::PortAlreadyExposed);
        let twice = expose(&mut kept, ask(8081, Some("mine"))).expect_err("a token twice");
        assert_eq!(twice.code, ErrorCode::ValidationFailed);
    }

    #[test]
    fn made_up_tokens_are_tokens_and_differ() {
        let (one, two) = (fresh_token(), fresh_token());
        assert!(host::is_token(&one) && one.len() == TOKEN_LENGTH);
        assert_ne!(one, two);
    }

    #[test]
    fn ports_below_1024_wrong_tokens_and_long_ids_are_refused() {
        let code = |id: &str, request| validate(id, &request).expect_err("refused").code;
        for port in [0, 22, 1023] {
            assert_eq!(code("demo", ask(port, None)), ErrorCode::InvalidPort);
        }
        for token in ["", "A", "a-b", "seventeen_letters"] {
            assert_eq!(code("demo", ask(8080, Some(token))), ErrorCode::ValidationFailed, "{token}");
        }
        assert!(validate(&"x".repeat(40), &ask(65535, None)).is_ok());
        assert_eq!(code(&"x".repeat(41), ask(65535, None)), ErrorCode::ValidationFailed);
    }
}
