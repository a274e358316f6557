//! The page a developer opens first, and the certificate authority to trust.

use std::{fmt::Write as _, sync::Arc};

use poem::{
    Response, handler,
    http::{StatusCode, header},
    web::Data,
};

use crate::{
    directory::{Directory, Tenant, User},
    html::escaped,
    ids,
    server::Site,
    world::{World, lock},
};

/// Somebody who can sign in, or cannot, for tables that people read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// What to type into the sign-in page.
    pub sign_in_name: String,
    /// Display name.
    pub name: String,
    /// Display name of the tenant he is seen in.
    pub tenant: String,
    /// Such as "administrator" or "guest"; may be empty.
    pub remark: String,
}

impl Person {
    pub(crate) fn all(directory: &Directory) -> Vec<Self> {
        directory.tenants.iter().flat_map(|tenant| Self::of(directory, tenant)).collect()
    }

    fn of<'a>(directory: &'a Directory, tenant: &'a Tenant) -> impl Iterator<Item = Self> + 'a {
        tenant.users.iter().map(|user| Self {
            sign_in_name: directory.sign_in_name(user).to_owned(),
            name: user.name(),
            tenant: tenant.name.clone(),
            remark: remark(directory, tenant, user),
        })
    }
}

/// What a reader of a list should know, such as "guest, MFA required for SharePoint".
fn remark(directory: &Directory, tenant: &Tenant, user: &User) -> String {
    if tenant.is_personal() {
        return "personal account".to_owned();
    }
    let demanded: Vec<&str> = directory
        .apps
        .iter()
        .filter(|app| !user.mfa_required && directory.demands_more(tenant, user, app, false))
        .map(|app| app.name.as_str())
        .collect();
    let demanded = (!demanded.is_empty()).then(|| format!("MFA required for {}", demanded.join(" and ")));
    let is_shut_out = tenant.service_principals.iter().any(|principal| {
        principal.assignment_required && !user.assigned.iter().any(|held| held.app == principal.app)
    });
    let shut_out = is_shut_out.then(|| "not assigned to Tenantry".to_owned());
    let mut remarks = user.remarks();
    remarks.extend(demanded.into_iter().chain(shut_out));
    remarks.join(", ")
}

#[handler]
pub(crate) fn start_page(Data(world): Data<&Arc<World>>, Data(site): Data<&Site>) -> Response {
    let page = render(&lock(&world.directory), &world.issuer_base, &site.url, world.ca_pem.is_some())
        .expect("writing into a string does not fail");
    Response::builder()
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'")
        .header(header::CACHE_CONTROL, "no-store")
        .body(page)
}

/// The certificate authority, when there is an https listener.
#[handler]
pub(crate) fn ca_pem(Data(world): Data<&Arc<World>>) -> Response {
    match &world.ca_pem {
        Some(ca) => Response::builder().content_type("application/x-pem-file").body(ca.clone()),
        None => Response::builder().status(StatusCode::NOT_FOUND).body("There is no https listener."),
    }
}

fn render(
    directory: &Directory,
    issuer_base: &str,
    site: &str,
    has_https: bool,
) -> Result<String, std::fmt::Error> {
    let mut page = String::from(HEAD);
    page.push_str("<p><a href=\"/emulator\">Faults, clock, users, policies</a></p>\n");
    page.push_str("<h2>Who can sign in</h2>\n<p>Every password is <code>emulator</code>.</p>\n");
    for tenant in &directory.tenants {
        let domain = tenant.domains.first().map(|domain| format!(", {domain}")).unwrap_or_default();
        writeln!(
            page,
            "<table><caption>{}{}, <code>{}</code></caption>\n<thead><tr><th scope=\"col\">User</th>\
             <th scope=\"col\">Name</th><th scope=\"col\">Remark</th></tr></thead>\n<tbody>",
            escaped(&tenant.name),
            escaped(&domain),
            tenant.id
        )?;
        for Person { sign_in_name, name, remark, .. } in Person::of(directory, tenant) {
            let [user, name, remark] = [&sign_in_name, &name, &remark].map(|text| escaped(text));
            writeln!(page, "<tr><th scope=\"row\">{user}</th><td>{name}</td><td>{remark}</td></tr>")?;
        }
        page.push_str("</tbody></table>\n");
    }
    page.push_str("<h2>Applications</h2>\n<ul>\n");
    for app in &directory.apps {
        let secret = app.secret.as_deref().map(|secret| format!(", secret <code>{}</code>", escaped(secret)));
        writeln!(
            page,
            "<li>{}: <code>{}</code>{}</li>",
            escaped(&app.name),
            app.id,
            secret.unwrap_or_default()
        )?;
    }
    writeln!(page, "</ul>\n<h2>Endpoints</h2>\n<ul>")?;
    let tenant = ids::CONTOSO;
    for path in [
        "/common/v2.0/.well-known/openid-configuration".to_owned(),
        "/common/.well-known/openid-configuration".to_owned(),
        "/common/discovery/v2.0/keys".to_owned(),
        format!("/{tenant}/v2.0/.well-known/openid-configuration"),
    ] {
        writeln!(page, "<li><a href=\"{path}\">{path}</a></li>")?;
    }
    writeln!(page, "<li><code>POST /{tenant}/oauth2/v2.0/token</code></li>")?;
    if has_https {
        writeln!(
            page,
            "<li><a href=\"/emulator/ca.pem\">/emulator/ca.pem</a>, to trust the https listener</li>"
        )?;
    }
    writeln!(page, "</ul>\n<p>Issuer of all tokens: <code>{}/…</code></p>", escaped(issuer_base))?;
    writeln!(
        page,
        "<h2>A token at once</h2>\n<pre><code>curl -s {site}/emulator/control/tokens \\\n  \
         -H 'content-type: application/json' -d '{{\"user\":\"adele\"}}'</code></pre>\n</main></body></html>"
    )?;
    Ok(page)
}

const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Entra ID emulator – not Microsoft</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; color: #1b1b1b; background: #fff; margin: 0 }
main { max-width: 52rem; margin: 0 auto; padding: 1rem }
.notice { border: 2px solid #8a4b00; background: #fff6e5; padding: .5rem 1rem }
table { border-collapse: collapse; margin: 1rem 0; width: 100% }
caption { text-align: left; font-weight: bold }
th, td { text-align: left; border-bottom: 1px solid #767676; padding: .25rem .5rem; font-weight: normal }
thead th { font-weight: bold }
pre { background: #f2f2f2; padding: .5rem; overflow-x: auto }
</style>
</head>
<body><main>
<h1>Entra ID emulator</h1>
<p class="notice" role="note"><strong>This is an emulator for development and tests, not Microsoft.</strong>
Its accounts are made up and its keys are public: never type a real password here.</p>
"#;
