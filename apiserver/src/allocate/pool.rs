//! A range of numbers of which some are taken: one bit each.
//!
//! A range is split in two bands, as upstream splits it (KEP-3070, KEP-3668): what people ask for by number mostly lies in the
//! lower band, so what the server picks comes from the upper one until that is full.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// The most addresses of a range that are used. Only an IPv6 range can be larger.
const ADDRESSES_MAX: u128 = 1 << 20;

/// Why something cannot be taken. The texts are upstream's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// An address outside the range.
    #[error(
        "the provided IP ({address}) is not in the valid range. The range of valid IPs is {range}"
    )]
    AddressOutside {
        /// What was asked for.
        address: IpAddr,
        /// Where it should be.
        range: IpNet,
    },
    /// Somebody has the address.
    #[error("provided IP is already allocated")]
    AddressTaken,
    /// A port outside the range.
    #[error("provided port is not in the valid range. The range of valid ports is {first}-{last}")]
    PortOutside {
        /// The first port there is.
        first: u16,
        /// The last port there is.
        last: u16,
    },
    /// Somebody has the port.
    #[error("provided port is already allocated")]
    PortTaken,
    /// Nothing is left.
    #[error("range is full")]
    Full,
}

/// What the numbers stand for.
#[derive(Debug, Clone, Copy)]
enum Of {
    Addresses { range: IpNet, first: u128 },
    Ports { first: u16, last: u16 },
}

/// A range of addresses or ports.
#[derive(Debug)]
pub(super) struct Pool {
    of: Of,
    taken: Vec<u64>,
    size: usize,
    used: usize,
    /// Where the upper band begins.
    band: usize,
}

impl Pool {
    /// The usable addresses of a range: neither the first, nor the last of an IPv4 range.
    pub(super) fn of_addresses(range: IpNet) -> Option<Pool> {
        let (first, bits, reserved) = match range {
            IpNet::V4(net) => (
                u128::from(u32::from(net.network())),
                32 - u32::from(net.prefix_len()),
                2,
            ),
            IpNet::V6(net) => (
                u128::from(net.network()),
                128 - u32::from(net.prefix_len()),
                1,
            ),
        };
        let all = 1u128
            .checked_shl(bits)
            .unwrap_or(u128::MAX)
            .min(ADDRESSES_MAX);
        let size = usize::try_from(all.checked_sub(reserved)?)
            .ok()
            .filter(|&size| size > 0)?;
        let band = band(size, 16, 256, 16);
        Some(Pool::new(
            Of::Addresses {
                range,
                first: first + 1,
            },
            size,
            band,
        ))
    }

    /// The ports from the first to the last.
    pub(super) fn of_ports(first: u16, last: u16) -> Option<Pool> {
        let size = usize::from(last.checked_sub(first)?) + 1;
        Some(Pool::new(
            Of::Ports { first, last },
            size,
            band(size, 16, 128, 32),
        ))
    }

    fn new(of: Of, size: usize, band: usize) -> Pool {
        Pool {
            of,
            taken: vec![0; size.div_ceil(64)],
            size,
            used: 0,
            band,
        }
    }

    fn is_taken(&self, offset: usize) -> bool {
        self.taken[offset / 64] >> (offset % 64) & 1 == 1
    }

    fn take(&mut self, offset: usize) -> bool {
        if self.is_taken(offset) {
            return false;
        }
        self.taken[offset / 64] |= 1 << (offset % 64);
        self.used += 1;
        true
    }

    fn free(&mut self, offset: usize) {
        if self.is_taken(offset) {
            self.taken[offset / 64] &= !(1 << (offset % 64));
            self.used -= 1;
        }
    }

    /// Takes something free: in the upper band first, from a place that the random number names.
    fn take_any(&mut self, random: u64) -> Option<usize> {
        if self.used == self.size {
            return None;
        }
        let found = self
            .search(self.band, self.size, random)
            .or_else(|| self.search(0, self.band, random))?;
        self.take(found);
        Some(found)
    }

    fn search(&self, from: usize, to: usize, random: u64) -> Option<usize> {
        let width = to.checked_sub(from).filter(|&width| width > 0)?;
        let start = from + usize::try_from(random % width as u64).unwrap_or(0);
        (start..to)
            .chain(from..start)
            .find(|&offset| !self.is_taken(offset))
    }

    fn address_offset(&self, address: IpAddr) -> Option<usize> {
        let Of::Addresses { range, first } = self.of else {
            return None;
        };
        if address.is_ipv4() != range.network().is_ipv4() {
            return None;
        }
        let offset = number(address).checked_sub(first)?;
        usize::try_from(offset)
            .ok()
            .filter(|&offset| offset < self.size)
    }

    /// Takes an address by name.
    pub(super) fn take_address(&mut self, address: IpAddr) -> Result<(), Fault> {
        let Of::Addresses { range, .. } = self.of else {
            return Err(Fault::Full);
        };
        let offset = self
            .address_offset(address)
            .ok_or(Fault::AddressOutside { address, range })?;
        if self.take(offset) {
            Ok(())
        } else {
            Err(Fault::AddressTaken)
        }
    }

    /// Takes any address.
    pub(super) fn take_any_address(&mut self, random: u64) -> Result<IpAddr, Fault> {
        let offset = self.take_any(random).ok_or(Fault::Full)?;
        self.address_at(offset).ok_or(Fault::Full)
    }

