//! WebAssembly for the whole process: engines and their epoch clock, what they offer to guests, and compiled code.
//!
//! Knows nothing of containers: a [`Program`] is what an image's module became, linked and ready to be instantiated any number of times.

mod disk;
mod linker;
mod loader;
mod program;
mod settings;
mod ticker;

pub use disk::DiskCache;
pub use loader::Loader;
pub use program::{Entry, Program, ProgramError};
pub use settings::Engines;
pub use ticker::Ticker;
