//! The other side of the ports of `domain`.

pub mod entra;
