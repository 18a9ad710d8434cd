//! A running container: its guest's world (arguments, files, network, memory, log), and the three ways of running it.
//!
//! Knows nothing of CRI's bookkeeping: it is given a [`Guest`] and a [`Program`](crate::engine::Program), and says how it ended ([`Exit`]).

pub mod argv;
mod control;
mod exit;
pub mod http;
mod limits;
mod mounts;
pub mod port;
mod state;
pub mod stdio;
mod task;

pub use control::{Control, Meter, Yielded};
pub use exit::Exit;
pub use limits::{Denial, MemoryBudget};
pub use mounts::{MountError, Mounts};
pub use state::{CONFIG_ANNOTATION_PREFIX, Guest, GuestState};
pub use stdio::{Pipe, Stdio};
pub use task::{Start, run};
