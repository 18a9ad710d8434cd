//! The API server: HTTPS on port 6443, Kubernetes' API over the store.
//!
//! It is the only room that talks to the store, and it keeps no state of its own: kill it and start it again. It knows
//! nothing of what a controller, the scheduler or a node will do with an object.

mod cache;
mod clock;
mod encoding;
pub mod kinds;
pub mod pki;
mod request;
mod revision;
