//! What a sign-in is asked for, read from a query.

use std::collections::HashMap;

use super::{
    redirect_uri::registered,
    reply::{Mode, Reply},
};
use crate::{
    aadsts::Refusal,
    claims_request::ClaimsRequest,
    directory::{App, Authority, Directory, Platform},
    issued::{Challenge, Device},
};

/// `prompt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prompt {
    None,
    Login,
    Consent,
    SelectAccount,
}

/// A request that can be answered.
#[derive(Debug, Clone)]
pub(super) struct Request<'a> {
    pub(super) authority: Authority,
    pub(super) client: &'a App,
    pub(super) scope: String,
    pub(super) prompt: Option<Prompt>,
    pub(super) login_hint: Option<String>,
    pub(super) domain_hint: Option<String>,
    pub(super) sid: Option<String>,
    /// How many seconds ago the password may have been typed.
    pub(super) max_age: Option<i64>,
    pub(super) claims: ClaimsRequest,
    pub(super) goal: Goal,
}

/// What comes of it.
#[derive(Debug, Clone)]
pub(super) enum Goal {
    Authorize(Box<Wish>),
    AdminConsent { reply: Reply, is_v2: bool },
    Device { user_code: String },
}

/// What `/authorize` is to answer with.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    pub(super) reply: Reply,
    pub(super) platform: Platform,
    pub(super) wants_code: bool,
    pub(super) wants_id_token: bool,
    pub(super) wants_client_info: bool,
    pub(super) nonce: Option<String>,
    pub(super) challenge: Option<Challenge>,
}

/// Why a request cannot be answered, and who is told.
#[derive(Debug, Clone)]
pub(super) enum Unusable {
    /// Nobody knows whether the address is the client's: the person is told.
    OnPage(Box<Refusal>),
    /// The client is told.
    ToClient(Reply, Box<Refusal>),
}

impl Unusable {
    fn page(refusal: Refusal) -> Self {
        Self::OnPage(Box::new(refusal))
    }
}

/// The parameters; the first of a name counts, an empty one does not.
pub(super) struct Query(HashMap<String, String>);

impl Query {
    pub(super) fn read(query: &str) -> Self {
        let mut parameters = HashMap::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if !value.is_empty() {
                parameters.entry(name.into_owned()).or_insert_with(|| value.into_owned());
            }
        }
        Self(parameters)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }
}

/// Reads a request to `/authorize`.
pub(super) fn authorize<'a>(
    directory: &'a Directory,
    segment: &str,
    query: &Query,
) -> Result<Request<'a>, Unusable> {
    let (authority, client) = asker(directory, segment, query)?;
    let response_type = query.get("response_type");
    let wants =
        |kind: &str| response_type.is_some_and(|types| types.split_whitespace().any(|known| known == kind));
    let (reply, platform) = reply(client, query, wants("id_token"))?;
    let refused = |refusal| Unusable::ToClient(reply.clone(), Box::new(refusal));
    let response_type = response_type.ok_or_else(|| refused(Refusal::missing_in_query("response_type")))?;
    let is_known = response_type.split_whitespace().all(|kind| ["code", "id_token"].contains(&kind));
    if !is_known || (wants("id_token") && !client.id_tokens) {
        return Err(refused(Refusal::unsupported_response_type(response_type)));
    }
    let scope = query.get("scope").ok_or_else(|| refused(Refusal::missing_in_query("scope")))?;
    if wants("id_token") && query.get("nonce").is_none() {
        return Err(refused(Refusal::missing_in_query("nonce")));
    }
    if wants("id_token") && reply.mode == Mode::Query {
        return Err(refused(Refusal::bad_parameter("response_mode", "an ID token does not go into a query")));
    }
    let challenge = challenge(query).map_err(refused)?;
    if platform == Platform::Spa && challenge.is_none() {
        return Err(refused(Refusal::missing_challenge()));
    }
    let prompt = prompt(query).map_err(refused)?;
    if prompt == Some(Prompt::SelectAccount) && query.get("login_hint").is_some() {
        return Err(refused(Refusal::bad_parameter(
            "prompt",
            "select_account and login_hint exclude each other",
        )));
    }
    let claims = ClaimsRequest::parse(query.get("claims")).map_err(refused)?;
    Ok(Request {
        authority,
        client,
        scope: scope.to_owned(),
        prompt,
        login_hint: query.text("login_hint"),
        domain_hint: query.text("domain_hint"),
        sid: query.text("sid"),
        max_age: query.get("max_age").and_then(|age| age.parse().ok()),
        claims,
        goal: Goal::Authorize(Box::new(Wish {
            platform,
            wants_code: wants("code"),
            wants_id_token: wants("id_token"),
            wants_client_info: query.get("client_info") == Some("1"),
            nonce: query.text("nonce"),
            challenge,
            reply,
        })),
    })
}

