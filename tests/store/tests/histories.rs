//! Three real processes of the store under faults: no acknowledged write is lost, no watch event is missed or doubled, revisions
//! are contiguous across every watcher, and the history is linearizable by porcupine.
//!
//! Needs root, for network namespaces and small file systems, and `tests/run store` for its tools. Each kind of fault takes about
//! twenty seconds; `ROBUSTNESS_SECONDS=600 tests/run store` lets each go on for ten minutes.

use std::sync::{Mutex, PoisonError};

use hydrofoil_store_tests::robustness::{faults::Fault, inside, run};

/// One at a time: each is meant to have the machine.
static ALONE: Mutex<()> = Mutex::new(());

fn histories(name: &str, fault: Fault) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let result = inside::is_inside(name).and_then(|inside| match inside {
        true => run::with(fault),
        false => Ok(()),
    });
    if let Err(error) = result {
        panic!("{error:#}");
    }
}

#[test]
fn processes_are_killed() {
    histories("processes_are_killed", Fault::Kill);
}

#[test]
fn processes_stand_still() {
    histories("processes_stand_still", Fault::Stop);
}

#[test]
fn links_are_cut() {
    histories("links_are_cut", Fault::Cut);
}

#[test]
fn disks_are_full() {
    histories("disks_are_full", Fault::FullDisk);
}
