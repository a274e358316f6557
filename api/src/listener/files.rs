//! The number of files, and with them connections, that the system lets this process have.

use rustix::process::{Resource, getrlimit, setrlimit};

use super::Limits;

/// Files that are not connections of clients: the database, the log, what is fetched.
const KEPT: u64 = 256;

/// Raises the soft limit to the hard one, as the shell's default of 1,024 is for programs that use `select`, and
/// takes no more connections than there are files for.
pub fn raise_open_files(limits: Limits) -> Limits {
    let mut allowed = getrlimit(Resource::Nofile);
    if allowed.current != allowed.maximum {
        let raised = rustix::process::Rlimit { current: allowed.maximum, maximum: allowed.maximum };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            allowed = getrlimit(Resource::Nofile);
        }
    }
    let Some(files) = allowed.current else { return limits };
    let room = u32::try_from(files.saturating_sub(KEPT).max(64)).unwrap_or(u32::MAX);
    if room < limits.connections {
        tracing::warn!(
            open_files = files,
            connections = room,
            "fewer connections than usual: raise `ulimit -n`"
        );
    }
    Limits { connections: limits.connections.min(room), ..limits }
}
