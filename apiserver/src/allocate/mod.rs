//! What a Service is given by the server: cluster addresses, address families and node ports.
//!
//! Allocations are made before the write and kept when it succeeds: a [`Reservation`] that is dropped gives back what it took. The
//! record is in memory, made anew from the stored Services at start, so it cannot disagree with them for longer than a request.
//! Upstream's rules: `pkg/registry/core/service/storage/alloc.go`, KEP-563 (dual stack), KEP-3070 and KEP-3668 (bands).

mod addresses;
mod families;
mod ports;

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::object;
use hydrofoil_api::status::{ApiError, GroupKind};
use ipnet::IpNet;
use parking_lot::Mutex;
use serde_json::Value;

use crate::kinds::value::{get, int_or_zero, items, items_mut, remove, set, text};
use addresses::Addresses;
use ports::Ports;

/// `spec.clusterIP` of a Service without one.
const HEADLESS: &str = "None";

/// The record of what Services have. Clones share it.
#[derive(Clone)]
pub struct Allocator {
    record: Arc<Mutex<Record>>,
}

/// What can be given, by kind.
struct Record {
    ranges: Vec<Addresses>,
    ports: Ports,
}

/// Something a Service has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    Address(IpAddr),
    Port(u16),
}

/// What was taken for a write that is under way: given back unless [`Reservation::keep`] says that the write succeeded.
#[must_use = "what was taken is given back when this is dropped"]
pub struct Reservation {
    allocator: Allocator,
    taken: Vec<Held>,
    /// Given back when the write succeeds.
    outdated: Vec<Held>,
}

impl Reservation {
    /// The write succeeded: what it took stays taken, what it no longer needs is free.
    pub fn keep(mut self) {
        self.taken.clear();
        let outdated = std::mem::take(&mut self.outdated);
        self.allocator.record.lock().release(&outdated);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.taken.is_empty() {
            self.allocator.record.lock().release(&self.taken);
        }
    }
}

impl Allocator {
    /// Nothing is taken. `ranges`: the Services' ranges, the first one's family being the cluster's own; at most one a family.
    pub fn new(ranges: &[IpNet], ports: RangeInclusive<u16>) -> Allocator {
        let ranges = ranges.iter().copied().map(Addresses::new).collect();
        Allocator { record: Arc::new(Mutex::new(Record { ranges, ports: Ports::new(ports) })) }
    }

    /// Takes note of a stored Service, at start. What two Services have both keep: the first one's release frees it.
    pub fn note(&self, service: &Value) {
        let mut record = self.record.lock();
        for held in held_by(service) {
            match held {
                Held::Address(address) => {
                    if let Some(range) = record.range_of(address) {
                        // Taken twice is a conflict from before this start; both Services go on as they are.
                        let _ = range.take(address);
                    }
                }
                Held::Port(port) => record.ports.share(port),
            }
        }
    }

    /// Gives a Service that is about to be written what it needs, in place. `old` is the stored one, if any. `seeds` choose where
    /// the search for free addresses and ports begins.
    ///
    /// # Errors
    /// 422 with upstream's fields and words when what is asked for cannot be had.
    pub fn reserve(&self, service: &mut Value, old: Option<&Value>, seeds: (u64, u64)) -> Result<Reservation, ApiError> {
        let mut reservation = Reservation { allocator: self.clone(), taken: Vec::new(), outdated: Vec::new() };
        let had = old.map(held_by).unwrap_or_default();
        let result = {
            let mut record = self.record.lock();
            record.give(service, old, &had, seeds, &mut reservation.taken)
        };
        result.map_err(|error| {
            ApiError::invalid(GroupKind::new("", "Service"), object::name(service), &[error])
        })?;
        let has = held_by(service);
        reservation.outdated = without(&had, &has);
        Ok(reservation)
    }

    /// Frees what a Service had that is gone.
    pub fn release(&self, service: &Value) {
        self.record.lock().release(&held_by(service));
    }
}

impl Record {
    fn range_of(&mut self, address: IpAddr) -> Option<&mut Addresses> {
        self.ranges.iter_mut().find(|r| r.range().addr().is_ipv4() == address.is_ipv4())
    }

    fn release(&mut self, held: &[Held]) {
        for held in held {
            match *held {
                Held::Address(address) => {
                    if let Some(range) = self.range_of(address) {
                        range.release(address);
                    }
                }
                Held::Port(port) => self.ports.release(port),
            }
        }
    }

