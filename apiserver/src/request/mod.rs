//! What a request asks, read from its line and headers: path and verb, options, and the form its answer should take.
//!
//! Nothing here looks at objects, at the store or at who asks.

pub mod info;
pub mod media;
pub mod options;
pub mod protobuf;
