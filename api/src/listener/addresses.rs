//! How many connections one client may have, so that it cannot take them all.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use ipnet::IpNet;

use crate::rate_limit::network;

/// The connections by the address that they come from; of IPv6 its network of 64 bits.
pub(super) struct Addresses {
    most: u32,
    trusted: Arc<[IpNet]>,
    counts: Mutex<HashMap<u128, u32>>,
}

impl Addresses {
    pub(super) fn new(most: u32, trusted: Arc<[IpNet]>) -> Self {
        Self { most, trusted, counts: Mutex::default() }
    }

    /// Counts a connection for as long as what is returned lives; `None` when its client has enough.
    pub(super) fn count(self: &Arc<Self>, peer: IpAddr) -> Option<Counted> {
        let peer = peer.to_canonical();
        if self.trusted.iter().any(|net| net.contains(&peer)) {
            return Some(Counted(None));
        }
        let key = network(peer);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Counted(Some((Arc::clone(self), key))))
    }
}

/// A connection that is counted.
pub(super) struct Counted(Option<(Arc<Addresses>, u128)>);

impl Drop for Counted {
    fn drop(&mut self) {
        let Some((addresses, key)) = &self.0 else { return };
        let mut counts = addresses.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(key) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_its_share_and_a_trusted_proxy_any() {
        let addresses = Arc::new(Addresses::new(2, Arc::from(["10.0.0.0/8".parse().unwrap()])));
        let count = |text: &str| addresses.count(text.parse().unwrap());
        let first = count("203.0.113.9").unwrap();
        let _second = count("::ffff:203.0.113.9").unwrap();
        assert!(count("203.0.113.9").is_none());
        let _other = count("203.0.113.10").unwrap();
        drop(first);
        let _again = count("203.0.113.9").unwrap();
        let _network = [count("2001:db8:1:2::1").unwrap(), count("2001:db8:1:2::2").unwrap()];
        assert!(count("2001:db8:1:2::3").is_none());
        let proxied: Vec<_> = (0..5).map(|_| count("10.0.0.1").unwrap()).collect();
        assert_eq!(addresses.counts.lock().unwrap().len(), 3, "nobody counts a proxy's");
        drop(proxied);
    }

    #[test]
    fn who_is_gone_is_forgotten() {
        let addresses = Arc::new(Addresses::new(2, Arc::default()));
        drop(addresses.count("203.0.113.9".parse().unwrap()));
        assert!(addresses.counts.lock().unwrap().is_empty());
    }
}
