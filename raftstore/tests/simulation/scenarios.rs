//! Kinds of trouble. Each run is checked against every invariant.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use super::{
    acknowledged_writes,
    cluster::{self, Plan},
    faults::Faults,
    history::History,
    leaders, leases, linearizable, revisions, seeds, watches,
};

/// Panics if the history is not as it must be.
type Check = fn(&History);

/// What holds whatever happens, one file each.
const INVARIANTS: [(&str, Check); 6] = [
    ("acknowledged_writes", acknowledged_writes::check),
    ("revisions", revisions::check),
    ("watches", watches::check),
    ("linearizable", linearizable::check),
    ("leaders", leaders::check),
    ("leases", leases::check),
];

/// How long things go wrong, in simulated time.
const TROUBLE: Duration = Duration::from_millis(3_500);

/// Checks a history against all of them.
fn check(history: &History) {
    let broken: Vec<&str> = INVARIANTS
        .iter()
        .filter(|(_, check)| catch_unwind(AssertUnwindSafe(|| check(history))).is_err())
        .map(|(name, _)| *name)
        .collect();
    assert!(broken.is_empty(), "does not hold: {broken:?}");
    let answered = history.answered().count();
    println!("{answered} answers of {}", history.operations.len());
    assert!(answered > 20, "{answered} answers say little");
}

/// Runs a plan and checks it. Returns what the run is known by.
fn run(seed: u64, plan: Plan) -> u64 {
    let history = cluster::run(seed, plan);
    check(&history);
    assert!(
        !plan.membership || history.changes > 0,
        "no member was added"
    );
    let mut digest = DefaultHasher::new();
    format!("{history:?}").hash(&mut digest);
    digest.finish()
}

#[test]
fn a_bad_network() {
    seeds::each("a_bad_network", NETWORK, |seed| {
        let faults = Faults {
            partitions: true,
            bad_network: true,
            ..Faults::default()
        };
        run(seed, Plan::new(3, faults, TROUBLE))
    });
}

#[test]
fn power_cuts() {
    seeds::each("power_cuts", CRASHES, |seed| {
        let faults = Faults {
            crashes: true,
            ..Faults::default()
        };
        run(seed, Plan::new(3, faults, TROUBLE))
    });
}

#[test]
fn everything_at_once() {
    seeds::each("everything_at_once", EVERYTHING, |seed| {
        run(seed, Plan::new(3, Faults::ALL, TROUBLE))
    });
}

#[test]
fn five_members() {
    seeds::each("five_members", FIVE, |seed| {
        run(seed, Plan::new(5, Faults::ALL, TROUBLE))
    });
}

#[test]
fn members_change_under_load() {
    seeds::each("members_change_under_load", CHANGES, |seed| {
        let plan = Plan {
            membership: true,
            ..Plan::new(3, Faults::ALL, TROUBLE)
        };
        run(seed, plan)
    });
}

/// How many seeds a plain run takes of each, so that it takes about six minutes of two cores.
const NETWORK: u64 = 40;
const CRASHES: u64 = 48;
const EVERYTHING: u64 = 64;
const FIVE: u64 = 16;
const CHANGES: u64 = 32;

#[test]
fn the_same_seed_is_the_same_run() {
    let once = || seeds::elsewhere("everything_at_once", 7);
    assert_eq!(once(), once());
}
