//! Leases for objects that disappear by themselves (Events), shared by many objects so that not each grants one.
//!
//! As upstream's lease manager: a lease is granted for the time to live plus the reuse window, used for everything written
//! within that window, and for at most so many objects.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::storage::{Error, Storage};

/// How long a lease is shared, in seconds.
const REUSE_SECONDS: u64 = 60;
/// Most objects on one lease.
const MAX_OBJECTS: u32 = 1000;

struct Current {
    id: i64,
    ttl: i64,
    until: Instant,
    objects: u32,
}

/// The lease in use.
pub struct Leases {
    store: Storage,
    current: Mutex<Option<Current>>,
}

impl Leases {
    /// No lease yet.
    pub fn new(store: Storage) -> Leases {
        Leases {
            store,
            current: Mutex::new(None),
        }
    }

    /// A lease that lives for at least `ttl` seconds more.
    ///
    /// # Errors
    /// What the store says.
    pub async fn lease(&self, ttl: i64) -> Result<i64, Error> {
        let mut current = self.current.lock().await;
        let now = Instant::now();
        if let Some(lease) = current.as_mut()
            && lease.ttl == ttl
            && now < lease.until
            && lease.objects < MAX_OBJECTS
        {
            lease.objects += 1;
            return Ok(lease.id);
        }
        let granted = self
            .store
            .lease_grant(ttl.saturating_add_unsigned(REUSE_SECONDS))
            .await?;
        *current = Some(Current {
            id: granted.id,
            ttl,
            until: now + Duration::from_secs(REUSE_SECONDS),
            objects: 1,
        });
        Ok(granted.id)
    }
}
