//! What every client of the API server in this program needs besides `kube`: leader election and an event recorder.
//!
//! Not for: informers (`kube::runtime` has them), or any knowledge of what a controller, the scheduler or a node does.
//! Both parts are a pure core that decides and a thin loop that talks to the API server.

mod clock;
pub mod events;
pub mod leader;
