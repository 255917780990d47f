//! Connections that have not shown a certificate, counted by address: one address cannot take everybody's room.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many stand at the door from each address. There are never more addresses than connections.
#[derive(Default)]
pub(super) struct Doorstep(Mutex<BTreeMap<IpAddr, usize>>);

impl Doorstep {
    /// A place for one more from `address`, unless `most` of them are there.
    pub(super) fn step_on(self: &Arc<Self>, address: IpAddr, most: usize) -> Option<Place> {
        let address = network(address);
        let mut standing = self.standing();
        let count = standing.get(&address).copied().unwrap_or(0);
        if count >= most {
            return None;
        }
        standing.insert(address, count + 1);
        Some(Place { doorstep: Arc::clone(self), address })
    }

    fn standing(&self) -> MutexGuard<'_, BTreeMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever has one IPv6 address has the 2^64 beside it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    }
}

/// One connection's place, given back when it is dropped.
pub(super) struct Place {
    doorstep: Arc<Doorstep>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut standing = self.doorstep.standing();
        match standing.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(standing.remove(&self.address)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_network_has_its_own_places_and_gets_them_back() {
        let doorstep = Arc::<Doorstep>::default();
        let step_on = |address: &str| doorstep.step_on(address.parse().unwrap(), 2);
        let places = [step_on("192.0.2.1"), step_on("::ffff:192.0.2.1")];
        assert!(places.iter().all(Option::is_some) && step_on("192.0.2.1").is_none(), "one address, written twice");
        assert!(step_on("192.0.2.2").is_some());
        let network = [step_on("2001:db8::1"), step_on("2001:db8::2")];
        assert!(network.iter().all(Option::is_some) && step_on("2001:db8::3").is_none());
        assert!(step_on("2001:db8:0:1::1").is_some());
        drop(places);
        assert!(step_on("192.0.2.1").is_some());
        drop(network);
        assert!(doorstep.standing().is_empty());
    }
}
