//! The raft log on disk: an append-only run of files ("segments"), one flush for everything that waits.
//!
//! - `disk`: the edge to the file system.
//! - `record`: how a record lies in a segment, with its checksum.
//! - `recover`: reading segments after a stop or a crash; decides between a torn tail and damage.
//! - `writer`: the one thread that writes and flushes.
//! - `log`: the log as raft sees it.
//!
//! The one confusing thing: every record carries the offset up to which its segment was known to be on disk when the record
//! was made. A bad record before that offset was acknowledged and is damage; a bad record after it may be a torn write that
//! nobody was told of, and is cut. Without that mark the two look alike.

pub mod disk;
pub mod log;
pub mod record;
pub mod recover;
pub mod writer;
