//! Frames to bytes.

use super::headers::Writer;
use super::{FIN, GOAWAY, HEAD, MAX_FRAME, PING, RST_STREAM, SYN_REPLY, SYN_STREAM, VERSION};

/// Writes the frames of one connection, which must be sent in the order of their making.
#[derive(Debug)]
pub struct Encoder(Writer);

impl Default for Encoder {
    fn default() -> Self {
        Self(Writer::new())
    }
}

impl Encoder {
    /// Opens a stream.
    pub fn open(&mut self, stream: u32, headers: &[(&str, &str)]) -> Vec<u8> {
        let mut content = stream.to_be_bytes().to_vec();
        // No other stream is associated, the priority is the highest, no credentials.
        content.extend_from_slice(&[0; 6]);
        content.extend_from_slice(&self.0.write(headers));
        control(SYN_STREAM, &content)
    }

    /// Takes a stream that the other side opened.
    pub fn reply(&mut self, stream: u32) -> Vec<u8> {
        let mut content = stream.to_be_bytes().to_vec();
        content.extend_from_slice(&self.0.write(&[]));
        control(SYN_REPLY, &content)
    }

    /// What stands before `length` bytes of a stream, at most [`MAX_FRAME`]. After those of the last frame no more come from this side.
    pub fn data(stream: u32, length: usize, last: bool) -> [u8; HEAD] {
        debug_assert!(length <= MAX_FRAME, "a frame takes no more");
        let mut head = [0; HEAD];
        head[..4].copy_from_slice(&(stream & 0x7fff_ffff).to_be_bytes());
        head[4..].copy_from_slice(&(length as u32).to_be_bytes());
        head[4] = if last { FIN } else { 0 };
        head
    }

    /// Ends a stream at once, both ways.
    pub fn reset(stream: u32, status: u32) -> Vec<u8> {
        control(
            RST_STREAM,
            &[stream.to_be_bytes(), status.to_be_bytes()].concat(),
        )
    }

    /// Answers a ping, or asks.
    pub fn ping(id: u32) -> Vec<u8> {
        control(PING, &id.to_be_bytes())
    }

    /// Says that no streams after `last` will be taken.
    pub fn goaway(last: u32) -> Vec<u8> {
        control(GOAWAY, &[last.to_be_bytes(), [0; 4]].concat())
    }
}

fn control(kind: u16, content: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEAD + content.len());
    frame.extend_from_slice(&(0x8000 | VERSION).to_be_bytes());
    frame.extend_from_slice(&kind.to_be_bytes());
    // No control frame of ours has flags.
    frame.extend_from_slice(&(content.len() as u32).to_be_bytes());
    frame.extend_from_slice(content);
    frame
}
