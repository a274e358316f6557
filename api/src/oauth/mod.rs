//! Browsers that go to an identity provider and come back.

mod connect;
mod landing;
mod microsoft;
mod page;
mod refusals;
mod token;

pub(crate) use landing::{Landing, SignedIn};
pub(crate) use microsoft::{
    Callback, LASTS as DEPARTURE_LASTS, MicrosoftOAuth, PATH as MICROSOFT_PATH, Start,
};
pub(crate) use token::{PATH as TOKEN_PATH, TokenEndpoint};
