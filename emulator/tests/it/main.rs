//! Behaviour of the emulator, asked over HTTP as a client would.

#[cfg(test)]
mod control;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod https;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod metadata;
#[cfg(test)]
mod minting;
#[cfg(test)]
mod process;
#[cfg(test)]
mod support;
#[cfg(test)]
mod token_endpoint;
#[cfg(test)]
mod wrong_tokens;
