//! The pages of the sign-in.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use poem::{
    Response,
    http::{StatusCode, header},
};
use uuid::Uuid;

use crate::{
    aadsts::Refusal,
    html::{document, escaped, page},
    ids, random,
};

/// Somebody must do something.
#[derive(Debug, Clone)]
pub(super) enum Page {
    SignIn {
        name: String,
        problem: Option<String>,
    },
    PickAccount {
        people: Vec<(String, String)>,
    },
    Password {
        name: String,
        problem: Option<String>,
    },
    SecondFactor {
        name: String,
        client: Uuid,
        problem: Option<String>,
    },
    Consent {
        client: (String, Uuid),
        tenant: String,
        permissions: Vec<String>,
        /// Whether who sees it may consent for the whole organization.
        may_for_all: bool,
        is_admin_consent: bool,
    },
    DeviceCode {
        problem: Option<String>,
    },
}

impl Page {
    /// What the client is told instead, when it wants no page.
    pub(super) fn silent_refusal(&self) -> Refusal {
        match self {
            Self::SignIn { .. } | Self::Password { .. } | Self::DeviceCode { .. } => {
                Refusal::login_required()
            }
            Self::PickAccount { .. } => Refusal::several_accounts(),
            Self::SecondFactor { client, .. } => Refusal::mfa_for(*client).named("interaction_required"),
            Self::Consent { client: (name, id), .. } => {
                Refusal::no_consent(*id, name).named("interaction_required")
            }
        }
    }

    /// The page, whose form carries the sealed `flow` on.
    pub(super) fn show(&self, flow: &str) -> Response {
        let (title, step, fields) = match self {
            Self::SignIn { name, problem } => ("Sign in", "account", sign_in(name, problem.as_deref())),
            Self::PickAccount { people } => ("Pick an account", "account", pick_account(people)),
            Self::Password { name, problem } => {
                ("Enter password", "password", password(name, problem.as_deref()))
            }
            Self::SecondFactor { name, problem, .. } => {
                ("Approve sign-in", "mfa", second_factor(name, problem.as_deref()))
            }
            Self::Consent { client: (client, _), tenant, permissions, may_for_all, is_admin_consent } => {
                let title =
                    if *is_admin_consent { "Consent for your organization" } else { "Permissions requested" };
                (title, "consent", consent(client, tenant, permissions, *may_for_all, *is_admin_consent))
            }
            Self::DeviceCode { problem } => ("Enter code", "device", device_code(problem.as_deref())),
        };
        page(StatusCode::OK, title, &form(flow, step, &fields))
    }
}

fn form(flow: &str, step: &str, fields: &str) -> String {
    format!(
        "<form method=\"post\" action=\"/emulator/sign-in\">\n<input type=\"hidden\" name=\"flow\" \
         value=\"{flow}\">\n<input type=\"hidden\" name=\"step\" value=\"{step}\">\n{fields}</form>"
    )
}

const CANCEL: &str = "<button name=\"cancel\" value=\"1\" formnovalidate>Cancel</button>\n";

fn problem(text: Option<&str>) -> String {
    text.map(|text| format!("<p class=\"problem\" role=\"alert\">{}</p>\n", escaped(text)))
        .unwrap_or_default()
}

fn sign_in(name: &str, wrong: Option<&str>) -> String {
    format!(
        "{}<label>Email address\n<input type=\"text\" name=\"username\" value=\"{}\" autocomplete=\"username\" \
         autocapitalize=\"none\" spellcheck=\"false\" required autofocus></label>\n\
         <button class=\"main\">Next</button>\n{CANCEL}",
        problem(wrong),
        escaped(name)
    )
}

fn pick_account(people: &[(String, String)]) -> String {
    let mut fields = String::from("<ul class=\"people\">\n");
    for (name, address) in people {
        let (name, address) = (escaped(name), escaped(address));
        // Writing into a string does not fail.
        let _ = writeln!(
            fields,
            "<li><button name=\"username\" value=\"{address}\">{name}<br>{address}</button></li>"
        );
    }
    fields.push_str("<li><button name=\"another\" value=\"1\">Use another account</button></li>\n</ul>\n");
    fields.push_str(CANCEL);
    fields
}