/// Reads a request to either of the admin consent endpoints.
pub(super) fn admin_consent<'a>(
    directory: &'a Directory,
    segment: &str,
    query: &Query,
    is_v2: bool,
) -> Result<Request<'a>, Unusable> {
    let (authority, client) = asker(directory, segment, query)?;
    let (reply, _) = reply(client, query, false)?;
    let reply = Reply { mode: Mode::Query, ..reply };
    let refused = |refusal| Unusable::ToClient(reply.clone(), Box::new(refusal));
    if is_v2 && authority == Authority::Common {
        return Err(Unusable::page(Refusal::grant_needs_a_tenant()));
    }
    let scope = query.get("scope").unwrap_or_default();
    if is_v2 && scope.is_empty() {
        return Err(refused(Refusal::missing_in_query("scope")));
    }
    Ok(Request {
        authority,
        client,
        scope: if is_v2 { scope.to_owned() } else { String::new() },
        prompt: None,
        login_hint: query.text("login_hint"),
        domain_hint: None,
        sid: None,
        max_age: None,
        claims: ClaimsRequest::default(),
        goal: Goal::AdminConsent { reply, is_v2 },
    })
}

fn asker<'a>(
    directory: &'a Directory,
    segment: &str,
    query: &Query,
) -> Result<(Authority, &'a App), Unusable> {
    let authority = Authority::parse(segment, directory)
        .ok_or_else(|| Unusable::page(Refusal::unknown_tenant(segment)))?;
    let id = query.get("client_id").ok_or_else(|| Unusable::page(Refusal::missing_in_query("client_id")))?;
    let client = directory
        .apps
        .iter()
        .find(|app| app.id.to_string().eq_ignore_ascii_case(id))
        .ok_or_else(|| Unusable::page(Refusal::unknown_client(id, segment)))?;
    Ok((authority, client))
}

fn reply(client: &App, query: &Query, has_id_token: bool) -> Result<(Reply, Platform), Unusable> {
    let uri =
        query.get("redirect_uri").ok_or_else(|| Unusable::page(Refusal::missing_in_query("redirect_uri")))?;
    let registered =
        registered(client, uri).ok_or_else(|| Unusable::page(Refusal::redirect_mismatch(uri, client)))?;
    let default = if has_id_token { Mode::Fragment } else { Mode::Query };
    let mode = match query.get("response_mode") {
        None => default,
        Some("query") => Mode::Query,
        Some("fragment") => Mode::Fragment,
        Some("form_post") => Mode::FormPost,
        Some(_) => return Err(Unusable::page(Refusal::bad_parameter("response_mode", "it is unknown"))),
    };
    Ok((Reply { uri: uri.to_owned(), mode, state: query.text("state") }, registered.platform))
}

fn challenge(query: &Query) -> Result<Option<Challenge>, Refusal> {
    let Some(text) = query.get("code_challenge") else { return Ok(None) };
    if !Challenge::has_right_size(text) {
        return Err(Refusal::challenge_of_wrong_size());
    }
    let is_hashed = match query.get("code_challenge_method") {
        None | Some("plain") => false,
        Some("S256") => true,
        Some(_) => {
            return Err(Refusal::bad_parameter("code_challenge_method", "it is neither S256 nor plain"));
        }
    };
    Ok(Some(Challenge { text: text.to_owned(), is_hashed }))
}

fn prompt(query: &Query) -> Result<Option<Prompt>, Refusal> {
    match query.get("prompt") {
        None => Ok(None),
        Some("none") => Ok(Some(Prompt::None)),
        Some("login") => Ok(Some(Prompt::Login)),
        Some("consent") => Ok(Some(Prompt::Consent)),
        Some("select_account") => Ok(Some(Prompt::SelectAccount)),
        Some(_) => Err(Refusal::bad_parameter("prompt", "it is unknown")),
    }
}

/// What a device asks for, if it still waits.
pub(super) fn device(directory: &Directory, device: Option<Device>) -> Result<Request<'_>, Unusable> {
    let stale = || Unusable::page(Refusal::device_expired());
    let device = device.ok_or_else(stale)?;
    let client = directory.apps.iter().find(|app| app.id == device.client).ok_or_else(stale)?;
    Ok(Request {
        authority: device.authority,
        client,
        scope: device.scope,
        // Who is signed in already must say that it is he who wants this.
        prompt: Some(Prompt::SelectAccount),
        login_hint: None,
        domain_hint: None,
        sid: None,
        max_age: None,
        claims: ClaimsRequest::default(),
        goal: Goal::Device { user_code: device.user_code },
    })
}
