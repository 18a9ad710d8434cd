//! What the tests against a whole Hydrofoil share: where the tools are, a cluster to talk to, and `kubectl`.
//!
//! The tests themselves are in `tests/`, grouped by area. They start the real binary and drive it from outside, as a user would.

pub mod cluster;
pub mod kubectl;
pub mod manifests;
pub mod measure;
pub mod raw;
pub mod stream;
pub mod tools;
pub mod wait;

pub use cluster::Cluster;
pub use kubectl::{Kubectl, Output};
pub use wait::eventually;
