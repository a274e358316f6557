//! `/users`: those of the directory, then those that are made up on the way, page by page.

use serde_json::{Map, Value, json};

use super::{
    call::Call,
    error::Problem,
    page::{Size, page, selected},
    people::{object, photo_of, profile},
    reply::Reply,
    tenant,
};
use crate::{
    caller::Caller,
    directory::{Tenant, User},
};

const SIZE: Size = Size { default: 100, max: 999, is_strict: true };
const PERMISSIONS: [&str; 4] =
    ["User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "User.ReadBasic.All"];

pub(super) fn route(call: &Call<'_>, caller: &Caller, rest: &[&str]) -> Result<Reply, Problem> {
    let tenant = tenant(caller)?;
    if let [id, rest @ ..] = rest
        && *id != "$count"
    {
        let is_self = caller.user().is_some_and(|user| user.is_called(id));
        if !(caller.may(&PERMISSIONS) || is_self && caller.may(&["User.Read"])) {
            return Err(Problem::denied());
        }
        return one(call, tenant, id, rest);
    }
    if !caller.may(&PERMISSIONS) || tenant.is_personal() {
        return Err(Problem::denied());
    }
    match rest {
        [] => list(call, tenant),
        ["$count"] if is_eventual(call) => Ok(Reply::Text(count(tenant).to_string())),
        ["$count"] => Err(Problem::bad_request("$count wants the header ConsistencyLevel: eventual.")),
        [..] => Err(Problem::no_segment(&rest.join("/"))),
    }
}

fn one(call: &Call<'_>, tenant: &Tenant, id: &str, rest: &[&str]) -> Result<Reply, Problem> {
    let user = (0..count(tenant)).filter_map(|at| Known::at(tenant, at)).find(|user| user.is_called(id));
    let user = user.ok_or_else(|| Problem::no_resource(id))?;
    match rest {
        [] => {
            let mut shown = shown(call, &user);
            shown.insert("@odata.context".to_owned(), json!(call.context("users/$entity")));
            Ok(Reply::members(shown))
        }
        ["photo", "$value"] => match user {
            Known::Listed(user) => photo_of(user),
            Known::Generated(_) => Err(Problem::no_photo()),
        },
        [..] => Err(Problem::no_segment(&rest.join("/"))),
    }
}

fn list(call: &Call<'_>, tenant: &Tenant) -> Result<Reply, Problem> {
    for refused in ["$expand", "$orderby", "$search"] {
        if call.option(refused).is_some() {
            return Err(Problem::bad_request(format!("The emulator does not know {refused} of users.")));
        }
    }
    let filter = call.option("$filter").map(Filter::parse).transpose()?;
    let all: Vec<usize> = (0..count(tenant))
        .filter(|at| match (&filter, Known::at(tenant, *at)) {
            (None, _) => true,
            (Some(filter), Some(user)) => filter.matches(&user),
            (Some(_), None) => false,
        })
        .collect();
    let total = all.len();
    let mut page = page(call, all, SIZE, |at| {
        Value::Object(Known::at(tenant, at).map(|user| shown(call, &user)).unwrap_or_default())
    })?;
    page.insert("@odata.context".to_owned(), json!(call.context("users")));
    // Without the header the wish is passed over in silence.
    if call.option("$count") == Some("true") && is_eventual(call) {
        page.insert("@odata.count".to_owned(), json!(total));
    }
    Ok(Reply::members(page))
}

fn is_eventual(call: &Call<'_>) -> bool {
    call.header("consistencylevel").is_some_and(|level| level.eq_ignore_ascii_case("eventual"))
}

fn count(tenant: &Tenant) -> usize {
    tenant.users.len() + tenant.generated_users
}

/// A user that is written down, or one of those that follow from their number.
enum Known<'a> {
    Listed(&'a User),
    Generated(Box<User>),
}

impl<'a> Known<'a> {
    fn at(tenant: &'a Tenant, at: usize) -> Option<Self> {
        match tenant.users.get(at) {
            Some(user) => Some(Self::Listed(user)),
            None if at < count(tenant) => {
                Some(Self::Generated(Box::new(tenant.generated_user(at - tenant.users.len() + 1))))
            }
            None => None,
        }
    }

    fn user(&self) -> &User {
        match self {
            Self::Listed(user) => user,
            Self::Generated(user) => user,
        }
    }

    fn is_called(&self, id: &str) -> bool {
        let user = self.user();
        user.upn.eq_ignore_ascii_case(id) || user.id.to_string().eq_ignore_ascii_case(id)
    }
}

/// Some members only when they are asked for, as `accountEnabled`.
fn shown(call: &Call<'_>, user: &Known<'_>) -> Map<String, Value> {
    let user = user.user();
    let mut shown = profile(user);
    if call.option("$select").is_some() {
        shown.extend(object(json!({
            "accountEnabled": user.enabled,
            "userType": if user.home.is_some() { "Guest" } else { "Member" },
            "createdDateTime": "2026-01-05T09:00:00Z",
            "department": null,
        })));
    }
    selected(call, shown)
}

/// `name eq value`, of a few names.
struct Filter {
    name: String,
    value: String,
}

impl Filter {
    fn parse(text: &str) -> Result<Self, Problem> {
        let wrong = || {
            Problem::bad_request(format!("Invalid filter clause: '{text}' is not one the emulator knows."))
        };
        let (name, value) = text.split_once(" eq ").ok_or_else(wrong)?;
        let (name, value) = (name.trim(), value.trim());
        let known = ["accountEnabled", "userType", "userPrincipalName", "mail", "id"];
        if !known.contains(&name) || value.contains(' ') {
            return Err(wrong());
        }
        Ok(Self { name: name.to_owned(), value: value.trim_matches('\'').to_owned() })
    }

    fn matches(&self, user: &Known<'_>) -> bool {
        let user = user.user();
        let is = |text: &str| text.eq_ignore_ascii_case(&self.value);
        match self.name.as_str() {
            "accountEnabled" => is(if user.enabled { "true" } else { "false" }),
            "userType" => is(if user.home.is_some() { "Guest" } else { "Member" }),
            "userPrincipalName" => is(&user.upn),
            "mail" => user.mail.as_deref().is_some_and(is),
            _ => is(&user.id.to_string()),
        }
    }
}
