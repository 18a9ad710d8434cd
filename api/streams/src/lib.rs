//! How exec, attach and port-forward look on the wire, as plain values and pure functions: [`spdy`] is SPDY/3.1 as `kubectl`, `crictl`
//! and client-go speak it, [`channel`] the messages of the websocket forms, [`protocol`] the names by which both sides choose one.
//! [`proxy`] passes such a connection on without understanding it.
//!
//! Who serves them is `runtime-shim`'s streaming server.

pub mod channel;
pub mod protocol;
pub mod proxy;
pub mod spdy;