    fn address_at(&self, offset: usize) -> Option<IpAddr> {
        let Of::Addresses { range, first } = self.of else {
            return None;
        };
        let number = first + offset as u128;
        Some(if range.network().is_ipv4() {
            IpAddr::V4(Ipv4Addr::from(u32::try_from(number).ok()?))
        } else {
            IpAddr::V6(Ipv6Addr::from(number))
        })
    }

    /// The first address of the range that can be handed out, taken or not.
    pub(super) fn first_address(&self) -> Option<IpAddr> {
        self.address_at(0)
    }

    /// Gives an address back; others' addresses are left alone.
    pub(super) fn free_address(&mut self, address: IpAddr) {
        if let Some(offset) = self.address_offset(address) {
            self.free(offset);
        }
    }

    fn port_offset(&self, port: u16) -> Result<usize, Fault> {
        match self.of {
            Of::Ports { first, last } if (first..=last).contains(&port) => {
                Ok(usize::from(port - first))
            }
            Of::Ports { first, last } => Err(Fault::PortOutside { first, last }),
            Of::Addresses { .. } => Err(Fault::Full),
        }
    }

    /// Takes a port by number.
    pub(super) fn take_port(&mut self, port: u16) -> Result<(), Fault> {
        let offset = self.port_offset(port)?;
        if self.take(offset) {
            Ok(())
        } else {
            Err(Fault::PortTaken)
        }
    }

    /// Takes any port.
    pub(super) fn take_any_port(&mut self, random: u64) -> Result<u16, Fault> {
        let Of::Ports { first, .. } = self.of else {
            return Err(Fault::Full);
        };
        let offset = self.take_any(random).ok_or(Fault::Full)?;
        u16::try_from(offset)
            .map(|offset| first + offset)
            .map_err(|_| Fault::Full)
    }

    /// Gives a port back.
    pub(super) fn free_port(&mut self, port: u16) {
        if let Ok(offset) = self.port_offset(port) {
            self.free(offset);
        }
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

/// The size of the lower band: a part of the range, within bounds; none when the range is small.
fn band(size: usize, smallest: usize, largest: usize, part: usize) -> usize {
    if size <= smallest {
        0
    } else {
        (size / part).clamp(smallest, largest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(range: &str) -> Pool {
        Pool::of_addresses(range.parse().unwrap()).unwrap()
    }

    #[test]
    fn bands_are_upstreams() {
        assert_eq!(band(4094, 16, 256, 16), 255);
        assert_eq!(band(65534, 16, 256, 16), 256);
        assert_eq!(band(254, 16, 256, 16), 16);
        assert_eq!(band(14, 16, 256, 16), 0);
        assert_eq!(band(2768, 16, 128, 32), 86);
    }

    #[test]
    fn what_is_picked_is_above_the_band_until_it_must_be_below() {
        let mut pool = addresses("10.0.0.0/24");
        assert_eq!(pool.take_any_address(0).unwrap().to_string(), "10.0.0.17");
        for _ in 1..238 {
            pool.take_any_address(0).unwrap();
        }
        assert_eq!(pool.take_any_address(7).unwrap().to_string(), "10.0.0.8");
        for _ in 1..16 {
            pool.take_any_address(9).unwrap();
        }
        assert_eq!(pool.take_any_address(3), Err(Fault::Full));
        pool.free_address("10.0.0.200".parse().unwrap());
        assert_eq!(pool.take_any_address(3).unwrap().to_string(), "10.0.0.200");
    }

    #[test]
    fn addresses_by_name() {
        let mut pool = addresses("10.0.0.0/24");
        assert_eq!(pool.first_address(), "10.0.0.1".parse().ok());
        pool.take_address("10.0.0.10".parse().unwrap()).unwrap();
        assert_eq!(
            pool.take_address("10.0.0.10".parse().unwrap())
                .unwrap_err()
                .to_string(),
            "provided IP is already allocated"
        );
        for outside in ["10.0.0.0", "10.0.0.255", "10.0.1.1", "fd00::1"] {
            assert_eq!(
                pool.take_address(outside.parse().unwrap())
                    .unwrap_err()
                    .to_string(),
                format!(
                    "the provided IP ({outside}) is not in the valid range. The range of valid IPs is 10.0.0.0/24"
                )
            );
        }
    }

    #[test]
    fn large_ranges_are_bounded() {
        let mut pool = addresses("fd00::/64");
        assert_eq!(pool.size, (1 << 20) - 1);
        let picked = pool.take_any_address(u64::MAX).unwrap();
        assert!("fd00::/64".parse::<IpNet>().unwrap().contains(&picked));
        assert!(Pool::of_addresses("10.0.0.0/32".parse().unwrap()).is_none());
        assert!(Pool::of_addresses("10.0.0.0/30".parse().unwrap()).is_some());
    }

    #[test]
    fn ports() {
        let mut pool = Pool::of_ports(30000, 32767).unwrap();
        assert_eq!(pool.take_any_port(0), Ok(30086));
        pool.take_port(30000).unwrap();
        assert_eq!(
            pool.take_port(30000).unwrap_err().to_string(),
            "provided port is already allocated"
        );
        assert_eq!(
            pool.take_port(80).unwrap_err().to_string(),
            "provided port is not in the valid range. The range of valid ports is 30000-32767"
        );
        pool.free_port(30000);
        pool.take_port(30000).unwrap();
        assert!(Pool::of_ports(2, 1).is_none());
    }
}
