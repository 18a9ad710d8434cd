//! What a Service takes from a range (addresses and ports) around its write: reserved before, kept or given back after.
//!
//! Objects of every other kind pass through: the rules are in `crate::allocate`, here is only who they are for.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use hydrofoil_api::status::ApiError;
use ipnet::IpNet;
use serde_json::Value;

use crate::allocate::{Allocators, Config, Reservation};
use crate::cache::Caches;
use crate::error::Error;
use crate::resources::Served;

/// The stored kind whose objects are given something.
const SERVICES: &str = "services/specs";

/// The ranges.
pub struct Allocation {
    services: Allocators,
}

/// What was reserved for a write; given back when it is dropped without [`Reserved::keep`].
#[must_use]
pub struct Reserved(Option<Reservation>);

impl Reserved {
    /// Nothing.
    pub fn nothing() -> Reserved {
        Reserved(None)
    }

    /// The write happened.
    pub fn keep(self) {
        if let Some(reservation) = self.0 {
            reservation.commit();
        }
    }
}

impl Allocation {
    /// Nothing is taken from these ranges.
    ///
    /// # Errors
    /// When the ranges make no sense.
    pub fn new(range: IpNet, ports: &RangeInclusive<u16>) -> Result<Allocation, Error> {
        let services = Allocators::new(Config {
            ranges: vec![range],
            node_ports: (*ports.start(), *ports.end()),
            random: rand::random,
        })?;
        Ok(Allocation { services })
    }

    /// The address of the `kubernetes` Service: the first of the range.
    pub fn first_address(&self) -> Option<IpAddr> {
        self.services.first_address()
    }

    /// Takes note of what the Services that are there have.
    pub fn fill(&self, caches: &Caches) {
        let Some(services) = caches.resource(SERVICES) else {
            return;
        };
        for service in services.snapshot().objects.cursor("", "") {
            self.services.restore([&service.parse()]);
        }
    }

    /// Reserves for a new object, and writes into it what it got.
    ///
    /// # Errors
    /// 422 for what is taken, 500 when a range is exhausted.
    pub fn reserve_create(&self, served: &Served, new: &mut Value) -> Result<Reserved, ApiError> {
        if served.kind.storage.prefix != SERVICES {
            return Ok(Reserved::nothing());
        }
        self.services
            .create(new)
            .map(|reservation| Reserved(Some(reservation)))
    }

    /// Reserves what an update adds; what it drops is given back once it is written.
    ///
    /// # Errors
    /// As [`Allocation::reserve_create`].
    pub fn reserve_update(
        &self,
        served: &Served,
        new: &mut Value,
        old: &Value,
    ) -> Result<Reserved, ApiError> {
        if served.kind.storage.prefix != SERVICES {
            return Ok(Reserved::nothing());
        }
        self.services
            .update(new, old)
            .map(|reservation| Reserved(Some(reservation)))
    }

    /// Gives back what an object that is gone had.
    pub fn release(&self, served: &Served, old: &Value) {
        if served.kind.storage.prefix == SERVICES {
            self.services.delete(old);
        }
    }
}
