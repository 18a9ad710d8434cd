//! Images: pulled from registries, checked, kept on disk once by digest, and pushed.
//!
//! "Image" here is whatever a reference leads to that holds one WebAssembly module or component: a CNCF Wasm OCI artifact, an older
//! `wasm-to-oci` artifact, or an OCI image of a Wasm platform with the module in a layer. Nothing here compiles or runs it, and
//! nothing here speaks CRI: the image service does, over [`ImageStore`].

mod auth;
mod classify;
pub(crate) mod content;
mod digest;
mod error;
mod fetch;
mod hosts;
mod hosts_toml;
mod identity;
mod index;
mod layer;
mod manifest;
mod pull;
mod push;
mod reference;
mod store;
#[cfg(test)]
mod tests;
mod variant;
mod wasm;

pub use auth::{Auth, AuthError, DockerConfig};
pub use digest::{Algorithm, Digest, DigestError, Hasher};
pub use error::{Cause, PullError, StoreError};
pub use hosts::{Capabilities, Endpoint, HostsError, Registries};
pub use push::{Progress, PushError, PushOptions, Pushed, push};
pub use reference::{Reference, ReferenceError};
pub use store::{Config, FsUsage, Image, ImageStore, Limits, WasmArtifact};
pub use variant::Variant;
pub use wasm::{Kind, WasmError};

pub(crate) use reference::{valid_repository, valid_tag};
