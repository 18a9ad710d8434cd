//! What a simulated cluster needs of this crate: a disk that forgets, and members whose every step follows from a seed. It is
//! for the simulation alone (feature `simulation`), and nothing else of the crate uses it.

pub mod disk;

use std::sync::Arc;

pub use disk::Forgetful;

use crate::{Config, Connector, Error, PeerService, Store};

/// Lets everything that this thread does from now on follow from `seed`: see `world`.
pub fn simulate(seed: u64) {
    crate::world::simulate(seed);
}

/// Opens a member's store on a simulated disk, as [`Store::open_cluster`] does on a real one.
///
/// # Errors
/// As there.
pub async fn open(
    config: Config,
    disk: &Forgetful,
    connector: Arc<dyn Connector>,
) -> Result<(Store, PeerService), Error> {
    Store::open_with(config, Arc::new(disk.clone()), None, connector).await
}
