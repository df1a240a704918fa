//! Routers that remember what is mounted on them, so that the inventory can be held against it.
//!
//! The only place that calls axum's `route`. One more route: a line in the `routes()` of its file, and in the inventory.

use std::{collections::BTreeSet, convert::Infallible};

use axum::{
    Router,
    extract::Request,
    handler::Handler,
    response::IntoResponse,
    routing::{MethodFilter, MethodRouter, Route, any, get, on, post},
};
use tower::{Layer, Service};

use super::router::AppState;

/// A router and the list of its routes, each as `METHOD path`.
#[derive(Default)]
pub struct Routes {
    router: Router<AppState>,
    mounted: BTreeSet<String>,
}

impl Routes {
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn get<H: Handler<T, AppState>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.mount("GET", path, get(handler))
    }

    #[must_use]
    pub fn post<H: Handler<T, AppState>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.mount("POST", path, post(handler))
    }

    /// A POST, and what every other method is told.
    #[must_use]
    pub fn post_or<H, T, F, U>(self, path: &str, handler: H, otherwise: F) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
        F: Handler<U, AppState>,
        U: 'static,
    {
        self.mount("POST", path, post(handler).fallback(otherwise))
    }

    /// A route of any method.
    #[must_use]
    pub fn any<H: Handler<T, AppState>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.mount("ANY", path, any(handler))
    }

    /// Several methods of one path, each with its name, and what every other one is told.
    #[must_use]
    pub fn methods<H, T, F, U>(mut self, path: &str, handlers: Vec<(&str, MethodFilter, H)>, otherwise: F) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
        F: Handler<U, AppState>,
        U: 'static,
    {
        let mut all = MethodRouter::new();
        for (name, filter, handler) in handlers {
            self.mounted.insert(format!("{name} {path}"));
            all = all.merge(on(filter, handler));
        }
        self.router = self.router.route(path, all.fallback(otherwise));
        self
    }

    /// Files below `path`, named in the list as `path/{*path}`.
    #[must_use]
    pub fn files_below<S>(mut self, path: &str, service: S) -> Self
    where
        S: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Response: IntoResponse,
        S::Future: Send + 'static,
    {
        self.mounted.insert(format!("GET {path}/{{*path}}"));
        self.router = self.router.nest_service(path, service);
        self
    }

    /// One file.
    #[must_use]
    pub fn file<S>(mut self, path: &str, service: S) -> Self
    where
        S: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Response: IntoResponse,
        S::Future: Send + 'static,
    {
        self.mounted.insert(format!("GET {path}"));
        self.router = self.router.route_service(path, service);
        self
    }

    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.mounted.extend(other.mounted);
        self.router = self.router.merge(other.router);
        self
    }

    #[must_use]
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        self.router = self.router.layer(layer);
        self
    }

    pub fn mounted(&self) -> &BTreeSet<String> {
        &self.mounted
    }

    pub fn into_router(self) -> Router<AppState> {
        self.router
    }

    fn mount(mut self, method: &str, path: &str, handler: MethodRouter<AppState>) -> Self {
        self.mounted.insert(format!("{method} {path}"));
        self.router = self.router.route(path, handler);
        self
    }
}
