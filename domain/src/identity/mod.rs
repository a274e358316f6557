//! People and service principals, as members of organizations.

mod user;

pub use user::{NewUser, Profile, User, UserKind, UserReader, UserRepository, UserStatus};
