//! One message in, one message out: the way that every unary method goes.
//!
//! Written out, instead of the generated servers, because it is the hottest path of the store: a request is decoded where it was
//! received, without a buffer of its own, and an answer is encoded into one buffer of its exact size.
//! Limits and errors are those of etcd's gRPC library, with its words.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, LazyLock},
};

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use http_body::Body as HttpBody;
use prost::Message;
use tonic::{Code, Request, Response, Status, metadata::MetadataMap};

use super::{
    Inner,
    body::{Body, BoxError, Ending},
    frame::{self, Accepted, Encoding, PREFIX_BYTES, Prefix},
    head::{Head, refusal},
    metrics::Method,
};

/// The trailers of every answer that is no error.
static OK: LazyLock<HeaderMap> =
    LazyLock::new(|| HeaderMap::from_iter([(Status::GRPC_STATUS, HeaderValue::from_static("0"))]));

static GZIP: HeaderValue = HeaderValue::from_static("gzip");

/// Serves a call. `learner_may` says whether a learner serves such a request.
pub async fn serve<B, M, R, F>(
    inner: Arc<Inner>,
    method: Arc<Method>,
    head: Head,
    request: http::Request<B>,
    learner_may: fn(&M) -> bool,
    handler: impl FnOnce(Request<M>) -> F,
) -> http::Response<Body>
where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<BoxError>,
    M: Message + Default,
    R: Message,
    F: Future<Output = Result<Response<R>, Status>>,
{
    let mut ending = Ending::start(method);
    let (parts, body) = request.into_parts();
    let accepted = Accepted {
        encoding: head.encoding,
        most: inner.limits.receive_bytes(),
    };
    let answer = async {
        let bytes = read_message(body, accepted).await?;
        ending.method().receive(1);
        inner.metrics.receive_bytes(bytes.len());
        let message = M::decode(bytes).map_err(|error| {
            let text = format!("grpc: error unmarshalling request: {error}");
            Status::new(Code::Internal, text)
        })?;
        inner.admit_unary(ending.method(), &parts.headers, || learner_may(&message))?;
        let metadata = MetadataMap::from_headers(parts.headers);
        handler(Request::from_parts(metadata, parts.extensions, message)).await
    };
    let late = || {
        Err(Status::new(
            Code::DeadlineExceeded,
            "context deadline exceeded",
        ))
    };
    let answered = match head.deadline {
        None => answer.await,
        Some(deadline) => {
            // What is late from the start is not begun.
            if deadline.is_zero() {
                drop(answer);
                late()
            } else {
                tokio::time::timeout(deadline, answer)
                    .await
                    .unwrap_or_else(|_| late())
            }
        }
    };
    match answered.and_then(|answer| head.encoding.write(answer.get_ref())) {
        Ok(data) => {
            ending.method().send(1);
            inner.metrics.send_bytes(data.len() - PREFIX_BYTES);
            ending.end(Code::Ok);
            let mut response = http::Response::new(Body::Message {
                data: Some(data),
                trailers: Some(OK.clone()),
            });
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, head.content_type);
            if head.encoding == Encoding::Gzip {
                headers.insert(frame::ENCODING, GZIP.clone());
            }
            response
        }
        Err(status) => {
            ending.end(status.code());
            refusal(status, &head.content_type)
        }
    }
}

/// The one message of a request. A message in one piece is not copied.
async fn read_message<B>(body: B, accepted: Accepted) -> Result<Bytes, Status>
where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let mut body = pin!(body);
    let mut whole = Bytes::new();
    let mut pieces = BytesMut::new();
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = frame.map_err(|error| Status::from_error(error.into()))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if whole.is_empty() && pieces.is_empty() {
            whole = data;
        } else {
            if pieces.is_empty() {
                let needed = accepted
                    .prefix(&whole)?
                    .map_or(PREFIX_BYTES, |prefix| prefix.length);
                pieces.reserve(PREFIX_BYTES + needed);
                pieces.extend_from_slice(&std::mem::take(&mut whole));
            }
            pieces.extend_from_slice(&data);
        }
        let so_far = if pieces.is_empty() {
            &whole
        } else {
            &pieces[..]
        };
        if let Some(Prefix { length, .. }) = accepted.prefix(so_far)?
            && so_far.len() > PREFIX_BYTES + length
        {
            return Err(Status::new(
                Code::Internal,
                "more than one message was sent to a method that takes one",
            ));
        }
        if body.is_end_stream() {
            break;
        }
    }
    if !pieces.is_empty() {
        whole = pieces.freeze();
    }
    let ends_early = |words| Err(Status::new(Code::Unknown, words));
    let Some(Prefix { compressed, length }) = accepted.prefix(&whole)? else {
        return ends_early("EOF");
    };
    if whole.len() != PREFIX_BYTES + length {
        return ends_early("unexpected EOF");
    }
    whole.advance(PREFIX_BYTES);
    if compressed {
        whole = accepted.encoding.decompress(whole, accepted.most)?;
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_message_is_read_in_one_piece_or_in_many() {
        use futures::{StreamExt, stream};
        use http_body::Frame;
        use http_body_util::StreamBody;

        let accepted = |most| Accepted {
            encoding: Encoding::Identity,
            most,
        };
        let mut wire = vec![0, 0, 0, 1, 44];
        wire.extend(vec![7; 300]);
        for size in [1, 2, 4, 5, 6, 100, 305] {
            let pieces: Vec<_> = wire.chunks(size).map(Bytes::copy_from_slice).collect();
            let body = StreamBody::new(
                stream::iter(pieces).map(|data| Ok::<_, std::io::Error>(Frame::data(data))),
            );
            let read = read_message(body, accepted(300)).await.unwrap();
            assert_eq!(read, wire[5..], "in pieces of {size}");
        }
        let read = |bytes: Vec<u8>, most| async move {
            let body = http_body_util::Full::new(Bytes::from(bytes));
            read_message(body, accepted(most))
                .await
                .map_err(|status| (status.code(), status.message().to_owned()))
        };
        assert_eq!(
            read(wire.clone(), 299).await.unwrap_err(),
            (
                Code::ResourceExhausted,
                "grpc: received message larger than max (300 vs. 299)".into()
            )
        );
        assert_eq!(
            read(wire[..200].to_vec(), 300).await.unwrap_err().0,
            Code::Unknown
        );
        assert_eq!(read(Vec::new(), 300).await.unwrap_err().0, Code::Unknown);
        assert_eq!(
            read([wire.clone(), wire].concat(), 300)
                .await
                .unwrap_err()
                .0,
            Code::Internal
        );
    }
}
