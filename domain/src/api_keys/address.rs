//! From where an API key may be used.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// Addresses and networks; empty where any address will do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedAddresses {
    texts: Vec<String>,
    networks: Vec<IpNet>,
}

/// What was given as an address or a network is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    #[error("is not an address or a network, such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32")]
    Unreadable,
    /// Whoever writes `10.0.0.1/8` may have meant the one or the other.
    #[error("has bits beyond its prefix; give the network's own address, or the address alone")]
    HostBits,
}

impl AllowedAddresses {
    /// Reads a list of addresses and networks (CIDR, RFC 4632). The error has the position of what is wrong.
    pub fn parse(texts: Vec<String>) -> Result<Self, (usize, InvalidAddress)> {
        let networks = texts.iter().map(|text| network(text)).enumerate();
        let networks = networks.map(|(at, network)| network.map_err(|reason| (at, reason)));
        let networks = networks.collect::<Result<_, _>>()?;
        Ok(Self { texts, networks })
    }

    /// A list that permits no address at all.
    pub fn nobody() -> Self {
        // The unspecified address is nobody's (RFC 1122 §3.2.1.3).
        let none = IpNet::from(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED));
        Self { texts: Vec::new(), networks: vec![none] }
    }

    /// The list as it was given.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Whether an address may be used. One that is not known is none of them.
    pub fn permit(&self, address: Option<IpAddr>) -> bool {
        let Some(address) = address else { return self.networks.is_empty() };
        let address = address.to_canonical();
        self.networks.is_empty() || self.networks.iter().any(|network| network.contains(&address))
    }
}

/// IPv4 addresses that are written as IPv6 (`::ffff:203.0.113.7`, RFC 4291 §2.5.5.2) are IPv4 addresses.
fn network(text: &str) -> Result<IpNet, InvalidAddress> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address.to_canonical()),
        Err(_) => text.parse().map_err(|_| InvalidAddress::Unreadable)?,
    };
    if network.addr() != network.network() {
        return Err(InvalidAddress::HostBits);
    }
    let IpNet::V6(mapped) = network else { return Ok(network) };
    match (mapped.addr().to_ipv4_mapped(), mapped.prefix_len().checked_sub(96)) {
        (Some(address), Some(length)) => {
            Ipv4Net::new(address, length).map(IpNet::V4).map_err(|_| InvalidAddress::Unreadable)
        }
        _ => Ok(network),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(texts: &[&str]) -> AllowedAddresses {
        AllowedAddresses::parse(texts.iter().map(|text| (*text).to_owned()).collect()).unwrap()
    }

    fn permits(texts: &[&str], address: &str) -> bool {
        allowed(texts).permit(Some(address.parse().unwrap()))
    }

    #[test]
    fn an_empty_list_permits_everybody_and_any_other_what_it_names() {
        assert!(permits(&[], "203.0.113.7"));
        assert!(allowed(&[]).permit(None));
        let list = ["203.0.113.7", "10.0.0.0/8", "2001:db8::/32"];
        for address in ["203.0.113.7", "10.255.0.1", "2001:db8:ffff::1", "::ffff:10.0.0.1"] {
            assert!(permits(&list, address), "{address}");
        }
        for address in ["203.0.113.8", "11.0.0.1", "2001:db9::1", "::1", "::203.0.113.7"] {
            assert!(!permits(&list, address), "{address}");
        }
        assert!(!allowed(&list).permit(None), "an address that is not known");
    }

    #[test]
    fn ipv4_in_the_form_of_ipv6_is_ipv4_in_the_list_too() {
        assert!(permits(&["::ffff:203.0.113.7"], "203.0.113.7"));
        assert!(permits(&["::ffff:203.0.113.0/120"], "203.0.113.200"));
        assert!(!permits(&["::ffff:203.0.113.0/120"], "203.0.114.1"));
        assert!(permits(&["0.0.0.0/0"], "203.0.113.7") && !permits(&["0.0.0.0/0"], "2001:db8::1"));
    }

    #[test]
    fn what_is_no_address_is_refused_by_its_place() {
        let refused =
            |text: &str| AllowedAddresses::parse(vec!["10.0.0.0/8".to_owned(), text.to_owned()]).unwrap_err();
        for text in ["", "localhost", "10.0.0.0/33", "10.0.0", "10.0.0.1/", " 10.0.0.1", "fe80::1%eth0"] {
            assert_eq!(refused(text), (1, InvalidAddress::Unreadable), "{text}");
        }
        for text in ["10.0.0.1/8", "2001:db8::1/32", "::ffff:10.0.0.1/104"] {
            assert_eq!(refused(text), (1, InvalidAddress::HostBits), "{text}");
        }
    }
}