    fn give(
        &mut self,
        service: &mut Value,
        old: Option<&Value>,
        had: &[Held],
        seeds: (u64, u64),
        taken: &mut Vec<Held>,
    ) -> Result<(), FieldError> {
        let Some(spec) = service.get_mut("spec").filter(|spec| spec.is_object()) else { return Ok(()) };
        if needs_address(spec) || text(spec, "clusterIP") == HEADLESS {
            let ranges: Vec<IpNet> = self.ranges.iter().map(Addresses::range).collect();
            families::settle(spec, old.map(|o| get(o, "spec")), &ranges)?;
        }
        if needs_address(spec) {
            self.give_addresses(spec, had, seeds.0, taken)?;
        }
        self.give_ports(spec, old.map(|o| get(o, "spec")), had, seeds.1, taken)
    }

    /// One address for each family: the one that is asked for, or any.
    fn give_addresses(&mut self, spec: &mut Value, had: &[Held], seed: u64, taken: &mut Vec<Held>) -> Result<(), FieldError> {
        let path = Path::new("spec").child("clusterIPs");
        let families: Vec<String> = items(spec, "ipFamilies").iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let wanted: Vec<String> = items(spec, "clusterIPs").iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let mut given = Vec::with_capacity(families.len());
        for (i, family) in families.iter().enumerate() {
            let ranges = self.ranges.iter_mut();
            let range = ranges.into_iter().find(|r| families::family_of(r.range()) == family);
            let Some(range) = range else { continue };
            let address = match wanted.get(i).filter(|text| !text.is_empty()) {
                None => {
                    let next = range.next(seed);
                    next.map_err(|error| FieldError::internal(&path, format!("failed to allocate a serviceIP: {error}")))?
                }
                Some(text) => {
                    let failed = |why: String| {
                        FieldError::invalid(&path, wanted.clone(), format!("failed to allocate IP {text}: {why}"))
                    };
                    let address: IpAddr = text.parse().map_err(|_| failed("not a valid IP address".into()))?;
                    if had.contains(&Held::Address(address)) {
                        given.push(address);
                        continue;
                    }
                    range.take(address).map_err(|error| failed(error.to_string()))?;
                    address
                }
            };
            taken.push(Held::Address(address));
            given.push(address);
        }
        if let Some(first) = given.first() {
            set(spec, "clusterIP", first.to_string());
            let all: Vec<Value> = given.iter().map(|a| a.to_string().into()).collect();
            set(spec, "clusterIPs", all);
        }
        Ok(())
    }

    /// A node port for each port, where the type has them: the one that is asked for, the one it had, or any.
    fn give_ports(
        &mut self,
        spec: &mut Value,
        old: Option<&Value>,
        had: &[Held],
        seed: u64,
        taken: &mut Vec<Held>,
    ) -> Result<(), FieldError> {
        let kind = text(spec, "type").to_owned();
        let wants = kind == "NodePort"
            || (kind == "LoadBalancer" && get(spec, "allocateLoadBalancerNodePorts").as_bool() != Some(false));
        if !wants && kind != "LoadBalancer" {
            clear_unasked(spec, old);
        } else if let Some(old) = old {
            keep_ports(spec, old);
        }
        let mut had: Vec<Held> = had.to_vec();
        let mut mine: Vec<u16> = Vec::new();
        for (i, port) in items_mut(spec, "ports").enumerate() {
            let path = Path::new("spec").child("ports").index(i).child("nodePort");
            let asked = int_or_zero(port, "nodePort");
            if asked == 0 && !wants {
                continue;
            }
            let number = match u16::try_from(asked) {
                Ok(0) => self.next_port(seed.wrapping_add(i as u64), &path)?,
                Ok(number) => {
                    // What it had it still has; a port it has twice, for two protocols, it needs to take once.
                    if let Some(at) = had.iter().position(|h| *h == Held::Port(number)) {
                        had.swap_remove(at);
                        mine.push(number);
                        continue;
                    }
                    if mine.contains(&number) {
                        self.ports.share(number);
                    } else {
                        let took = self.ports.take(number);
                        took.map_err(|error| FieldError::invalid(&path, asked, error.to_string()))?;
                    }
                    number
                }
                Err(_) => return Err(FieldError::invalid(&path, asked, "must be between 1 and 65535, inclusive")),
            };
            taken.push(Held::Port(number));
            mine.push(number);
            set(port, "nodePort", i64::from(number));
        }
        self.give_health_port(spec, old, &had, seed, taken)
    }

