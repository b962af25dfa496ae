//! How a module says what it serves: by handlers that carry their own description.
//!
//! `routes![execute, execute_stream]` takes path and method from each handler's `#[utoipa::path]`, so a
//! route without a description does not compile. The program holds paths and handlers only; the whole
//! descriptions exist in tests, which write the OpenAPI document that the gateway serves.

use std::sync::Arc;

use axum::{
    Router,
    handler::Handler,
    routing::{MethodFilter, on},
};
use utoipa::{
    __dev::{SchemaReferences, Tags},
    openapi::HttpMethod,
};

use crate::Agent;

/// The routes of one module, before they are given their agent.
#[derive(Default)]
pub struct Routes {
    router: Router<Arc<Agent>>,
    #[cfg(test)]
    pub(super) described: super::openapi::Described,
}

impl Routes {
    /// Adds a handler where its description `D` says.
    #[must_use]
    pub fn serve<D: Description, H: Handler<T, Arc<Agent>>, T: 'static>(mut self, handler: H) -> Self {
        let methods = D::methods().iter().map(filter).reduce(MethodFilter::or);
        let methods = methods.expect("a description names a method");
        self.router = self.router.route(&D::path(), on(methods, handler));
        #[cfg(test)]
        self.described.add::<D>();
        self
    }

    /// Adds the routes of another module.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        #[cfg(test)]
        self.described.merge(other.described);
        self
    }

    /// What axum serves.
    pub fn into_router(self) -> Router<Arc<Agent>> {
        self.router
    }
}

/// What `#[utoipa::path]` makes of a handler.
pub trait Description: utoipa::Path + SchemaReferences + Tags<'static> {}

impl<D: utoipa::Path + SchemaReferences + Tags<'static>> Description for D {}

fn filter(method: &HttpMethod) -> MethodFilter {
    match method {
        HttpMethod::Get => MethodFilter::GET,
        HttpMethod::Put => MethodFilter::PUT,
        HttpMethod::Post => MethodFilter::POST,
        HttpMethod::Head => MethodFilter::HEAD,
        HttpMethod::Patch => MethodFilter::PATCH,
        HttpMethod::Trace => MethodFilter::TRACE,
        HttpMethod::Delete => MethodFilter::DELETE,
        HttpMethod::Options => MethodFilter::OPTIONS,
    }
}

/// The [`Routes`] of handlers that `#[utoipa::path]` describes: `routes![list, viewer::attach]`.
#[macro_export]
macro_rules! routes {
    ($($first:ident $(:: $second:ident)?),+ $(,)?) => {{
        let routes = $crate::server::Routes::default();
        $(let routes = $crate::routes!(@add routes $first $(:: $second)?);)+
        routes
    }};
    (@add $routes:ident $module:ident :: $handler:ident) => {
        pastey::paste! { $routes.serve::<$module::[<__path_ $handler>], _, _>($module::$handler) }
    };
    (@add $routes:ident $handler:ident) => {
        pastey::paste! { $routes.serve::<[<__path_ $handler>], _, _>($handler) }
    };
}
