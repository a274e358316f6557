//! Authentication against ports made by hand, and the tables that decide.

mod claims;
mod delegation;
mod fakes;
mod identities;
mod interleavings;
mod permissions;
mod remembering;
