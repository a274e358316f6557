//! Connections: Microsoft accounts that were connected once and give tokens for as long as Microsoft lets them.
//!
//! A connection belongs to the organization and the member that made it, whichever tenant its account is of, and it is
//! the account of one `(tenant, object id)`. One refresh token serves every resource; what is kept beside it is one
//! access token for each resource that was asked for. The one thing a reader would get wrong: only a parsed OAuth
//! refusal says anything about a connection. A server error, a page of HTML, a time-out and a refusal of our own
//! credential leave its state as it was.

mod compatible;
mod connecting;
mod connection;
mod consent_link;
mod device;
mod due;
mod hand_out;
mod manage;
mod mint;
mod own;
mod ports;
mod refresh;
mod refused;
mod replaced;
mod resource;
mod schedule;
mod sight;
mod standing;
mod token_error;
mod tokens;
mod trouble;

pub use compatible::{
    CompatibleError, CompatiblePorts, CompatibleToken, CompatibleTokens, Encrypted, Seen, SeenCache, SeenKey,
    Wanted, Wants, WireFormat, WireKeySecret, WireText,
};
pub use connecting::{
    Arrived, ArrivedDevice, Connected, Connecting, ConnectingError, ConnectingPorts, ConnectingScopes,
    Departing,
};
pub use connection::{
    Connection, ConnectionFilter, ConnectionReader, ConnectionRepository, ConnectionStatus, NewGrant,
    NewToken, StoredGrant, StoredToken,
};
pub use consent_link::ConsentLink;
pub use device::{
    BegunDevice, DeviceCode, DeviceCodeError, DeviceCodes, DeviceError, DeviceFailure, DeviceReader,
    DeviceRepository, DeviceSignIn, DeviceState, DeviceTurns, Devices, NewDeviceSignIn, Polled, TOLD_FOR,
    Turn,
};
pub use hand_out::{HandOut, HandOutKey, HandOuts, Noted};
pub use manage::{ConnectionError, Connections};
pub use mint::{MintError, MintKey, Minted};
pub use own::CallersTokens;
pub use ports::{
    ConnectionCache, Flight, Flights, GrantError, GrantRefusal, Granted, Grants, KnownToken, Mint,
    RefreshLog, Renewal, SharePointHosts,
};
pub use refresh::{RefreshPorts, Refresher};
pub use resource::{InvalidResource, ResourceNames, ResourceRequest, Target};
pub use schedule::RefreshPolicy;
pub use sight::Sight;
pub use token_error::ConnectionTokenError;
pub use tokens::{ConnectionTokens, HandedToken, Look, LookKey, Looked, MayUseTokens};
pub use trouble::Trouble;

use crate::access::permission;

permission!(
    /// May see one's own connections.
    Read = "connections:read"
);
permission!(
    /// May connect accounts, and refresh, reconnect and disconnect one's own.
    Write = "connections:write"
);
permission!(
    /// May do so with everybody's.
    Manage = "connections:manage"
);
permission!(
    /// May get tokens of the connections that one sees.
    ReadTokens = "tokens:read"
);
