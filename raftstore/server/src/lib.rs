//! The store as a server.
