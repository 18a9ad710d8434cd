//! What the runtime knows: sandboxes and containers as small state machines, an index over them, and a journal that outlives the process.
//!
//! Knows nothing of gRPC; it speaks CRI's messages because those are the vocabulary of both sides.

pub mod container;
pub mod id;
pub mod index;
pub mod journal;
pub mod sandbox;

pub use container::{Container, Phase as ContainerPhase};
pub use index::Index;
pub use journal::{Change, Journal};
pub use sandbox::Sandbox;
