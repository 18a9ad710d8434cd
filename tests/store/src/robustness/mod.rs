//! Histories of three real processes of the store under faults, and what must hold of them.
//!
//! The members run in network namespaces of their own and keep their data on small file systems in memory, all inside
//! namespaces that the test makes by running itself again and that end with it. That needs root.
//!
//! - [`inside`]: the namespaces; [`network`]: the links between the members; [`member`]: the processes and their disks.
//! - [`workload`]: what clients do; [`watching`]: watchers; [`history`]: what both saw.
//! - [`faults`]: what goes wrong; [`run`]: a whole run; [`checks`]: what is checked of it.
//!
//! The one confusing thing: whether a write without an answer was done is settled by what watchers saw, so the watchers are
//! checked first, and the history that the linearizability checker gets knows of each write whether it was done.

pub mod checks;
pub mod faults;
pub mod history;
pub mod inside;
pub mod member;
pub mod network;
pub mod run;
pub mod watching;
pub mod workload;
