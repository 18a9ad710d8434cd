//! A guest's standard streams: where what it writes goes, and what it reads comes from.
//!
//! A container's guest writes into its log, which those who are attached hear too; a command that is run beside it has pipes to whoever
//! asked for it. [`terminal`] is what a terminal does between a person and a program, since WASI has none.

mod input;
mod output;
mod pipe;
pub mod terminal;

pub use input::Input;
pub use output::Output;
pub use pipe::Pipe;

/// The standard streams of a guest.
#[derive(Debug, Default)]
pub struct Stdio {
    /// What it reads; without one there is nothing to read.
    pub stdin: Option<Pipe>,
    /// What it writes goes into these, its stdout and its stderr, rather than into the log.
    pub pipes: Option<(Pipe, Pipe)>,
    /// Whether it is told that a terminal is on the other side.
    pub terminal: bool,
}
