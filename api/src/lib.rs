//! Kubernetes' vocabulary as plain values and pure functions, shared by every room.
//!
//! No sockets, no disks, no clock, no async: what needs the time is given it. Objects are [`serde_json::Value`]s; the facts
//! table ([`facts`]) says what their fields are, and everything that can be driven by it is: decoding, defaulting, patching,
//! server-side apply, OpenAPI, discovery. Rules (validation, allocation, immutability) are the API server's, one file per kind.

pub mod apply;
pub mod decode;
pub mod defaults;
pub mod discovery;
pub mod facts;
pub mod field;
pub mod gotext;
pub mod names;
pub mod object;
pub mod openapi;
pub mod patch;
pub mod quantity;
pub mod selector;
pub mod status;
