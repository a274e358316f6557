//! The client's address as a key, through `tower_governor`'s trait: its own extractors believe any
//! `X-Forwarded-For`, or need another framework.

use std::{mem, net::IpAddr};

use poem::{Request, http};
use tower_governor::{GovernorError, key_extractor::KeyExtractor};

use crate::context::RequestContext;

/// The address that was found behind the trusted proxies. Of IPv6 it is the network of 64 bits, which is what one
/// customer gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClientAddress;

impl ClientAddress {
    /// The key of a request; `None` where it came over no network.
    pub(super) fn of(self, request: &mut Request) -> Option<u128> {
        // Lends what the trait wants to see, without a copy.
        let mut view = http::Request::new(());
        mem::swap(view.extensions_mut(), request.extensions_mut());
        let key = self.extract(&view);
        mem::swap(view.extensions_mut(), request.extensions_mut());
        key.ok()
    }
}

impl KeyExtractor for ClientAddress {
    type Key = u128;

    fn name(&self) -> &'static str {
        "client address"
    }

    fn extract<T>(&self, request: &http::Request<T>) -> Result<u128, GovernorError> {
        let context = RequestContext::among(request.extensions());
        let address = context.and_then(|context| context.origin.ip);
        address.map(network).ok_or(GovernorError::UnableToExtractKey)
    }
}

/// The key of an address.
pub(crate) fn network(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits() & !u128::from(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    #[test]
    fn an_address_is_a_key_and_of_ipv6_its_network() {
        let key = |text: &str| Ipv6Addr::from_bits(network(text.parse().unwrap())).to_string();
        assert_eq!(key("203.0.113.9"), "::ffff:203.0.113.9");
        assert_eq!(key("::ffff:203.0.113.9"), "::ffff:203.0.113.9");
        assert_eq!(key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_ne!(key("203.0.113.9"), key("203.0.113.10"));
    }
}
