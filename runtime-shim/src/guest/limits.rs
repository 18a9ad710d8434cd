//! A container's memory limit: all linear memories and tables of all its instances, together.
//!
//! wasmtime asks before it grows anything; a refused growth reaches the guest as a failed `memory.grow`, after which most languages give up
//! with a trap. That is why a refusal is remembered: it is what tells an OOM kill from any other trap.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::ResourceLimiter;

/// What one table element takes.
const TABLE_ELEMENT_BYTES: u64 = size_of::<usize>() as u64;

/// A container's memory, shared by its instances.
#[derive(Debug, Default)]
pub struct MemoryBudget {
    /// Bytes; 0 is no limit.
    limit: AtomicU64,
    used: AtomicU64,
}

impl MemoryBudget {
    /// A budget of `limit` bytes; 0 or less is no limit, as in CRI.
    pub fn new(limit: i64) -> Self {
        let budget = Self::default();
        budget.set_limit(limit);
        budget
    }

    /// Changes the limit. What is in use stays, and counts against the new one.
    pub fn set_limit(&self, limit: i64) {
        self.limit
            .store(u64::try_from(limit).unwrap_or(0), Ordering::Relaxed);
    }

    /// The limit in bytes, if there is one.
    pub fn limit(&self) -> Option<u64> {
        Some(self.limit.load(Ordering::Relaxed)).filter(|limit| *limit > 0)
    }

    /// Bytes in use.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    fn reserve(&self, bytes: u64) -> bool {
        let limit = self.limit().unwrap_or(u64::MAX);
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|sum| *sum <= limit)
            })
            .is_ok()
    }

    fn release(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Why an instance was refused memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The instance by itself needs more than the container's limit.
    Alone,
    /// It would have fitted, but other instances of the container hold the rest.
    Shared,
}

/// One instance's account within its container's budget. Gives everything back when dropped.
#[derive(Debug)]
pub struct Limiter {
    budget: Arc<MemoryBudget>,
    held: u64,
    last: u64,
    denied: Option<Denial>,
}

impl Limiter {
    /// An account that holds nothing.
    pub const fn new(budget: Arc<MemoryBudget>) -> Self {
        Self {
            budget,
            held: 0,
            last: 0,
            denied: None,
        }
    }

    /// Whether, and why, a growth was refused.
    pub const fn denied(&self) -> Option<Denial> {
        self.denied
    }

    fn grow(&mut self, bytes: u64) -> bool {
        self.last = 0;
        if self.budget.reserve(bytes) {
            self.held += bytes;
            self.last = bytes;
            return true;
        }
        let alone = self
            .budget
            .limit()
            .is_some_and(|limit| self.held.saturating_add(bytes) > limit);
        self.denied = Some(match self.denied {
            Some(Denial::Alone) => Denial::Alone,
            _ if alone => Denial::Alone,
            _ => Denial::Shared,
        });
        false
    }

    /// wasmtime could not do what was granted.
    fn take_back(&mut self) {
        let bytes = std::mem::take(&mut self.last);
        self.held -= bytes;
        self.budget.release(bytes);
    }
}

impl Drop for Limiter {
    fn drop(&mut self) {
        self.budget.release(self.held);
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        Ok(self.grow(desired.saturating_sub(current) as u64))
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.take_back();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let elements = desired.saturating_sub(current) as u64;
        Ok(self.grow(elements.saturating_mul(TABLE_ELEMENT_BYTES)))
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.take_back();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_and_tables_count_together_and_come_back() {
        let budget = Arc::new(MemoryBudget::new(1000));
        let mut limiter = Limiter::new(Arc::clone(&budget));
        assert!(limiter.memory_growing(0, 600, None).unwrap());
        assert!(limiter.table_growing(0, 50, None).unwrap());
        assert!(!limiter.table_growing(50, 51, None).unwrap());
        assert_eq!(limiter.denied(), Some(Denial::Alone));
        drop(limiter);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn a_refusal_for_others_sake_is_told_apart() {
        let budget = Arc::new(MemoryBudget::new(1000));
        let mut first = Limiter::new(Arc::clone(&budget));
        let mut second = Limiter::new(Arc::clone(&budget));
        assert!(first.memory_growing(0, 600, None).unwrap());
        assert!(!second.memory_growing(0, 600, None).unwrap());
        assert_eq!(second.denied(), Some(Denial::Shared));
        drop(first);
        assert!(second.memory_growing(0, 600, None).unwrap());
        assert!(!second.memory_growing(600, 1200, None).unwrap());
        assert_eq!(second.denied(), Some(Denial::Alone));
    }

    #[test]
    fn the_modules_own_maximum_is_no_denial() {
        let mut limiter = Limiter::new(Arc::new(MemoryBudget::new(0)));
        assert!(!limiter.memory_growing(0, 10, Some(5)).unwrap());
        assert_eq!(limiter.denied(), None);
        assert!(limiter.memory_growing(0, 1 << 40, None).unwrap());
    }

    #[test]
    fn what_wasmtime_could_not_do_is_given_back() {
        let budget = Arc::new(MemoryBudget::new(0));
        let mut limiter = Limiter::new(Arc::clone(&budget));
        limiter.memory_growing(0, 65536, None).unwrap();
        limiter.memory_growing(65536, 131_072, None).unwrap();
        limiter
            .memory_grow_failed(wasmtime::format_err!("no memory"))
            .unwrap();
        assert_eq!(budget.used(), 65536);
    }
}
