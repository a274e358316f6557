//! People and service principals: their logins, their sessions, and their memberships of organizations.

mod account;
mod microsoft;
mod session;
mod sign_in;
mod tokens;
mod user;

pub use account::{AccountDirectory, AccountRepository, NewIdentity, OutsideIdentity, Provider};
pub use microsoft::{
    AuthorizationRequest, MicrosoftArrival, MicrosoftSignIn, MicrosoftTokens, Redemption, RedemptionError,
};
pub use session::{
    Device, EndReason, GRANTED_ROLE_LASTS, GrantedRole, RefreshFamily, Session, SessionReader,
    SessionRepository, SignInMethod,
};
pub use sign_in::{Outcome, SignIn};
pub use tokens::{
    AccessClaims, CannotSign, CsrfTokens, IssuedTokens, RefreshClaims, SESSION_TOKEN_PREFIX, SessionTokens,
};
pub use user::{NewUser, Profile, User, UserKind, UserReader, UserRepository, UserStatus};
