//! Where a request goes: to what stands beside the API, by its path, or else to the API's own router.
//!
//! What a reader would get wrong: the framework's way to put one router into another (`nest`) takes the address apart and
//! together again and searches twice, with every request.

use percent_encoding::percent_decode_str;
use poem::{Endpoint, IntoEndpoint, Request, Response, Route, endpoint::BoxEndpoint, error::ParsePathError};
use poem_openapi::{OpenApi, OpenApiService};

/// What is answered beside the operations of the document: pages, steps of a sign-in, health.
#[derive(Default)]
pub(crate) struct Beside {
    routes: Route,
    /// A path that ends with a slash stands for what is in that folder.
    paths: Vec<&'static str>,
}

impl Beside {
    /// Adds a path, whose last segment may be a parameter.
    pub(crate) fn at<E>(self, path: &'static str, endpoint: E) -> Self
    where
        E: IntoEndpoint,
        E::Endpoint: 'static,
    {
        let Self { routes, mut paths } = self;
        paths.push(path.split_once(':').map_or(path, |(folder, _)| folder));
        Self { routes: routes.at(path, endpoint), paths }
    }

    fn has(&self, path: &str) -> bool {
        let folder = path.rfind('/').and_then(|slash| path.get(..=slash)).unwrap_or_default();
        // There are few, and most differ in their length already.
        self.paths.iter().any(|known| *known == path || *known == folder)
    }
}

/// All routes.
pub(crate) struct Routes {
    beside: Beside,
    api: BoxEndpoint<'static>,
}

impl Routes {
    pub(crate) fn new<T: OpenApi + 'static>(beside: Beside, api: OpenApiService<T, ()>) -> Self {
        Self { beside, api: api.into_endpoint() }
    }
}

impl Endpoint for Routes {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let path = request.uri().path();
        // The router leaves a parameter out that is no text, and others would be taken for it.
        if path.contains('%') && percent_decode_str(path).decode_utf8().is_err() {
            return Err(ParsePathError.into());
        }
        if self.beside.has(path) {
            self.beside.routes.call(request).await
        } else {
            self.api.call(request).await
        }
    }
}

#[cfg(test)]
mod tests {
    use poem::endpoint::make_sync;

    use super::*;

    #[test]
    fn a_path_is_beside_if_it_was_added_or_is_in_a_folder_that_was() {
        let page = || make_sync(|_| "");
        let beside =
            Beside::default().at("/docs", page()).at("/docs/assets/:name", page()).at("/a/b", page());
        for path in ["/docs", "/docs/assets/x.js", "/docs/assets/", "/a/b"] {
            assert!(beside.has(path), "{path}");
        }
        for path in ["/", "", "/doc", "/docs/", "/docs/assets/x/y", "/a", "/a/b/", "/a/b/c", "*"] {
            assert!(!beside.has(path), "{path}");
        }
    }
}
