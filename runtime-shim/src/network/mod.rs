//! Pods' addresses: who has which, and what a guest's idea of an address means outside of it.
//!
//! A Wasm pod has no network namespace. Its address is one of the node's own (127.64.0.0/16 without root), handed out by [`allocator`]; the
//! rules of [`address`] are what keeps a pod to it, and [`traffic`] counts what goes over it.

pub mod address;
pub mod allocator;
pub mod traffic;

pub use address::PodAddress;
pub use allocator::{Allocator, AllocatorError};
pub use traffic::{Counted, Traffic};
