//! Node ports: which are taken, by protocol, and which is given next.
//!
//! One Service may have the same node port for TCP and UDP; two Services never share one, as upstream. Like addresses, the range
//! has a lower band for ports that people choose (KEP-3668).

use std::collections::HashMap;
use std::ops::RangeInclusive;

/// At least so many ports are kept for people to choose, where the range is large enough.
const LEAST_STATIC: u16 = 16;
/// At most so many.
const MOST_STATIC: u16 = 128;

/// Why a port cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// It is outside of the range.
    #[error("provided port is not in the valid range. The range of valid ports is {0}-{1}")]
    OutOfRange(u16, u16),
    /// Another Service has it.
    #[error("provided port is already allocated")]
    Taken,
    /// There is none left.
    #[error("range is full")]
    Full,
}

/// The range of node ports. A port may be held several times by one Service; each holding is counted.
#[derive(Debug)]
pub struct Ports {
    range: RangeInclusive<u16>,
    taken: HashMap<u16, u32>,
}

impl Ports {
    /// An empty range.
    pub fn new(range: RangeInclusive<u16>) -> Ports {
        Ports {
            range,
            taken: HashMap::new(),
        }
    }

    /// Takes this port.
    ///
    /// # Errors
    /// When it is not in the range, or taken.
    pub fn take(&mut self, port: u16) -> Result<(), PortError> {
        if !self.range.contains(&port) {
            return Err(PortError::OutOfRange(
                *self.range.start(),
                *self.range.end(),
            ));
        }
        if self.taken.contains_key(&port) {
            return Err(PortError::Taken);
        }
        self.taken.insert(port, 1);
        Ok(())
    }

    /// Holds a port that the same Service holds already, for another protocol.
    pub fn share(&mut self, port: u16) {
        *self.taken.entry(port).or_default() += 1;
    }

    /// Takes any free port, beginning the search at a place that `seed` chooses.
    ///
    /// # Errors
    /// When all are taken.
    pub fn next(&mut self, seed: u64) -> Result<u16, PortError> {
        let (first, last) = (*self.range.start(), *self.range.end());
        let size = last - first + 1;
        let band = (size / 32).clamp(LEAST_STATIC, MOST_STATIC);
        let band = if size <= band { 0 } else { band };
        let upper = self.free(first + band..=last, seed);
        let port = upper.or_else(|| {
            (band > 0)
                .then(|| self.free(first..=first + band - 1, seed))
                .flatten()
        });
        let port = port.ok_or(PortError::Full)?;
        self.taken.insert(port, 1);
        Ok(port)
    }

    /// Gives one holding of a port back.
    pub fn release(&mut self, port: u16) {
        if let Some(count) = self.taken.get_mut(&port) {
            *count -= 1;
            if *count == 0 {
                self.taken.remove(&port);
            }
        }
    }

    fn free(&self, band: RangeInclusive<u16>, seed: u64) -> Option<u16> {
        let length = u64::from(*band.end()) - u64::from(*band.start()) + 1;
        let ports = (0..length)
            .map(|i| u16::try_from(u64::from(*band.start()) + (seed.wrapping_add(i)) % length));
        ports.flatten().find(|port| !self.taken.contains_key(port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_is_given_once() {
        let mut ports = Ports::new(30000..=30039);
        let mut given: Vec<u16> = (0..40)
            .map(|seed| ports.next(seed * 3).expect("free"))
            .collect();
        assert!(given[0] >= 30016, "the upper band serves first");
        given.sort_unstable();
        given.dedup();
        assert_eq!(given.len(), 40);
        assert_eq!(ports.next(1), Err(PortError::Full));
    }

    #[test]
    fn a_shared_port_is_free_when_both_have_given_it_back() {
        let mut ports = Ports::new(30000..=32767);
        ports.take(30080).expect("free");
        ports.share(30080);
        ports.release(30080);
        assert_eq!(ports.take(30080), Err(PortError::Taken));
        ports.release(30080);
        assert_eq!(ports.take(30080), Ok(()));
    }

    #[test]
    fn a_port_outside_the_range_is_refused_with_the_range() {
        let error = Ports::new(30000..=32767).take(80).expect_err("outside");
        assert_eq!(
            error.to_string(),
            "provided port is not in the valid range. The range of valid ports is 30000-32767"
        );
    }

    #[test]
    fn the_whole_range_of_ports_can_be_used() {
        assert!(Ports::new(1..=u16::MAX).next(u64::MAX).is_ok());
    }
}
