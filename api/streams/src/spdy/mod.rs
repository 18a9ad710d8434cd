//! SPDY/3.1 as far as Kubernetes' streams use it: streams are opened with headers, carry bytes both ways and are closed; flow control is
//! left to TCP, as in the library that client-go uses (`moby/spdystream`), which never sends a window update.
//!
//! [`Decoder`] and [`Encoder`] keep the state of one connection: headers are compressed with one zlib stream for each direction.

mod decode;
mod dictionary;
mod encode;
mod headers;

pub use decode::{Decoder, Event};
pub use encode::Encoder;
pub use headers::Headers;

/// The most bytes that one frame carries.
pub const MAX_FRAME: usize = (1 << 24) - 1;
/// The most bytes of a control frame that is read: headers of streams are some words.
pub const MAX_CONTROL: usize = 64 << 10;
/// The most bytes of one stream's headers after decompression.
pub const MAX_HEADERS: usize = 64 << 10;

/// The status of a stream that is not taken (`REFUSED_STREAM`).
pub const REFUSED: u32 = 3;
/// The status of a stream that is no longer wanted (`CANCEL`).
pub const CANCEL: u32 = 5;

const VERSION: u16 = 3;
const SYN_STREAM: u16 = 1;
const SYN_REPLY: u16 = 2;
const RST_STREAM: u16 = 3;
const PING: u16 = 6;
const GOAWAY: u16 = 7;
const HEADERS: u16 = 8;
const FIN: u8 = 1;
/// Bytes before each frame's content.
const HEAD: usize = 8;

/// What the other side sent and should not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpdyError {
    /// Another version of the protocol.
    #[error("SPDY version {0}, and not 3")]
    Version(u16),
    /// A control frame beyond [`MAX_CONTROL`].
    #[error("a control frame of {0} bytes")]
    TooLong(usize),
    /// A frame that is shorter than its kind.
    #[error("a frame of type {0} is cut short")]
    Short(u16),
    /// Headers that cannot be read.
    #[error("headers that are none: {0}")]
    Headers(&'static str),
}
