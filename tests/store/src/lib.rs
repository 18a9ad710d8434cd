//! What the judges of the store share: clusters of the real etcd and of ours, started the same way, and scenarios that are played
//! on both and compared.
//!
//! Nothing here links the store: it is a program that is driven from outside, so that the same test says of etcd what it says of us.
//!
//! - [`tools`]: which programs there are; [`cluster`]: members of one of them, on loopback.
//! - [`script`]: a scenario as data; [`stage`]: plays it on one cluster; [`normal`]: hides what two runs can't have in common;
//!   [`compare`]: what is left that differs.
//! - [`robustness`]: histories of our processes under faults.

pub mod cluster;
pub mod compare;
pub mod normal;
pub mod ports;
pub mod protobuf;
pub mod robustness;
pub mod script;
pub mod stage;
pub mod tools;
pub mod wait;
