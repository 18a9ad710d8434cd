//! A simulated cluster: several members on one thread, with a network that delays, loses, cuts and reorders, disks that
//! forget, a wall clock that jumps whenever it is read, and clients on every member.
//!
//! A run follows from a number, its seed. Each file of `scenarios::INVARIANTS` holds one thing that must hold whatever happens;
//! each test of `scenarios` is a kind of trouble, and its runs are checked against all of them.
//!
//! A plain `cargo test` runs a few hundred seeds. `SIMULATION_SEEDS` names others: `SIMULATION_SEEDS=1000` runs the first
//! thousand of each scenario, `SIMULATION_SEEDS=5000..6000` those. A seed that fails says how to run it alone. `tests/run nightly`
//! plays two thousand that are new each day.
//!
//! With `SIMULATION_LOG=hydrofoil_raftstore=debug,openraft=info` the members say what they do.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "what fails ends the test, and all time but the watchdog's is simulated"
)]

mod cluster;
mod entropy;
mod faults;
mod history;
mod network;
mod scenarios;
mod seeds;
mod workload;

mod acknowledged_writes;
mod leaders;
mod leases;
mod linearizable;
mod revisions;
mod watches;
