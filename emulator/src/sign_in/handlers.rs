//! The addresses of the sign-in. Each builds a flow, and shows what comes next in it.

use std::sync::Arc;

use poem::{
    Body, Request, Response, handler,
    web::{Data, Path},
};

use super::{
    browser::Browser,
    finish::{self, Ending},
    flow::{Flow, Purpose},
    forms::{self, Form},
    next::{self, Next},
    pages,
    request::{self, Goal, Query, Unusable},
};
use crate::{
    aadsts::Refusal,
    directory::Directory,
    server::Site,
    world::{World, lock},
};

/// More than any form of ours has, a long query included.
const BODY_LIMIT: usize = 64 * 1024;

/// Where a sign-in happens.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) world: &'a World,
    pub(super) site: &'a Site,
    pub(super) browser: &'a Browser,
}

#[handler]
pub(crate) fn authorize(
    request: &Request,
    Data(world): Data<&Arc<World>>,
    Data(site): Data<&Site>,
    Path(segment): Path<String>,
) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    begin(request, world, site, Purpose::Authorize { segment, query })
}

/// The classic one, without scopes.
#[handler]
pub(crate) fn admin_consent(
    request: &Request,
    Data(world): Data<&Arc<World>>,
    Data(site): Data<&Site>,
    Path(segment): Path<String>,
) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    begin(request, world, site, Purpose::AdminConsent { segment, query, is_v2: false })
}

#[handler]
pub(crate) fn admin_consent_v2(
    request: &Request,
    Data(world): Data<&Arc<World>>,
    Data(site): Data<&Site>,
    Path(segment): Path<String>,
) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    begin(request, world, site, Purpose::AdminConsent { segment, query, is_v2: true })
}

/// Takes what a page's form sends.
#[handler]
pub(crate) async fn step(
    request: &Request,
    body: Body,
    Data(world): Data<&Arc<World>>,
    Data(site): Data<&Site>,
) -> Response {
    let browser = Browser::of(request, site);
    let form = body.into_bytes_limit(BODY_LIMIT).await.map(|body| Form::read(&body)).unwrap_or_default();
    let place = Place { world, site, browser: &browser };
    match Flow::open(world, form.get("flow"), &browser.id) {
        None => pages::stop(&Refusal::stale_page(), None),
        Some(flow) => forms::take(place, flow, &form),
    }
}

fn begin(request: &Request, world: &World, site: &Site, purpose: Purpose) -> Response {
    let browser = Browser::of(request, site);
    let flow = Flow::new(purpose, &browser.id, world.clock.now());
    let response = show(Place { world, site, browser: &browser }, &flow);
    browser.remember(site, response)
}

/// What comes next.
pub(super) fn show(place: Place<'_>, flow: &Flow) -> Response {
    let Place { world, browser, .. } = place;
    let directory = world.directory_now();
    let request = match read(world, &directory, flow) {
        Ok(request) => request,
        Err(unusable) => return refuse(place, unusable),
    };
    match next::next(world, &directory, &request, flow, &browser.session(world)) {
        Next::Ask(page) => page.show(&flow.seal(world)),
        Next::Refuse(refusal) => give_up(place, &request.goal, &refusal),
        Next::Stop(refusal) => pages::stop(&refusal, Some(&flow.seal(world))),
        Next::Finish(ready) => finish::finish(Ending { world, directory: &directory }, &request, &ready),
    }
}

/// Reads the request of a flow, as it did at the first step.
pub(super) fn read<'a>(
    world: &World,
    directory: &'a Directory,
    flow: &Flow,
) -> Result<request::Request<'a>, Unusable> {
    match &flow.purpose {
        Purpose::Authorize { segment, query } => request::authorize(directory, segment, &Query::read(query)),
        Purpose::AdminConsent { segment, query, is_v2 } => {
            request::admin_consent(directory, segment, &Query::read(query), *is_v2)
        }
        Purpose::Device { user_code } => {
            let now = world.clock.now();
            let device = lock(&world.issued).waiting_device(user_code, now).cloned();
            request::device(directory, device)
        }
    }
}

fn refuse(place: Place<'_>, unusable: Unusable) -> Response {
    let Place { world, site, .. } = place;
    match unusable {
        Unusable::OnPage(refusal) => pages::stop(&refusal, None),
        Unusable::ToClient(reply, refusal) => reply.refuse(world, &site.url, &refusal, Vec::new()),
    }
}

/// Tells the client that it gets nothing.
pub(super) fn give_up(place: Place<'_>, goal: &Goal, refusal: &Refusal) -> Response {
    let Place { world, site, .. } = place;
    let is_cancelled = refusal.code() == Refusal::consent_declined().code();
    match goal {
        Goal::Authorize(wish) => {
            let extra = if is_cancelled { vec![("error_subcode", "cancel".to_owned())] } else { Vec::new() };
            wish.reply.refuse(world, &site.url, refusal, extra)
        }
        // Entra says so also when it fails, and does not name the tenant.
        Goal::AdminConsent { reply, .. } => {
            reply.refuse(world, &site.url, refusal, vec![("admin_consent", "True".to_owned())])
        }
        Goal::Device { user_code } => {
            finish::decline_device(world, user_code);
            pages::stop(refusal, None)
        }
    }
}
