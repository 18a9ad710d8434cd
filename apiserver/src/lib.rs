//! The API server: HTTPS on port 6443, Kubernetes' API over the store.
//!
//! It is the only room that talks to the store, and it keeps no state of its own: kill it and start it again. It knows
//! nothing of what a controller, the scheduler or a node will do with an object.
//!
//! | Module | Is |
//! |---|---|
//! | `server` | sockets, TLS, clients in this process, start and stop |
//! | `pipeline` | what happens to a request, in order, one file per verb |
//! | `request`, `answer` | reading requests, writing responses |
//! | `kinds`, `admission`, `allocate` | the rules of objects |
//! | `registry` | reading and writing objects |
//! | `storage` | the store: in this process, or etcd's API over the network |
//! | `cache` | the watch cache: snapshots and fan-out |
//! | `endpoints` | discovery, OpenAPI, health, metrics |
//! | `pki` | certificates and keys |

pub mod admission;
mod allocate;
mod allocation;
mod answer;
mod authorize;
mod bootstrap;
mod cache;
mod clock;
mod config;
mod encoding;
mod endpoints;
mod error;
mod identity;
pub mod kinds;
mod metrics;
mod pipeline;
pub mod pki;
mod registry;
mod request;
mod resources;
mod revision;
mod server;
pub mod storage;

pub use config::{Config, Limits};
pub use endpoints::GIT_VERSION;
pub use error::Error;
pub use server::{ApiServer, start};
