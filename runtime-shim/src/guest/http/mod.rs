//! HTTP guests: components that export `wasi:http/incoming-handler`.
//!
//! [`server`] accepts on the pod's address and drains at the end, [`request`] gives each request an instance of its own, [`outgoing`] makes
//! the guests' own requests, from the pod's address, and [`served`] counts what was answered.

mod outgoing;
mod request;
mod served;
mod server;

pub use outgoing::OutgoingHttp;
pub use served::{BOUNDS, Served};
pub use server::{BindError, bind, serve};
