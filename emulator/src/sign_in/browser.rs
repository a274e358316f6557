//! Which browser asks: a cookie, another one for http and https, since they do not share safe cookies.

use poem::{
    Request, Response,
    http::{HeaderValue, header},
};

use crate::{
    issued::Session,
    random,
    server::Site,
    world::{World, lock},
};

/// A browser behind its cookie.
#[derive(Debug, Clone)]
pub(super) struct Browser {
    pub(super) id: String,
    is_new: bool,
}

impl Browser {
    pub(super) fn of(request: &Request, site: &Site) -> Self {
        let name = cookie(site);
        let known = request
            .headers()
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.to_owned());
        match known {
            Some(id) => Self { id, is_new: false },
            None => Self { id: random::opaque::<24>(), is_new: true },
        }
    }

    pub(super) fn session(&self, world: &World) -> Session {
        lock(&world.issued).sessions.get(&self.id).cloned().unwrap_or_default()
    }

    /// Changes who is signed in.
    pub(super) fn change(&self, world: &World, change: impl FnOnce(&mut Session)) {
        change(lock(&world.issued).sessions.entry(self.id.clone()).or_default());
    }

    /// Gives a new browser its cookie. Pages of clients ask silently in a frame, hence `None` where the
    /// browser allows that.
    pub(super) fn remember(&self, site: &Site, mut response: Response) -> Response {
        if self.is_new {
            let policy = if is_https(site) { "SameSite=None; Secure" } else { "SameSite=Lax" };
            let value = format!("{}={}; Path=/; HttpOnly; {policy}", cookie(site), self.id);
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
        }
        response
    }
}

fn is_https(site: &Site) -> bool {
    site.url.starts_with("https:")
}

fn cookie(site: &Site) -> &'static str {
    if is_https(site) { "entra_emulator_https" } else { "entra_emulator_http" }
}
