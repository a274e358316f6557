//! How an answer goes back to the client: in the query, in the fragment, or as a form.

use poem::{
    Response,
    http::{StatusCode, header},
};
use serde::{Deserialize, Serialize};
use url::{Url, form_urlencoded};

use super::pages;
use crate::{
    aadsts::{Refusal, Trace},
    world::World,
};

/// `response_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub(super) enum Mode {
    Query,
    Fragment,
    FormPost,
}

/// Where the answer goes.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) uri: String,
    pub(super) mode: Mode,
    pub(super) state: Option<String>,
}

impl Reply {
    /// Sends `parameters` and the state.
    pub(super) fn send(&self, mut parameters: Vec<(&str, String)>) -> Response {
        parameters.extend(self.state.clone().map(|state| ("state", state)));
        let encoded = || form_urlencoded::Serializer::new(String::new()).extend_pairs(&parameters).finish();
        // The URL's own text has the slash that a path-less address lacks.
        let Ok(mut url) = Url::parse(&self.uri) else {
            return Response::builder().status(StatusCode::BAD_REQUEST).finish();
        };
        match self.mode {
            Mode::Query => {
                let query = match url.query() {
                    None | Some("") => encoded(),
                    Some(before) => format!("{before}&{}", encoded()),
                };
                url.set_query(Some(&query));
                redirect(url.as_str())
            }
            Mode::Fragment => {
                url.set_fragment(Some(&encoded()));
                redirect(url.as_str())
            }
            Mode::FormPost => pages::form_post(&self.uri, &parameters),
        }
    }

    /// Sends an error.
    pub(super) fn refuse(
        &self,
        world: &World,
        site: &str,
        refusal: &Refusal,
        extra: Vec<(&str, String)>,
    ) -> Response {
        let mut parameters = vec![
            ("error", refusal.error().to_owned()),
            ("error_description", refusal.description(world, &Trace::new())),
            ("error_uri", format!("{site}/error?code={}", refusal.code())),
        ];
        parameters.extend(refusal.suberror().map(|suberror| ("suberror", suberror.to_owned())));
        parameters.extend(extra);
        self.send(parameters)
    }
}

/// Found, so that a form's POST becomes a GET.
pub(super) fn redirect(to: &str) -> Response {
    Response::builder()
        .status(StatusCode::FOUND)
        .header(header::LOCATION, to)
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::REFERRER_POLICY, "no-referrer")
        .finish()
}
