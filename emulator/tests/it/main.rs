//! Behaviour of the emulator, asked over HTTP as a client would.

#[cfg(test)]
mod browser;
#[cfg(test)]
mod client_assertions;
#[cfg(test)]
mod conditions;
#[cfg(test)]
mod control;
#[cfg(test)]
mod device_and_obo;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod graph;
#[cfg(test)]
mod https;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod metadata;
#[cfg(test)]
mod minting;
#[cfg(test)]
mod openid_connect;
#[cfg(test)]
mod process;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod sign_in_rules;
#[cfg(test)]
mod support;
#[cfg(test)]
mod token_endpoint;
#[cfg(test)]
mod user_grant_rules;
#[cfg(test)]
mod user_grants;
#[cfg(test)]
mod wrong_tokens;
