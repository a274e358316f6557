//! What comes next in a sign-in: a page, a refusal, or the end.

use chrono::TimeDelta;

use super::{
    consent::{admin_consented, consented},
    flow::Flow,
    pages::Page,
    request::{Goal, Prompt, Request},
};
use crate::{
    aadsts::Refusal,
    directory::{Demand, Directory, Tenant, User},
    issued::{Account, Authentication, Session},
    scope::Scopes,
    world::World,
};

/// The next step.
pub(super) enum Next<'a> {
    /// Somebody must do something.
    Ask(Page),
    /// The client is told.
    Refuse(Refusal),
    /// The person is told, and may come as somebody else.
    Stop(Refusal),
    /// All is there.
    Finish(Ready<'a>),
}

/// Somebody who has signed in, with all that was asked.
pub(super) struct Ready<'a> {
    pub(super) tenant: &'a Tenant,
    pub(super) user: &'a User,
    pub(super) handle: String,
    pub(super) authentication: Authentication,
}

/// A step that is not the last, as an early return.
pub(super) type Step<'a, T> = Result<T, Next<'a>>;

/// Decides what comes next. With `prompt=none` there is no page: each becomes a refusal.
pub(super) fn next<'a>(
    world: &World,
    directory: &'a Directory,
    request: &Request<'_>,
    flow: &Flow,
    session: &Session,
) -> Next<'a> {
    let decided = decide(world, directory, request, flow, session);
    if request.prompt != Some(Prompt::None) {
        return decided;
    }
    match decided {
        Next::Ask(page) => Next::Refuse(page.silent_refusal()),
        Next::Stop(refusal) => Next::Refuse(refusal.named("interaction_required")),
        Next::Refuse(_) | Next::Finish(_) => decided,
    }
}

fn decide<'a>(
    world: &World,
    directory: &'a Directory,
    request: &Request<'_>,
    flow: &Flow,
    session: &Session,
) -> Next<'a> {
    let ready = account(directory, request, flow, session)
        .and_then(|handle| signed_in(world, directory, request, flow, session, &handle))
        .and_then(|account| user_of(directory, request, account))
        .and_then(|ready| may_enter(directory, request, ready));
    let ready = match ready {
        Ok(ready) => ready,
        Err(next) => return next,
    };
    let checked = match &request.goal {
        Goal::AdminConsent { .. } => admin_consented(request, flow, &ready),
        Goal::Authorize(_) | Goal::Device { .. } => consented(directory, request, flow, &ready),
    };
    match checked {
        Ok(()) => Next::Finish(ready),
        Err(next) => next,
    }
}

/// Who it is about.
fn account<'a>(
    directory: &Directory,
    request: &Request<'_>,
    flow: &Flow,
    session: &Session,
) -> Step<'a, String> {
    if let Some(chosen) = &flow.chosen {
        return Ok(chosen.clone());
    }
    let names = |accounts: &[&Account]| {
        accounts.iter().filter_map(|account| person(directory, &account.handle)).collect::<Vec<_>>()
    };
    let known: Vec<&Account> =
        session.accounts.iter().filter(|account| is_hinted(directory, request, account)).collect();
    if flow.is_another {
        return Err(Next::Ask(Page::SignIn { name: String::new(), problem: None }));
    }
    if let Some(hint) = &request.login_hint {
        return match directory.sign_in(hint) {
            Some(user) => Ok(user.handle.clone()),
            None => Err(Next::Ask(Page::SignIn { name: hint.clone(), problem: None })),
        };
    }
    let is_asked = request.prompt == Some(Prompt::SelectAccount);
    match known.as_slice() {
        [] => Err(Next::Ask(Page::SignIn { name: String::new(), problem: None })),
        [only] if !is_asked => Ok(only.handle.clone()),
        [..] if request.prompt == Some(Prompt::None) => Err(Next::Refuse(Refusal::several_accounts())),
        [..] => Err(Next::Ask(Page::PickAccount { people: names(&known) })),
    }
}

/// Display name and sign-in name.
pub(super) fn person(directory: &Directory, handle: &str) -> Option<(String, String)> {
    let user = directory.at_home(handle)?;
    Some((user.name(), directory.sign_in_name(user).to_owned()))
}

