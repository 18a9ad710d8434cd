//! Addresses and node ports of Services: handed out once, given back when nobody has them.
//!
//! What is taken is kept in memory alone and rebuilt from the Services when the server starts, so it cannot drift from them.
//! A [`Reservation`] holds what a write needs: dropped, it gives everything back; [committed](Reservation::commit), it gives
//! back what the old form of the Service had and the new one has not.
//!
//! Order of a write: the object is decoded and defaulted, its kind prepares it, [`Allocators::create`] or
//! [`Allocators::update`] completes it, its kind validates it, it is stored, and the reservation is committed. A dry run does
//! the same and drops the reservation. After a deletion, [`Allocators::delete`].

use std::net::IpAddr;
use std::sync::Arc;

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::status::{ApiError, GroupKind};
use ipnet::IpNet;
use parking_lot::Mutex;
use serde_json::Value;

use crate::kinds::checks::parse_ip;
use crate::kinds::service::{is_headless, needs_cluster_ip, needs_health_check};
use crate::kinds::value::{get, int_or_zero, items, set, text_at};

mod families;
mod pool;
mod ports;

pub use pool::Fault;
use pool::Pool;
use ports::{changed_node_ports, health_check_port, new_node_ports, update_health_check};

/// What Services may be given.
#[derive(Debug, Clone)]
pub struct Config {
    /// Ranges of cluster IPs: one, or one of each family. The first is the default family.
    pub ranges: Vec<IpNet>,
    /// First and last node port.
    pub node_ports: (u16, u16),
    /// Where to begin looking for something free: any number, best a random one.
    pub random: fn() -> u64,
}

/// What is free and what is taken. Cheap to clone.
#[derive(Clone)]
pub struct Allocators(Arc<Inner>);

struct Inner {
    config: Config,
    pools: Mutex<Pools>,
}

struct Pools {
    addresses: Vec<Pool>,
    ports: Pool,
}

/// The ranges cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// No range, or more than two.
    #[error("service ranges must be one, or one IPv4 and one IPv6, not {0}")]
    Count(usize),
    /// Two ranges of one family.
    #[error("service ranges {0} and {1} are of the same family")]
    SameFamily(IpNet, IpNet),
    /// A range without room for a Service.
    #[error("service range {0} has no room")]
    TooSmall(IpNet),
    /// The last node port is before the first.
    #[error("node ports {0}-{1} are no range")]
    Ports(u16, u16),
}

/// Something taken from a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Address(IpAddr),
    Port(u16),
}

/// What a write has taken, and what it will give back when it succeeds.
#[must_use = "dropping a reservation gives everything back"]
pub struct Reservation {
    allocators: Allocators,
    taken: Vec<Item>,
    released: Vec<Item>,
}

impl Reservation {
    fn new(allocators: &Allocators) -> Reservation {
        Reservation {
            allocators: allocators.clone(),
            taken: Vec::new(),
            released: Vec::new(),
        }
    }

    /// The Service is stored: what it took stays taken, what it left is free.
    pub fn commit(mut self) {
        self.taken.clear();
        let released = std::mem::take(&mut self.released);
        self.allocators.release(&released);
    }

    fn address(&mut self, index: usize, wanted: Option<IpAddr>) -> Result<IpAddr, Fault> {
        let inner = &self.allocators.0;
        let mut pools = inner.pools.lock();
        let pool = &mut pools.addresses[index];
        let address = match wanted {
            Some(address) => {
                pool.take_address(address)?;
                address
            }
            None => pool.take_any_address((inner.config.random)())?,
        };
        drop(pools);
        self.taken.push(Item::Address(address));
        Ok(address)
    }

    fn port(&mut self, wanted: Option<u16>) -> Result<u16, Fault> {
        let inner = &self.allocators.0;
        let mut pools = inner.pools.lock();
        let port = match wanted {
            Some(port) => {
                pools.ports.take_port(port)?;
                port
            }
            None => pools.ports.take_any_port((inner.config.random)())?,
        };
        drop(pools);
        self.taken.push(Item::Port(port));
        Ok(port)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.allocators.release(&self.taken);
    }
}

