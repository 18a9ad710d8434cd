//! Channel messages of the websocket forms: the first byte says which stream, the rest is its content.

/// What the client types.
pub const STDIN: u8 = 0;
/// What the program prints.
pub const STDOUT: u8 = 1;
/// What the program complains.
pub const STDERR: u8 = 2;
/// How it ended.
pub const ERROR: u8 = 3;
/// The size of the client's terminal, in JSON.
pub const RESIZE: u8 = 4;
/// From version 5 on: the second byte names a stream that the client closes.
pub const CLOSE: u8 = 255;
