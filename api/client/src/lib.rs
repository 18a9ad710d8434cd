//! What every client of the API server in this program needs besides `kube`: leader election, an event recorder, and metadata
//! without what no client looks at.
//!
//! Not for: informers (`kube::runtime` has them), or any knowledge of what a controller, the scheduler or a node does.
//! Election and recorder are each a pure core that decides and a thin loop that talks to the API server.

mod clock;
pub mod events;
pub mod leader;
pub mod metadata;
