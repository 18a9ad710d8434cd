//! Messages of a body: one JSON object after another, read as they come.

use axum::body::{Body, BodyDataStream};
use bytes::{Buf, Bytes, BytesMut};
use futures::StreamExt;
use prost_reflect::MessageDescriptor;
use serde_json::{Deserializer, Value};
use tonic::{Code, Status};

use super::{unreadable, value};

/// The messages of one request.
#[derive(Debug)]
pub struct Messages {
    body: BodyDataStream,
    kind: MessageDescriptor,
    buffer: BytesMut,
    max_bytes: usize,
    ended: bool,
}

impl Messages {
    /// The messages in `body`, none of which may be longer than `max_bytes`.
    pub fn new(body: Body, kind: MessageDescriptor, max_bytes: usize) -> Messages {
        Messages {
            body: body.into_data_stream(),
            kind,
            buffer: BytesMut::new(),
            max_bytes,
            ended: false,
        }
    }

    /// The first message; an empty body is an empty message, and what follows the first is not looked at, as in grpc-gateway.
    ///
    /// # Errors
    /// What cannot be read.
    pub async fn only(mut self) -> Result<Bytes, Status> {
        match self.next().await {
            None => Ok(Bytes::new()),
            Some(message) => message.map_err(|error| match error.code() {
                Code::Unknown => unreadable(error.message()),
                _ => error,
            }),
        }
    }

    /// The next message, in wire form. After an error there are no more.
    pub async fn next(&mut self) -> Option<Result<Bytes, Status>> {
        loop {
            match self.parse() {
                Ok(Some(message)) => return Some(Ok(message)),
                Ok(None) if self.ended => {
                    let cut = self.buffer.iter().any(|byte| !byte.is_ascii_whitespace());
                    return cut.then(|| self.end(Status::new(Code::Unknown, "unexpected EOF")));
                }
                Ok(None) => {}
                Err(error) => return Some(self.end(error)),
            }
            match self.body.next().await {
                None => self.ended = true,
                Some(Ok(chunk)) if self.buffer.len() + chunk.len() <= self.max_bytes => {
                    self.buffer.extend_from_slice(&chunk);
                }
                Some(Ok(_)) => {
                    return Some(self.end(unreadable("etcdserver: request is too large")));
                }
                Some(Err(error)) => return Some(self.end(unreadable(error.to_string()))),
            }
        }
    }

    fn end(&mut self, error: Status) -> Result<Bytes, Status> {
        self.ended = true;
        self.buffer.clear();
        Err(error)
    }

    /// Takes a whole message out of the buffer, if one is there.
    fn parse(&mut self) -> Result<Option<Bytes>, Status> {
        let mut values = Deserializer::from_slice(&self.buffer).into_iter::<Value>();
        let value = match values.next() {
            None => return Ok(None),
            Some(Err(error)) if error.is_eof() => return Ok(None),
            Some(Err(error)) => return Err(unreadable(error.to_string())),
            Some(Ok(value)) => value,
        };
        let end = values.byte_offset();
        let message = value::encoded(&value, &self.kind).map_err(unreadable)?;
        self.buffer.advance(end);
        Ok(Some(message.into()))
    }
}
