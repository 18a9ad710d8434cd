//! How messages are written on a stream of HTTP/2: each behind a prefix of five bytes, compressed if the client does so.
//!
//! Limits and words are those of Go's gRPC library. The one confusing thing: a client that compresses is answered alike, whatever
//! else it says that it takes, and one that does not is never answered so: who compresses pays for it.

use std::io::{self, Read as _, Write as _};

use bytes::{Bytes, BytesMut};
use flate2::{Compression, bufread::MultiGzDecoder, write::GzEncoder};
use http::{HeaderMap, HeaderName, HeaderValue};
use prost::Message;
use tonic::{
    Code, Status,
    codec::{CompressionEncoding, EnabledCompressionEncodings},
};

/// Bytes before each message: whether it is compressed, and its length.
pub const PREFIX_BYTES: usize = 5;
/// Header of the encoding of what is marked as compressed.
pub const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");

/// What compressed messages are compressed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// None is compressed.
    Identity,
    /// RFC 1952.
    Gzip,
}

impl Encoding {
    /// The encoding that a client says it uses.
    ///
    /// # Errors
    /// One that etcd does not know either.
    pub fn of(headers: &HeaderMap) -> Result<Encoding, Status> {
        match headers.get(ENCODING).map(HeaderValue::as_bytes) {
            None | Some(b"" | b"identity") => Ok(Encoding::Identity),
            Some(b"gzip") => Ok(Encoding::Gzip),
            Some(other) => {
                let other = String::from_utf8_lossy(other);
                let words =
                    format!("grpc: Decompressor is not installed for grpc-encoding {other:?}");
                Err(Status::new(Code::Unimplemented, words))
            }
        }
    }

    /// What the generated servers call it.
    pub fn generated(self) -> Option<CompressionEncoding> {
        match self {
            Encoding::Identity => None,
            Encoding::Gzip => Some(CompressionEncoding::Gzip),
        }
    }

    /// It alone.
    pub fn enabled(self) -> EnabledCompressionEncodings {
        let mut enabled = EnabledCompressionEncodings::default();
        if let Some(encoding) = self.generated() {
            enabled.enable(encoding);
        }
        enabled
    }

    /// A message as it was before it was compressed, which is not longer than `most` bytes.
    ///
    /// # Errors
    /// It is longer, or it is not what it is said to be.
    pub fn decompress(self, message: Bytes, most: usize) -> Result<Bytes, Status> {
        if self == Encoding::Identity {
            return Ok(message);
        }
        let internal = |words: String| Status::new(Code::Internal, words);
        let reader = MultiGzDecoder::new(&message[..]);
        let room = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        let mut whole = Vec::new();
        reader.take(room).read_to_end(&mut whole).map_err(|error| {
            internal(match error.kind() {
                io::ErrorKind::UnexpectedEof => {
                    "grpc: failed to read decompressed data: unexpected EOF".to_owned()
                }
                _ if whole.is_empty() => {
                    "grpc: failed to decompress the message: gzip: invalid header".to_owned()
                }
                _ => format!("grpc: failed to read decompressed data: {error}"),
            })
        })?;
        if whole.len() > most {
            let words =
                format!("grpc: received message after decompression larger than max {most}");
            return Err(Status::new(Code::ResourceExhausted, words));
        }
        Ok(whole.into())
    }

    /// A message with its prefix.
    ///
    /// # Errors
    /// It is longer than a prefix can say.
    pub fn write(self, message: &impl Message) -> Result<Bytes, Status> {
        match self {
            Encoding::Identity => {
                let length = message.encoded_len();
                let mut data = BytesMut::with_capacity(PREFIX_BYTES + length);
                data.extend_from_slice(&prefix(false, length)?);
                message.encode_raw(&mut data);
                Ok(data.freeze())
            }
            Encoding::Gzip => {
                let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
                let packed = gzip.write_all(&message.encode_to_vec());
                let packed = packed.and_then(|()| gzip.finish());
                // Written to memory, which does not fail.
                let packed =
                    packed.map_err(|error| Status::new(Code::Internal, error.to_string()))?;
                Ok([&prefix(true, packed.len())?[..], &packed].concat().into())
            }
        }
    }
}

fn prefix(compressed: bool, length: usize) -> Result<[u8; PREFIX_BYTES], Status> {
    let length = u32::try_from(length).map_err(|_| {
        let words = format!("grpc: message too large ({length} bytes)");
        Status::new(Code::ResourceExhausted, words)
    })?;
    let [a, b, c, d] = length.to_be_bytes();
    Ok([u8::from(compressed), a, b, c, d])
}

/// What a message's prefix says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// Whether the message is compressed.
    pub compressed: bool,
    /// Its length as it is sent.
    pub length: usize,
}

/// What a client may send.
#[derive(Clone, Copy, Debug)]
pub struct Accepted {
    /// How it said that it writes.
    pub encoding: Encoding,
    /// Longest message.
    pub most: usize,
}

impl Accepted {
    /// Reads a prefix, if all of it is there.
    ///
    /// # Errors
    /// What may not be sent.
    pub fn prefix(self, data: &[u8]) -> Result<Option<Prefix>, Status> {
        let Some([compressed, length @ ..]) = data.first_chunk::<PREFIX_BYTES>() else {
            return Ok(None);
        };
        let internal = |words: String| Err(Status::new(Code::Internal, words));
        let most = self.most;
        let length = u32::from_be_bytes(*length) as usize;
        if length > most {
            let words = format!("grpc: received message larger than max ({length} vs. {most})");
            return Err(Status::new(Code::ResourceExhausted, words));
        }
        match (*compressed, self.encoding) {
            (0, _) | (1, Encoding::Gzip) => {}
            (1, Encoding::Identity) => {
                return internal(
                    "grpc: compressed flag set with identity or empty encoding".into(),
                );
            }
            (format, _) => {
                return internal(format!("grpc: received unexpected payload format {format}"));
            }
        }
        Ok(Some(Prefix {
            compressed: *compressed == 1,
            length,
        }))
    }
}
