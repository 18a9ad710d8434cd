//! The runtime as a kubelet sees it: a CRI client on a unix socket, real guests, a real registry, everything in a temporary folder.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cpu;
mod ends;
mod exec;
mod files;
mod guests;
mod hostile;
mod http;
mod lifecycle;
mod logs;
mod metrics;
mod network;
mod node;
mod programs;
mod registries;
mod restart;
mod streams;
