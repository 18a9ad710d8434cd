//! Bodies of requests and responses: one message, or a stream whose messages are counted as they pass.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::{Code, Status};

use super::{
    frame::{Accepted, PREFIX_BYTES},
    metrics::{Method, Metrics},
};

/// Errors of bodies whose kind is not ours.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of a response.
#[derive(Debug)]
pub enum Body {
    /// Nothing: the status is in the headers.
    Empty,
    /// One message, then the status.
    Message {
        /// The message with its prefix.
        data: Option<Bytes>,
        /// The status.
        trailers: Option<HeaderMap>,
    },
    /// What a streaming method sends.
    Stream(Box<StreamBody>),
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match &mut *self {
            Body::Empty => Poll::Ready(None),
            Body::Message { data, trailers } => {
                let frame = match data.take() {
                    Some(data) => Some(Frame::data(data)),
                    None => trailers.take().map(Frame::trailers),
                };
                Poll::Ready(frame.map(Ok))
            }
            Body::Stream(stream) => stream.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Body::Empty => true,
            Body::Message { data, trailers } => data.is_none() && trailers.is_none(),
            Body::Stream(_) => false,
        }
    }
}

/// Counts the end of a call: with the code it is told, or as cancelled if it is dropped before.
#[derive(Debug)]
pub struct Ending {
    method: Arc<Method>,
    begun: Option<Instant>,
    told: bool,
}

impl Ending {
    /// Counts the beginning.
    pub fn start(method: Arc<Method>) -> Self {
        let begun = method.start();
        Ending {
            method,
            begun,
            told: false,
        }
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The call ended.
    pub fn end(&mut self, code: Code) {
        if !self.told {
            self.told = true;
            self.method.handle(code, self.begun);
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// Why a stream is ended from our side, when it is.
pub type Cut = Pin<Box<dyn Future<Output = Status> + Send>>;

/// The body of a streaming method's response.
pub struct StreamBody {
    inner: tonic::body::Body,
    cut: Cut,
    ended: bool,
    ending: Ending,
    messages: Messages,
    metrics: Metrics,
}

impl std::fmt::Debug for StreamBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamBody").finish_non_exhaustive()
    }
}

impl StreamBody {
    /// What `inner` sends, until `cut` says why no more is sent.
    pub fn new(inner: tonic::body::Body, cut: Cut, ending: Ending, metrics: Metrics) -> Self {
        StreamBody {
            inner,
            cut,
            ended: false,
            ending,
            messages: Messages::default(),
            metrics,
        }
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if let Poll::Ready(status) = self.cut.as_mut().poll(cx) {
            self.ended = true;
            self.ending.end(status.code());
            self.inner = tonic::body::Body::empty();
            return Poll::Ready(Some(trailers(&status).map(Frame::trailers)));
        }
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    let Ok(sent) = self.messages.count(data, |_| Ok::<_, Infallible>(()));
                    self.ending.method().send(sent);
                    self.metrics.send_bytes(data.len());
                } else if let Some(trailers) = frame.trailers_ref() {
                    let code = Status::from_header_map(trailers).map_or(Code::Ok, |s| s.code());
                    self.ending.end(code);
                }
            }
            Some(Err(status)) => self.ending.end(status.code()),
            None => self.ended = true,
        }
        Poll::Ready(frame)
    }
}

/// A status as trailers.
pub fn trailers(status: &Status) -> Result<HeaderMap, Status> {
    let mut trailers = HeaderMap::with_capacity(2);
    status.add_header(&mut trailers)?;
    Ok(trailers)
}

/// The body of a streaming method's request.
pub struct RequestBody<B> {
    inner: Pin<Box<B>>,
    accepted: Accepted,
    method: Arc<Method>,
    messages: Messages,
    metrics: Metrics,
}

impl<B> RequestBody<B> {
    /// What a client sends, until it sends what is not accepted.
    pub fn new(inner: B, accepted: Accepted, method: Arc<Method>, metrics: Metrics) -> Self {
        RequestBody {
            inner: Box::pin(inner),
            accepted,
            method,
            messages: Messages::default(),
            metrics,
        }
    }
}

impl<B> HttpBody for RequestBody<B>
where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(frame) = ready!(self.inner.as_mut().poll_frame(cx)) else {
            let cut = self.messages.is_within();
            let error = Status::new(Code::Internal, "unexpected EOF");
            return Poll::Ready(cut.then_some(Err(error)));
        };
        let frame = frame.map_err(|error| Status::from_error(error.into()))?;
        if let Some(data) = frame.data_ref() {
            let accepted = self.accepted;
            let check = |prefix: &[u8]| accepted.prefix(prefix).map(|_| ());
            let messages = self.messages.count(data, check)?;
            self.method.receive(messages);
            self.metrics.receive_bytes(data.len());
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Finds the messages in bytes that pass, however they are cut.
#[derive(Debug, Default)]
struct Messages {
    prefix: [u8; PREFIX_BYTES],
    have: usize,
    left: usize,
}

impl Messages {
    /// How many messages begin their contents in these bytes, if each prefix passes.
    fn count<E>(
        &mut self,
        mut data: &[u8],
        check: impl Fn(&[u8]) -> Result<(), E>,
    ) -> Result<u64, E> {
        let mut count = 0;
        loop {
            let skip = self.left.min(data.len());
            self.left -= skip;
            data = &data[skip..];
            if data.is_empty() {
                return Ok(count);
            }
            let take = (PREFIX_BYTES - self.have).min(data.len());
            self.prefix[self.have..self.have + take].copy_from_slice(&data[..take]);
            self.have += take;
            data = &data[take..];
            if self.have == PREFIX_BYTES {
                check(&self.prefix)?;
                let [_, length @ ..] = self.prefix;
                self.left = u32::from_be_bytes(length) as usize;
                self.have = 0;
                count += 1;
            }
        }
    }

    /// Whether a message has begun and not ended.
    fn is_within(&self) -> bool {
        self.have > 0 || self.left > 0
    }
}

#[cfg(test)]
mod tests {
    use super::{Infallible, Messages};

    #[test]
    fn messages_are_counted_however_they_are_cut() {
        let mut wire = Vec::new();
        for length in [0u32, 3, 300] {
            wire.push(0);
            wire.extend(length.to_be_bytes());
            wire.extend(vec![9; length as usize]);
        }
        for size in 1..wire.len() {
            let mut messages = Messages::default();
            let mut count = 0;
            for part in wire.chunks(size) {
                let Ok(more) = messages.count(part, |_| Ok::<_, Infallible>(()));
                count += more;
            }
            assert_eq!(count, 3, "in pieces of {size}");
            assert!(!messages.is_within());
            let Ok(more) = messages.count(&wire[..7], |_| Ok::<_, Infallible>(()));
            assert!(more == 1 && messages.is_within(), "in pieces of {size}");
        }
    }
}
