//! The Container Runtime Interface v1 (cri-api 0.36): messages, client and server traits, generated at build time.
//!
//! This crate is the wire and nothing more. The kubelet (`node`) calls it and the runtime (`runtime-shim`) serves it; the two meet
//! over a unix socket only, so that either can be replaced by another implementation of CRI.

/// Annotation of an image's spec, by which a runtime says whether containers of that image can see files: `"false"` for a Wasm
/// component that imports no file system. A kubelet need not make for them what nobody could read. Runtimes that do not know the
/// annotation leave it out, which says nothing.
pub const SEES_FILES: &str = "image.hydrofoil.dev/sees-files";

/// How this project's runtime calls itself (`VersionResponse.runtime_name`). It makes the folders of the logs that it writes; of others
/// CRI says that the kubelet makes them.
pub const RUNTIME_NAME: &str = "hydrofoil";

/// CRI's only protocol package, `runtime.v1`.
pub mod v1 {
    #![allow(missing_docs, deprecated, clippy::all, unused_qualifications)]
    tonic::include_proto!("runtime.v1");

    impl std::fmt::Debug for AuthConfig {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("AuthConfig")
                .field("username", &self.username)
                .field("server_address", &self.server_address)
                .finish_non_exhaustive()
        }
    }
}
