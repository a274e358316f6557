//! `/api/onboarding`: connecting a customer's tenant, and how it stands.
//!
//! Browsers walk through `start`, Microsoft's page, `callback` and `progress`; each has a page for them, and the same
//! as JSON for a client that prefers it. None of these asks for a credential, and none is in the API's document.

mod browser;
mod cookie;
mod pages;
mod return_to;
mod status;
mod words;

pub(crate) use browser::{Browser, Settings as BrowserSettings, mount};
pub(crate) use status::{FindingView, OnboardingApi, PermissionView, finding, permissions};
