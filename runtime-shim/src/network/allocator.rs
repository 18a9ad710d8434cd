//! Hands out pod addresses from the node's range. Pure: no sockets, no clock.
//!
//! Fresh addresses go first, then freed ones in the order of their freeing, so that an address rests as long as possible before it means
//! another pod: connections to a dead pod must not find its successor.

use std::collections::{HashSet, VecDeque};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// Why no address could be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllocatorError {
    /// The kubelet has not told the node's range yet.
    #[error("the node has no pod address range yet")]
    NoRange,
    /// Every address is in use.
    #[error("no pod address is left in {0}")]
    Exhausted(Ipv4Net),
}

/// The addresses of one node.
#[derive(Debug, Default)]
pub struct Allocator {
    range: Option<Ipv4Net>,
    /// Offset into the range of the next address never handed out.
    fresh: u64,
    freed: VecDeque<Ipv4Addr>,
    used: HashSet<Ipv4Addr>,
}

impl Allocator {
    /// An allocator over `range`, or one that waits for its range.
    pub fn new(range: Option<Ipv4Net>) -> Self {
        Self {
            range: range.map(|r| r.trunc()),
            ..Self::default()
        }
    }

    /// The range in use.
    pub const fn range(&self) -> Option<Ipv4Net> {
        self.range
    }

    /// Changes the range. Addresses in use stay in use; from now on new ones come from the new range.
    pub fn set_range(&mut self, range: Ipv4Net) {
        let range = range.trunc();
        if self.range != Some(range) {
            self.range = Some(range);
            self.fresh = 0;
            self.freed.clear();
        }
    }

    /// Takes an address that no live sandbox has.
    pub fn allocate(&mut self) -> Result<Ipv4Addr, AllocatorError> {
        let range = self.range.ok_or(AllocatorError::NoRange)?;
        let size = 1u64 << (32 - u32::from(range.prefix_len()));
        while self.fresh < size {
            let offset = self.fresh;
            self.fresh += 1;
            let candidate = u64::from(u32::from(range.network())) + offset;
            let Ok(candidate) = u32::try_from(candidate) else {
                break;
            };
            let candidate = Ipv4Addr::from(candidate);
            if usable(range, size, offset, candidate) && self.used.insert(candidate) {
                return Ok(candidate);
            }
        }
        while let Some(candidate) = self.freed.pop_front() {
            if self.used.insert(candidate) {
                return Ok(candidate);
            }
        }
        Err(AllocatorError::Exhausted(range))
    }

    /// Gives an address back. Freeing what is not in use does nothing.
    pub fn free(&mut self, address: Ipv4Addr) {
        if self.used.remove(&address) && self.range.is_some_and(|r| r.contains(&address)) {
            self.freed.push_back(address);
        }
    }

    /// Addresses in use.
    pub fn in_use(&self) -> usize {
        self.used.len()
    }
}

/// Leaves out the range's network and gateway-like first address, and every `.0` and `.255`, which some tools take for a whole network.
fn usable(range: Ipv4Net, size: u64, offset: u64, candidate: Ipv4Addr) -> bool {
    if size <= 2 {
        return true;
    }
    if offset < 2 && size > 4 || offset == 0 || candidate == range.broadcast() {
        return false;
    }
    let last = candidate.octets()[3];
    last != 0 && last != 255
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn net(text: &str) -> Ipv4Net {
        text.parse().unwrap()
    }

    #[test]
    fn starts_after_the_network_and_gateway_addresses() {
        let mut allocator = Allocator::new(Some(net("127.64.0.0/16")));
        assert_eq!(allocator.allocate().unwrap(), Ipv4Addr::new(127, 64, 0, 2));
        for _ in 0..252 {
            allocator.allocate().unwrap();
        }
        assert_eq!(
            allocator.allocate().unwrap(),
            Ipv4Addr::new(127, 64, 1, 1),
            "no .255, no .0"
        );
    }

    #[test]
    fn a_freed_address_rests_until_all_others_were_used() {
        let mut allocator = Allocator::new(Some(net("10.0.0.0/29")));
        let all: Vec<_> = (0..5).map(|_| allocator.allocate().unwrap()).collect();
        assert_eq!(
            allocator.allocate(),
            Err(AllocatorError::Exhausted(net("10.0.0.0/29")))
        );
        allocator.free(all[3]);
        allocator.free(all[1]);
        allocator.free(all[1]);
        assert_eq!(allocator.allocate().unwrap(), all[3]);
        assert_eq!(allocator.allocate().unwrap(), all[1]);
        assert!(allocator.allocate().is_err());
    }

    #[test]
    fn without_a_range_there_is_no_address_and_a_new_range_counts_at_once() {
        let mut allocator = Allocator::new(None);
        assert_eq!(allocator.allocate(), Err(AllocatorError::NoRange));
        allocator.set_range(net("127.64.3.0/24"));
        let old = allocator.allocate().unwrap();
        allocator.set_range(net("127.64.4.0/24"));
        assert_eq!(allocator.allocate().unwrap(), Ipv4Addr::new(127, 64, 4, 2));
        allocator.free(old);
        assert_eq!(
            allocator.allocate().unwrap(),
            Ipv4Addr::new(127, 64, 4, 3),
            "the old range is not reused"
        );
    }

    proptest! {
        #[test]
        fn no_two_live_holders_share(steps in prop::collection::vec(any::<(bool, u8)>(), 1..400)) {
            let mut allocator = Allocator::new(Some(net("127.64.0.0/26")));
            let mut live: Vec<Ipv4Addr> = Vec::new();
            for (take, which) in steps {
                if take {
                    if let Ok(address) = allocator.allocate() {
                        prop_assert!(!live.contains(&address));
                        live.push(address);
                    }
                } else if !live.is_empty() {
                    let address = live.remove(usize::from(which) % live.len());
                    allocator.free(address);
                }
                prop_assert_eq!(allocator.in_use(), live.len());
            }
        }
    }
}