/// Whether an account is one of those that `sid` and `domain_hint` mean.
fn is_hinted(directory: &Directory, request: &Request<'_>, account: &Account) -> bool {
    if let Some(sid) = &request.sid {
        return account.authentication.session.to_string() == *sid;
    }
    let Some((_, name)) = person(directory, &account.handle) else { return false };
    let is_personal = directory.home_of(&account.handle).is_some_and(Tenant::is_personal);
    match request.domain_hint.as_deref() {
        None => true,
        Some("organizations") => !is_personal,
        Some("consumers") => is_personal,
        Some(domain) => name.rsplit_once('@').is_some_and(|(_, own)| own.eq_ignore_ascii_case(domain)),
    }
}

/// That he has shown who he is, recently enough, and by as much as is asked.
fn signed_in<'a, 's>(
    world: &World,
    directory: &Directory,
    request: &Request<'_>,
    flow: &Flow,
    session: &'s Session,
    handle: &str,
) -> Step<'a, &'s Account> {
    let (_, name) = person(directory, handle).unwrap_or_default();
    let now = world.clock.now();
    let user = directory.at_home(handle);
    let is_fresh = |account: &Account| {
        let time = account.authentication.time;
        let is_revoked = user.and_then(|user| user.sessions_valid_from).is_some_and(|since| time < since);
        let is_old = request.max_age.is_some_and(|age| now - time > TimeDelta::seconds(age));
        let is_wanted_anew = request.prompt == Some(Prompt::Login) || is_old;
        !is_revoked && (flow.is_proven || !is_wanted_anew)
    };
    session
        .account(handle)
        .filter(|account| is_fresh(account))
        .ok_or(Next::Ask(Page::Password { name, problem: None }))
}

/// The object he has in the tenant that is asked for.
fn user_of<'a>(directory: &'a Directory, request: &Request<'_>, account: &Account) -> Step<'a, Ready<'a>> {
    let home = directory.at_home(&account.handle);
    let name = home.map(|home| directory.sign_in_name(home)).unwrap_or_default();
    if home.is_some_and(|home| !home.enabled) {
        return Err(Next::Stop(Refusal::user_disabled()));
    }
    let (tenant, user) =
        directory.object_at(request.authority, &account.handle).map_err(|tenant| match tenant {
            Some(tenant) => Next::Stop(Refusal::not_in_tenant(name, tenant)),
            None => Next::Stop(Refusal::several_accounts()),
        })?;
    if !user.enabled {
        return Err(Next::Stop(Refusal::user_disabled()));
    }
    let (handle, authentication) = (account.handle.clone(), account.authentication.clone());
    Ok(Ready { tenant, user, handle, authentication })
}

/// Assignment, policies and the second factor.
fn may_enter<'a>(
    directory: &'a Directory,
    request: &Request<'_>,
    mut ready: Ready<'a>,
) -> Step<'a, Ready<'a>> {
    let Ready { tenant, user, .. } = &ready;
    let scopes = Scopes::parse(directory, &request.scope, &tenant.name).map_err(Next::Refuse)?;
    let needs = scopes.needs(directory);
    for app in std::iter::once(request.client).chain(needs.iter().map(|wanted| wanted.resource)) {
        let Some(principal) = tenant.service_principal(app) else { continue };
        if !principal.enabled {
            return Err(Next::Stop(Refusal::disabled_client(app.id, &app.name)));
        }
        if principal.assignment_required && !user.is_assigned_to(app) {
            return Err(Next::Stop(Refusal::not_assigned(user, app)));
        }
    }
    // What OIDC asks of Microsoft Graph is not access to it.
    let policies =
        || scopes.resources.iter().flat_map(|wanted| directory.policies(tenant, user, wanted.resource));
    if let Some(policy) = policies().find(|policy| policy.require == Demand::Block) {
        return Err(Next::Stop(Refusal::blocked(policy)));
    }
    let home = directory.at_home(&ready.handle);
    let wants_mfa = user.mfa_required
        || home.is_some_and(|home| home.mfa_required)
        || request.claims.wants_mfa
        || request.claims.context.is_some()
        || policies().any(|policy| policy.require == Demand::Mfa);
    if wants_mfa && !ready.authentication.mfa {
        let (_, name) = person(directory, &ready.handle).unwrap_or_default();
        return Err(Next::Ask(Page::SecondFactor { name, client: request.client.id, problem: None }));
    }
    ready.authentication.contexts.extend(request.claims.context.clone());
    Ok(ready)
}
