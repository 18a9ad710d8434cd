//! The streaming server: where exec, attach and port-forward go on after CRI's answer, which is a URL of this server, good for one use.
//!
//! A client speaks raw SPDY/3.1, a websocket with a channel in each message, or SPDY inside a websocket; [`Remote`] is what is left of
//! that difference for whoever runs the command. Errors that come after the connection was taken travel over its error stream.
//!
//! Knows nothing of guests: a [`Target`] does what is asked for.

mod forward;
mod remote;
mod server;
mod spdy;
mod ticket;
mod websocket;

pub use remote::{Incoming, Outcome, Outgoing, Remote};
pub use server::{Server, Target};
pub use ticket::{Ticket, TicketsTaken};

use std::time::Duration;

/// Longest wait for the streams that a client must open (kubelet: `streamCreationTimeout`).
const STREAMS_WITHIN: Duration = Duration::from_secs(30);
/// Pieces of a stream that wait for who reads them.
const PIECES: usize = 8;
/// Most bytes of a piece.
const PIECE: usize = 32 << 10;
/// How long a client may take to hang up after the end.
const LINGER: Duration = Duration::from_secs(5);
