//! The API server as its clients see it: a real store in a temporary folder, the whole pipeline, no cluster around it.

#![allow(clippy::unwrap_used, reason = "what fails ends the test")]

mod cluster;

mod create;
mod delete;
mod endpoints;
mod list;
mod patch;
mod subresources;
mod update;
mod watch;