impl Allocators {
    /// Nothing is taken yet; see [`restore`](Self::restore).
    ///
    /// # Errors
    /// When the ranges make no sense.
    pub fn new(config: Config) -> Result<Allocators, ConfigError> {
        match config.ranges.as_slice() {
            [_] => {}
            [a, b] if a.network().is_ipv4() != b.network().is_ipv4() => {}
            [a, b] => return Err(ConfigError::SameFamily(*a, *b)),
            other => return Err(ConfigError::Count(other.len())),
        }
        let addresses = config
            .ranges
            .iter()
            .map(|range| Pool::of_addresses(*range).ok_or(ConfigError::TooSmall(*range)))
            .collect::<Result<_, _>>()?;
        let (first, last) = config.node_ports;
        let ports = Pool::of_ports(first, last).ok_or(ConfigError::Ports(first, last))?;
        Ok(Allocators(Arc::new(Inner {
            config,
            pools: Mutex::new(Pools { addresses, ports }),
        })))
    }

    /// Marks as taken what the stored Services have. What they have twice, or outside the ranges, stays theirs: it is
    /// only not handed out again.
    pub fn restore<'a>(&self, services: impl IntoIterator<Item = &'a Value>) {
        let mut pools = self.0.pools.lock();
        for service in services {
            for item in held(service) {
                // A Service from before the range was changed keeps an address that no pool knows.
                let _ = match item {
                    Item::Address(address) => pools.take_address(address),
                    Item::Port(port) => pools.ports.take_port(port),
                };
            }
        }
    }

    /// The first address of the default range, which is for the server's own Service.
    pub fn first_address(&self) -> Option<IpAddr> {
        self.0
            .pools
            .lock()
            .addresses
            .first()
            .and_then(Pool::first_address)
    }

    /// Completes a new Service: families and policy, cluster IPs, node ports, health check port.
    ///
    /// # Errors
    /// 422 when what it asks for is not to be had, 500 when nothing is left.
    pub fn create(&self, service: &mut Value) -> Result<Reservation, ApiError> {
        families::sync_on_create(service);
        families::complete(service, None, &self.0.config.ranges)?;
        let mut reservation = Reservation::new(self);
        if needs_cluster_ip(service) && !is_headless(service) {
            self.cluster_ips(service, 0, &mut reservation)?;
        }
        if has_node_ports(service) {
            new_node_ports(service, &mut reservation)?;
        }
        if needs_health_check(service) {
            health_check_port(service, &mut reservation)?;
        }
        Ok(reservation)
    }

    /// Completes a Service that replaces another: what the client left out it keeps, what its type now needs it gets, and
    /// what it no longer needs is given back when the reservation is committed.
    ///
    /// # Errors
    /// 422 when what it asks for is not to be had, 500 when nothing is left.
    pub fn update(&self, new: &mut Value, old: &Value) -> Result<Reservation, ApiError> {
        families::keep_allocated(new, old);
        families::sync_on_update(new, old);
        families::complete(new, Some(old), &self.0.config.ranges)?;
        let mut reservation = Reservation::new(self);
        self.update_cluster_ips(new, old, &mut reservation)?;
        if has_node_ports(new) {
            changed_node_ports(new, old, &mut reservation)?;
        } else {
            reservation.released.extend(node_ports(old).map(Item::Port));
        }
        update_health_check(new, old, &mut reservation)?;
        Ok(reservation)
    }

    /// A Service is gone: what it had is free.
    pub fn delete(&self, service: &Value) {
        self.release(&held(service));
    }

    fn release(&self, items: &[Item]) {
        if items.is_empty() {
            return;
        }
        let mut pools = self.0.pools.lock();
        for item in items {
            match item {
                Item::Address(address) => pools
                    .addresses
                    .iter_mut()
                    .for_each(|pool| pool.free_address(*address)),
                Item::Port(port) => pools.ports.free_port(*port),
            }
        }
    }

    fn pool_of(&self, family: &str) -> Option<usize> {
        self.0
            .config
            .ranges
            .iter()
            .position(|range| families::family(range) == family)
    }

    /// Takes an address for every family from the given one on that has none yet, or the one it asks for.
    fn cluster_ips(
        &self,
        service: &mut Value,
        from: usize,
        reservation: &mut Reservation,
    ) -> Result<(), ApiError> {
        let spec = get(service, "spec");
        let wanted: Vec<String> = items(spec, "ipFamilies")
            .iter()
            .filter_map(|family| family.as_str().map(str::to_owned))
            .collect();
        let mut ips: Vec<Value> = items(spec, "clusterIPs").to_vec();
        for (index, family) in wanted.iter().enumerate().skip(from) {
            let Some(pool) = self.pool_of(family) else {
                continue;
            };
            let asked = ips
                .get(index)
                .and_then(Value::as_str)
                .unwrap_or("")
                .to_owned();
            if asked.is_empty() {
                let given = reservation.address(pool, None).map_err(|fault| {
                    ApiError::internal(format!("failed to allocate a serviceIP: {fault}"))
                })?;
                let given = Value::String(given.to_string());
                if index < ips.len() {
                    ips[index] = given
                } else {
                    ips.push(given)
                }
                continue;
            }
            let Some(address) = parse_ip(&asked) else {
                return Err(ApiError::internal(format!(
                    "failed to parse service IP \"{asked}\""
                )));
            };
            reservation.address(pool, Some(address)).map_err(|fault| {
                let path = Path::new("spec").child("clusterIPs");
                let sentence = format!("failed to allocate IP {asked}: {fault}");
                invalid(service, FieldError::invalid(&path, ips.clone(), sentence))
            })?;
        }
        if let Some(spec) = service.get_mut("spec") {
            if let Some(first) = ips.first() {
                set(spec, "clusterIP", first.clone());
            }
            set(spec, "clusterIPs", ips);
        }
        Ok(())
    }

    fn update_cluster_ips(
        &self,
        new: &mut Value,
        old: &Value,
        reservation: &mut Reservation,
    ) -> Result<(), ApiError> {
        let (has, had) = (needs_cluster_ip(new), needs_cluster_ip(old));
        match (had, has) {
            (false, true) if !is_headless(new) => self.cluster_ips(new, 0, reservation),
            (true, false) => {
                reservation
                    .released
                    .extend(addresses(old).map(Item::Address));
                Ok(())
            }
            (true, true) if !is_headless(old) && !is_headless(new) => {
                let count = |service| items(get(service, "spec"), "ipFamilies").len();
                match (count(old), count(new)) {
                    (1, 2) => self.cluster_ips(new, 1, reservation),
                    (2, 1) => {
                        reservation
                            .released
                            .extend(addresses(old).skip(1).map(Item::Address));
                        Ok(())
                    }
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

impl Pools {
    fn take_address(&mut self, address: IpAddr) -> Result<(), Fault> {
        let mut fault = None;
        for pool in &mut self.addresses {
            match pool.take_address(address) {
                Ok(()) => return Ok(()),
                Err(error) => fault = Some(error),
            }
        }
        Err(fault.unwrap_or(Fault::Full))
    }
}

fn invalid(service: &Value, error: FieldError) -> ApiError {
    ApiError::invalid(
        GroupKind::new("", "Service"),
        text_at(service, &["metadata", "name"]),
        &[error],
    )
}

fn has_node_ports(service: &Value) -> bool {
    ["NodePort", "LoadBalancer"].contains(&text_at(service, &["spec", "type"]))
}

/// The cluster IPs a Service has.
fn addresses(service: &Value) -> impl Iterator<Item = IpAddr> + '_ {
    let counted = needs_cluster_ip(service) && !is_headless(service);
    items(get(service, "spec"), "clusterIPs")
        .iter()
        .filter(move |_| counted)
        .filter_map(|address| address.as_str().and_then(parse_ip))
}

/// The node ports a Service has, each once.
fn node_ports(service: &Value) -> impl Iterator<Item = u16> + '_ {
    let ports = items(get(service, "spec"), "ports");
    ports.iter().enumerate().filter_map(move |(index, port)| {
        let number = int_or_zero(port, "nodePort");
        let repeated = ports[..index]
            .iter()
            .any(|earlier| int_or_zero(earlier, "nodePort") == number);
        if repeated {
            None
        } else {
            u16::try_from(number).ok().filter(|&number| number != 0)
        }
    })
}

fn health_port(service: &Value) -> Option<u16> {
    u16::try_from(int_or_zero(get(service, "spec"), "healthCheckNodePort"))
        .ok()
        .filter(|&port| port != 0)
}

/// Everything a Service has.
fn held(service: &Value) -> Vec<Item> {
    addresses(service)
        .map(Item::Address)
        .chain(node_ports(service).map(Item::Port))
        .chain(health_port(service).map(Item::Port))
        .collect()
}

#[cfg(test)]
mod tests;
