//! The embedded OCI registry.

use std::net::SocketAddr;
use std::path::PathBuf;

/// How to start a registry.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The folder that holds everything.
    pub root: PathBuf,
}
