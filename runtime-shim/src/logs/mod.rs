//! Containers' logs, in the one text form that every kubelet reads (CRI's log format).
//!
//! [`format`] makes lines of bytes and knows no files; [`file`] owns the file and its rotation; [`sink`] is the guest's stdout and stderr;
//! [`listeners`] are those who are attached;
//! [`rate`] is how fast it may grow.

pub mod file;
pub mod format;
pub mod listeners;
mod rate;
pub mod sink;

pub use file::LogFile;
pub use format::{Source, Splitter};
pub use listeners::Listeners;
pub use sink::LogSink;
