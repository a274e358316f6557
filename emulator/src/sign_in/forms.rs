//! What the forms of the pages do.

use std::collections::HashMap;

use poem::Response;

use super::{
    flow::{Flow, Purpose},
    handlers::{Place, give_up, read, show},
    next::{self, Next},
    pages::Page,
    request::{Goal, Request},
};
use crate::{
    aadsts::Refusal,
    directory::{Directory, Grantor},
    ids,
    issued::{Account, Authentication},
    random,
    scope::Scopes,
    world::lock,
};

/// The fields of a form; the first of a name counts.
#[derive(Default)]
pub(super) struct Form(HashMap<String, String>);

impl Form {
    pub(super) fn read(body: &[u8]) -> Self {
        let mut fields = HashMap::new();
        for (name, value) in url::form_urlencoded::parse(body) {
            fields.entry(name.into_owned()).or_insert_with(|| value.into_owned());
        }
        Self(fields)
    }

    /// The field; an absent one is empty.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }
}

/// Does what the form says, and shows what comes next.
pub(super) fn take(place: Place<'_>, mut flow: Flow, form: &Form) -> Response {
    let world = place.world;
    let directory = world.directory_now();
    if !form.get("cancel").is_empty() {
        return cancel(place, &directory, &flow);
    }
    if !form.get("another").is_empty() {
        (flow.chosen, flow.is_another, flow.is_proven) = (None, true, false);
        return show(place, &flow);
    }
    let asked_again = match form.get("step") {
        "account" => account(&directory, &mut flow, form),
        "password" => password(place, &directory, &mut flow, form),
        "mfa" => second_factor(place, &flow, form),
        "consent" => consent(place, &directory, &mut flow, form),
        "device" => device(place, &mut flow, form),
        _ => None,
    };
    match asked_again {
        Some(page) => page.show(&flow.seal(world)),
        None => show(place, &flow),
    }
}

fn account(directory: &Directory, flow: &mut Flow, form: &Form) -> Option<Page> {
    let name = form.get("username");
    let Some(user) = directory.sign_in(name) else {
        let problem = "This username may be incorrect: no account of the emulator has it.".to_owned();
        return Some(Page::SignIn { name: name.to_owned(), problem: Some(problem) });
    };
    flow.chosen = Some(user.handle.clone());
    None
}

fn password(place: Place<'_>, directory: &Directory, flow: &mut Flow, form: &Form) -> Option<Page> {
    let name = form.get("username").to_owned();
    let user = directory.sign_in(&name)?;
    if form.get("password") != ids::PASSWORD {
        let problem = "AADSTS50126: Error validating credentials due to invalid username or password.";
        return Some(Page::Password { name, problem: Some(problem.to_owned()) });
    }
    let authentication = Authentication {
        time: place.world.clock.now(),
        mfa: false,
        session: random::uuid(),
        contexts: Vec::new(),
    };
    let account = Account { handle: user.handle.clone(), authentication };
    place.browser.change(place.world, |session| session.sign_in(account));
    flow.chosen = Some(user.handle.clone());
    flow.is_proven = true;
    None
}

fn second_factor(place: Place<'_>, flow: &Flow, form: &Form) -> Option<Page> {
    let Place { world, browser, .. } = place;
    // Whom it concerns is decided again: the flow names him only if he was asked for.
    let directory = world.directory_now();
    let request = read(world, &directory, flow).ok()?;
    let Next::Ask(Page::SecondFactor { name, client, .. }) =
        next::next(world, &directory, &request, flow, &browser.session(world))
    else {
        return None;
    };
    if form.get("code").trim() != ids::MFA_CODE {
        let problem = "AADSTS500121: Authentication failed during strong authentication request.".to_owned();
        return Some(Page::SecondFactor { name, client, problem: Some(problem) });
    }
    let handle = directory.sign_in(&name)?.handle.clone();
    browser.change(world, |session| {
        if let Some(mut account) = session.account(&handle).cloned() {
            account.authentication.mfa = true;
            session.sign_in(account);
        }
    });
    None
}

fn consent(place: Place<'_>, directory: &Directory, flow: &mut Flow, form: &Form) -> Option<Page> {
    let Place { world, browser, .. } = place;
    let request = read(world, directory, flow).ok()?;
    if form.get("consent") != "accept" {
        return None;
    }
    // Only somebody who would be asked now may answer.
    let Next::Ask(Page::Consent { .. }) =
        next::next(world, directory, &request, flow, &browser.session(world))
    else {
        return None;
    };
    flow.is_consented = true;
    let Next::Finish(ready) = next::next(world, directory, &request, flow, &browser.session(world)) else {
        return None;
    };
    let is_for_all = ready.user.administrator && !form.get("organization").is_empty();
    let grantor = Grantor {
        tenant: ready.tenant.id,
        user: (!is_for_all).then_some(ready.user.id),
        since: world.consent_counts_from(),
    };
    record(place, &request, grantor, directory, &ready.tenant.name);
    None
}

/// Writes the consent down.
fn record(place: Place<'_>, request: &Request<'_>, grantor: Grantor, directory: &Directory, tenant: &str) {
    let mut kept = lock(&place.world.directory);
    let scopes = Scopes::parse(directory, &request.scope, tenant);
    let needs = scopes.map(|scopes| scopes.needs(directory)).unwrap_or_default();
    let client = request.client;
    match request.goal {
        Goal::AdminConsent { is_v2: false, .. } => kept.grant_all(grantor, client),
        Goal::AdminConsent { is_v2: true, .. } => {
            for wanted in needs {
                if wanted.is_default {
                    kept.grant_needed(grantor, client, wanted.resource);
                } else {
                    kept.grant(Grantor { user: None, ..grantor }, client, wanted.resource, &wanted.names);
                }
            }
        }
        Goal::Authorize(_) | Goal::Device { .. } => {
            for wanted in needs {
                kept.grant(grantor, client, wanted.resource, &wanted.required(client));
            }
        }
    }
}

fn device(place: Place<'_>, flow: &mut Flow, form: &Form) -> Option<Page> {
    let Place { world, .. } = place;
    let user_code = form.get("user_code").trim().to_owned();
    if lock(&world.issued).waiting_device(&user_code, world.clock.now()).is_none() {
        let problem = "That code didn’t work. Check the code and try again.".to_owned();
        return Some(Page::DeviceCode { problem: Some(problem) });
    }
    flow.purpose = Purpose::Device { user_code };
    None
}

fn cancel(place: Place<'_>, directory: &Directory, flow: &Flow) -> Response {
    match read(place.world, directory, flow) {
        Ok(request) => give_up(place, &request.goal, &Refusal::consent_declined()),
        Err(_) => show(place, flow),
    }
}