fn password(name: &str, wrong: Option<&str>) -> String {
    format!(
        "<p>{name}</p>\n{}<input type=\"hidden\" name=\"username\" value=\"{name}\" autocomplete=\"username\">\n\
         <label>Password (every one is “{}”)\n<input type=\"password\" name=\"password\" \
         autocomplete=\"current-password\" required autofocus></label>\n\
         <button class=\"main\">Sign in</button>\n\
         <button name=\"another\" value=\"1\" formnovalidate>Use another account</button>\n{CANCEL}",
        problem(wrong),
        ids::PASSWORD,
        name = escaped(name)
    )
}

fn second_factor(name: &str, wrong: Option<&str>) -> String {
    format!(
        "<p>{}</p>\n{}<label>Code (it is “{}”)\n<input type=\"text\" name=\"code\" inputmode=\"numeric\" \
         autocomplete=\"one-time-code\" required autofocus></label>\n\
         <button class=\"main\">Verify</button>\n{CANCEL}",
        escaped(name),
        problem(wrong),
        ids::MFA_CODE
    )
}

fn consent(
    client: &str,
    tenant: &str,
    permissions: &[String],
    may_for_all: bool,
    is_admin_consent: bool,
) -> String {
    let (client, tenant) = (escaped(client), escaped(tenant));
    let mut fields = if is_admin_consent {
        format!("<p>{client} asks for these permissions for everybody in {tenant}:</p>\n<ul>\n")
    } else {
        format!("<p>{client} would like to:</p>\n<ul>\n")
    };
    for permission in permissions {
        // Writing into a string does not fail.
        let _ = writeln!(fields, "<li>{}</li>", escaped(permission));
    }
    fields.push_str("</ul>\n");
    if may_for_all {
        let _ = writeln!(
            fields,
            "<label><input type=\"checkbox\" name=\"organization\" value=\"1\"> Consent on behalf of {tenant}</label>"
        );
    }
    fields.push_str("<button class=\"main\" name=\"consent\" value=\"accept\">Accept</button>\n");
    fields.push_str(CANCEL);
    fields
}

fn device_code(wrong: Option<&str>) -> String {
    format!(
        "<p>Go on only if you started this on a device of your own: whoever gave you the code will act as \
         you.</p>\n{}<label>Code\n<input type=\"text\" name=\"user_code\" autocomplete=\"off\" \
         autocapitalize=\"characters\" spellcheck=\"false\" required autofocus></label>\n\
         <button class=\"main\">Next</button>\n",
        problem(wrong)
    )
}

/// Nothing goes back to the client; with a flow one may come as somebody else.
pub(super) fn stop(refusal: &Refusal, flow: Option<&str>) -> Response {
    let another = flow.map(|flow| {
        let button = "<button class=\"main\" name=\"another\" value=\"1\">Use another account</button>\n";
        form(flow, "account", button)
    });
    let body = format!(
        "<p class=\"problem\" role=\"alert\">{}</p>\n{}",
        escaped(&refusal.sentence()),
        another.unwrap_or_default()
    );
    page(StatusCode::BAD_REQUEST, "Sorry, but we’re having trouble signing you in", &body)
}

/// A last word.
pub(super) fn done(title: &str, text: &str) -> Response {
    page(StatusCode::OK, title, &format!("<p>{}</p>", escaped(text)))
}

/// `response_mode=form_post`: the browser posts it on, by script or by hand.
pub(super) fn form_post(to: &str, parameters: &[(&str, String)]) -> Response {
    let mut fields = format!("<form method=\"post\" action=\"{}\">\n", escaped(to));
    for (name, value) in parameters {
        // Writing into a string does not fail.
        let _ = writeln!(fields, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value));
    }
    fields.push_str("<button class=\"main\">Continue</button>\n</form>");
    let nonce = STANDARD.encode(random::bytes::<16>());
    let script = format!(
        "<script nonce=\"{nonce}\">addEventListener('load', () => document.forms[0].submit())</script>\n"
    );
    let policy =
        format!("default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; base-uri 'none'");
    Response::builder()
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, policy)
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::REFERRER_POLICY, "no-referrer")
        .body(document("Working", &script, &fields))
}