    fn next_port(&mut self, seed: u64, path: &Path) -> Result<u16, FieldError> {
        let next = self.ports.next(seed);
        next.map_err(|error| FieldError::internal(path, format!("failed to allocate a nodePort: {error}")))
    }

    /// `healthCheckNodePort`, for load balancers that keep traffic on the node it came to.
    fn give_health_port(
        &mut self,
        spec: &mut Value,
        old: Option<&Value>,
        had: &[Held],
        seed: u64,
        taken: &mut Vec<Held>,
    ) -> Result<(), FieldError> {
        let local = text(spec, "type") == "LoadBalancer" && text(spec, "externalTrafficPolicy") == "Local";
        if !local {
            if old.is_some() {
                remove(spec, "healthCheckNodePort");
            }
            return Ok(());
        }
        let path = Path::new("spec").child("healthCheckNodePort");
        let mut asked = int_or_zero(spec, "healthCheckNodePort");
        if asked == 0 {
            asked = old.map_or(0, |old| int_or_zero(old, "healthCheckNodePort"));
        }
        let number = match u16::try_from(asked) {
            Ok(0) => self.next_port(seed.wrapping_mul(31), &path)?,
            Ok(number) if had.contains(&Held::Port(number)) => {
                set(spec, "healthCheckNodePort", i64::from(number));
                return Ok(());
            }
            Ok(number) => {
                let took = self.ports.take(number);
                took.map_err(|error| FieldError::invalid(&path, asked, error.to_string()))?;
                number
            }
            Err(_) => return Err(FieldError::invalid(&path, asked, "must be between 1 and 65535, inclusive")),
        };
        taken.push(Held::Port(number));
        set(spec, "healthCheckNodePort", i64::from(number));
        Ok(())
    }
}

/// Whether the Service's type has a cluster address, and it does not decline one.
fn needs_address(spec: &Value) -> bool {
    matches!(text(spec, "type"), "ClusterIP" | "NodePort" | "LoadBalancer") && text(spec, "clusterIP") != HEADLESS
}

/// A Service that no longer has node ports: those it had, and did not newly ask for, go.
fn clear_unasked(spec: &mut Value, old: Option<&Value>) {
    let before: Vec<i64> = old.map_or_else(Vec::new, |o| items(o, "ports").iter().map(|p| int_or_zero(p, "nodePort")).collect());
    for port in items_mut(spec, "ports") {
        if before.contains(&int_or_zero(port, "nodePort")) {
            remove(port, "nodePort");
        }
    }
}

/// A client that does not know which node ports the Service has does not lose them: ports alike keep theirs.
fn keep_ports(spec: &mut Value, old: &Value) {
    let same = |a: &Value, b: &Value| get(a, "port") == get(b, "port") && text(a, "protocol") == text(b, "protocol");
    let used: Vec<i64> = items(spec, "ports").iter().map(|p| int_or_zero(p, "nodePort")).collect();
    for port in items_mut(spec, "ports") {
        if int_or_zero(port, "nodePort") != 0 {
            continue;
        }
        let before = items(old, "ports").iter().find(|o| same(o, port)).map_or(0, |o| int_or_zero(o, "nodePort"));
        if before != 0 && !used.contains(&before) {
            set(port, "nodePort", before);
        }
    }
}

/// Everything that a Service has.
fn held_by(service: &Value) -> Vec<Held> {
    let spec = get(service, "spec");
    let mut held = Vec::new();
    if needs_address(spec) {
        let mut addresses: Vec<&str> = items(spec, "clusterIPs").iter().filter_map(Value::as_str).collect();
        if addresses.is_empty() {
            addresses.push(text(spec, "clusterIP"));
        }
        held.extend(addresses.iter().filter_map(|a| a.parse().ok()).map(Held::Address));
    }
    let ports = items(spec, "ports").iter().map(|port| int_or_zero(port, "nodePort"));
    let all = ports.chain([int_or_zero(spec, "healthCheckNodePort")]);
    held.extend(all.filter_map(|port| u16::try_from(port).ok()).filter(|port| *port != 0).map(Held::Port));
    held
}

/// What is in `all` beyond what is in `kept`, each counted as often as it stands there.
fn without(all: &[Held], kept: &[Held]) -> Vec<Held> {
    let mut kept = kept.to_vec();
    let mut rest = Vec::new();
    for held in all {
        match kept.iter().position(|k| k == held) {
            Some(at) => {
                kept.swap_remove(at);
            }
            None => rest.push(*held),
        }
    }
    rest
}

#[cfg(test)]
mod tests;
