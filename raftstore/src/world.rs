//! Whether this thread runs a simulation, in which nothing may depend on real threads or on real randomness: time is the
//! simulated runtime's, what is otherwise done by threads of our own is done by tasks, and numbers are drawn from a seed.

use std::cell::RefCell;

use rand::{Rng, SeedableRng, rngs::SmallRng};

thread_local! {
    static SEEDED: RefCell<Option<SmallRng>> = const { RefCell::new(None) };
}

/// Lets this thread run a simulation whose numbers follow from `seed`.
#[cfg(any(test, feature = "simulation"))]
pub fn simulate(seed: u64) {
    SEEDED.set(Some(SmallRng::seed_from_u64(seed)));
}

/// Whether this thread runs a simulation.
pub fn is_simulated() -> bool {
    SEEDED.with_borrow(Option::is_some)
}

/// A random number, or one that follows from the seed.
pub fn random() -> u64 {
    SEEDED.with_borrow_mut(|seeded| match seeded {
        Some(rng) => rng.random(),
        None => SmallRng::from_os_rng().random(),
    })
}

/// A random number that is not 0.
pub fn random_id() -> u64 {
    random().max(1)
}

/// How far a simulated wall clock is off at most, in seconds: about ten years.
const WALL_ERROR: u64 = 300_000_000;

/// Seconds since 1970 by the wall clock of a simulation, which is another one whenever it is asked: whoever depends on its going
/// evenly, or on its going forward, is to be found out. `None` outside a simulation.
pub fn wall_seconds() -> Option<u64> {
    is_simulated().then(|| 1_700_000_000 + random() % WALL_ERROR)
}
