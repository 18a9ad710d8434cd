//! The Services' address range: which addresses are taken, and which is given next.
//!
//! As upstream (KEP-3070) the range has a lower band, kept for addresses that people choose, and an upper one, out of which
//! addresses are given; the lower one serves when the upper is full. Not for: what a Service needs (see the parent).

use std::collections::HashSet;
use std::net::IpAddr;

use ipnet::IpNet;

/// At least so many addresses are kept for people to choose, where the range is large enough (upstream: `calculateRangeOffset`).
const LEAST_STATIC: u64 = 16;
/// At most so many.
const MOST_STATIC: u64 = 256;
/// A range is used up to this many addresses (upstream: `maxSize` of its bitmap).
const MOST_ADDRESSES: u64 = 1 << 20;

/// Why an address cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is outside of the range, or one that no host has.
    #[error("provided IP is not in the valid range. The range of valid IPs is {0}")]
    OutOfRange(IpNet),
    /// Another Service has it.
    #[error("provided IP is already allocated")]
    Taken,
    /// There is none left.
    #[error("range is full")]
    Full,
}

/// One range of addresses.
#[derive(Debug)]
pub struct Addresses {
    range: IpNet,
    /// How many can be given; offset 0 is the first after the network's own address.
    size: u64,
    /// Offsets from here on are given freely.
    dynamic: u64,
    taken: HashSet<u64>,
}

impl Addresses {
    /// An empty range. The network's address and, in IPv4, the broadcast address are never given.
    pub fn new(range: IpNet) -> Addresses {
        let bits = u32::from(range.max_prefix_len() - range.prefix_len());
        let all = 1_u64
            .checked_shl(bits)
            .unwrap_or(u64::MAX)
            .min(MOST_ADDRESSES);
        let unusable = if matches!(range, IpNet::V4(_)) && bits <= 20 {
            2
        } else {
            1
        };
        let size = all.saturating_sub(unusable);
        let band = (size / 16).clamp(LEAST_STATIC, MOST_STATIC);
        Addresses {
            range,
            size,
            dynamic: if size <= band { 0 } else { band },
            taken: HashSet::new(),
        }
    }

    /// The range.
    pub fn range(&self) -> IpNet {
        self.range
    }

    /// Takes this address.
    ///
    /// # Errors
    /// When it is not in the range, or taken.
    pub fn take(&mut self, address: IpAddr) -> Result<(), AddressError> {
        let offset = self
            .offset(address)
            .ok_or(AddressError::OutOfRange(self.range))?;
        if self.taken.insert(offset) {
            Ok(())
        } else {
            Err(AddressError::Taken)
        }
    }

    /// Takes any free address, beginning the search at a place that `seed` chooses.
    ///
    /// # Errors
    /// When all are taken.
    pub fn next(&mut self, seed: u64) -> Result<IpAddr, AddressError> {
        let upper = self.free(self.dynamic..self.size, seed);
        let offset = upper
            .or_else(|| self.free(0..self.dynamic, seed))
            .ok_or(AddressError::Full)?;
        self.taken.insert(offset);
        Ok(self.address(offset))
    }

    /// Gives an address back.
    pub fn release(&mut self, address: IpAddr) {
        if let Some(offset) = self.offset(address) {
            self.taken.remove(&offset);
        }
    }

    fn free(&self, band: std::ops::Range<u64>, seed: u64) -> Option<u64> {
        let length = band.end - band.start;
        if length == 0 {
            return None;
        }
        let first = seed % length;
        let mut offsets = (0..length).map(|i| band.start + (first + i) % length);
        offsets.find(|offset| !self.taken.contains(offset))
    }

    fn offset(&self, address: IpAddr) -> Option<u64> {
        let offset = match (self.range.network(), address) {
            (IpAddr::V4(base), IpAddr::V4(a)) => {
                u128::from(u32::from(a).checked_sub(u32::from(base))?)
            }
            (IpAddr::V6(base), IpAddr::V6(a)) => u128::from(a).checked_sub(u128::from(base))?,
            _ => return None,
        };
        let offset = u64::try_from(offset.checked_sub(1)?).ok()?;
        (offset < self.size).then_some(offset)
    }

    fn address(&self, offset: u64) -> IpAddr {
        match self.range.network() {
            // `size` never reaches beyond the range, so neither sum can overflow.
            IpAddr::V4(base) => IpAddr::V4(
                (u32::from(base).saturating_add(u32::try_from(offset + 1).unwrap_or(u32::MAX)))
                    .into(),
            ),
            IpAddr::V6(base) => IpAddr::V6((u128::from(base) + u128::from(offset) + 1).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Addresses {
        Addresses::new(text.parse().expect("a range"))
    }

    #[test]
    fn addresses_are_given_from_the_upper_band_first_and_then_all_of_them() {
        let mut a = range("10.0.0.0/27");
        let first = a.next(0).expect("free");
        assert_eq!(first.to_string(), "10.0.0.17");
        let rest: HashSet<IpAddr> = (1..30).map(|seed| a.next(seed).expect("free")).collect();
        assert_eq!(rest.len(), 29);
        assert!(!rest.contains(&first));
        assert_eq!(a.next(7), Err(AddressError::Full));
        a.release(first);
        assert_eq!(a.next(9), Ok(first));
    }

    #[test]
    fn the_networks_own_and_broadcast_addresses_are_never_given() {
        let mut a = range("10.0.0.0/24");
        for outside in ["10.0.0.0", "10.0.0.255", "10.0.1.1", "::1"] {
            let error = a
                .take(outside.parse().expect("an address"))
                .expect_err("not in the range");
            assert_eq!(
                error.to_string(),
                "provided IP is not in the valid range. The range of valid IPs is 10.0.0.0/24"
            );
        }
    }

    #[test]
    fn a_chosen_address_is_had_once() {
        let mut a = range("fd00::/108");
        let chosen = "fd00::5".parse().expect("an address");
        assert_eq!(a.take(chosen), Ok(()));
        assert_eq!(a.take(chosen), Err(AddressError::Taken));
        a.release(chosen);
        assert_eq!(a.take(chosen), Ok(()));
    }
}
