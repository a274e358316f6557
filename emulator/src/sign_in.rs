//! Signing in: `/authorize`, device codes and admin consent all show the same pages.
//!
//! Nothing of a sign-in in progress is kept here: the pages carry it, sealed, from step to step. What is kept is
//! who is signed in behind a browser's cookie.

mod browser;
mod consent;
mod device_page;
mod finish;
mod flow;
mod forms;
mod handlers;
mod logout;
mod next;
mod pages;
mod redirect_uri;
mod reply;
mod request;

pub(crate) use self::{
    device_page::enter_code,
    handlers::{admin_consent, admin_consent_v2, authorize, step},
    logout::sign_out,
};
