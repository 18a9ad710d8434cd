//! The Container Runtime Interface v1 (cri-api 0.36): messages, client and server traits, generated at build time.
//!
//! This crate is the wire and nothing more. The kubelet (`node`) calls it and the runtime (`runtime-shim`) serves it; the two meet
//! over a unix socket only, so that either can be replaced by another implementation of CRI.

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
