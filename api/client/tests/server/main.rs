//! The loops of the leader election and of the event recorder against an API server in memory, which can be slow to agree:
//! it refuses, forgets and is away when a test says so.

#![allow(clippy::unwrap_used, reason = "what fails ends the test")]

mod api;
mod events;
mod leader;
