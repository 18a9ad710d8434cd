//! One message in, one message out: the way that every unary method goes.
//!
//! Written out, instead of the generated servers, because it is the hottest path of the store: a request is decoded where it was
//! received, without a buffer of its own, and an answer is encoded into one buffer of its exact size.
//! Limits and errors are those of etcd's gRPC library, with its words.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, LazyLock},
    time::Duration,
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use http_body::Body as HttpBody;
use prost::Message;
use tonic::{Code, Request, Response, Status, metadata::MetadataMap};

use super::{
    Inner,
    body::{Body, BoxError, Ending, PREFIX_BYTES},
    metrics::Method,
};

static GRPC: HeaderValue = HeaderValue::from_static("application/grpc");

/// The trailers of every answer that is no error.
static OK: LazyLock<HeaderMap> =
    LazyLock::new(|| HeaderMap::from_iter([(Status::GRPC_STATUS, HeaderValue::from_static("0"))]));

/// Serves a call. `learner_may` says whether a learner serves such a request.
pub async fn serve<B, M, R, F>(
    inner: Arc<Inner>,
    method: Arc<Method>,
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
    let deadline = parts.headers.get("grpc-timeout").and_then(timeout);
    let answer = async {
        let bytes = read_message(body, &parts.headers, inner.limits.receive_bytes()).await?;
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
    let answer = match deadline {
        None => answer.await,
        Some(deadline) => tokio::time::timeout(deadline, answer)
            .await
            .unwrap_or_else(|_| {
                let text = "context deadline exceeded";
                Err(Status::new(Code::DeadlineExceeded, text))
            }),
    };
    match answer.and_then(encode) {
        Ok(data) => {
            ending.method().send(1);
            inner.metrics.send_bytes(data.len() - PREFIX_BYTES);
            ending.end(Code::Ok);
            let mut response = http::Response::new(Body::Message {
                data: Some(data),
                trailers: Some(OK.clone()),
            });
            response.headers_mut().insert(CONTENT_TYPE, GRPC.clone());
            response
        }
        Err(status) => {
            ending.end(status.code());
            refusal(status)
        }
    }
}

/// A response that has a status only.
pub fn refusal(status: Status) -> http::Response<Body> {
    let mut response = http::Response::new(Body::Empty);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, GRPC.clone());
    if status.add_header(headers).is_err() {
        // Only a status with metadata that is no header fails; ours have none.
        headers.insert(Status::GRPC_STATUS, HeaderValue::from_static("13"));
    }
    response
}

/// A message with its prefix.
fn encode<R: Message>(response: Response<R>) -> Result<Bytes, Status> {
    let message = response.into_inner();
    let length = message.encoded_len();
    let prefix = u32::try_from(length).map_err(|_| {
        let text = format!("grpc: message too large ({length} bytes)");
        Status::new(Code::ResourceExhausted, text)
    })?;
    let mut data = BytesMut::with_capacity(PREFIX_BYTES + length);
    data.put_u8(0);
    data.put_u32(prefix);
    message.encode_raw(&mut data);
    Ok(data.freeze())
}

/// The one message of a request. A message in one piece is not copied.
async fn read_message<B>(body: B, headers: &HeaderMap, most: usize) -> Result<Bytes, Status>
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
                let needed = check_prefix(&whole, headers, most)?.unwrap_or(PREFIX_BYTES);
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
        if let Some(length) = check_prefix(so_far, headers, most)?
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
    match check_prefix(&whole, headers, most)? {
        Some(length) if whole.len() == PREFIX_BYTES + length => {
            whole.advance(PREFIX_BYTES);
            Ok(whole)
        }
        _ => Err(Status::new(Code::Internal, "unexpected EOF")),
    }
}

/// The length that a message's prefix says, if it is there.
fn check_prefix(data: &[u8], headers: &HeaderMap, most: usize) -> Result<Option<usize>, Status> {
    let Some([compressed, length @ ..]) = data.first_chunk::<PREFIX_BYTES>() else {
        return Ok(None);
    };
    if *compressed != 0 {
        let encoding = headers
            .get("grpc-encoding")
            .map_or(&b""[..], |v| v.as_bytes());
        let encoding = String::from_utf8_lossy(encoding);
        return Err(Status::new(
            Code::Unimplemented,
            format!("grpc: Decompressor is not installed for grpc-encoding \"{encoding}\""),
        ));
    }
    let length = u32::from_be_bytes(*length) as usize;
    if length > most {
        return Err(Status::new(
            Code::ResourceExhausted,
            format!("grpc: received message larger than max ({length} vs. {most})"),
        ));
    }
    Ok(Some(length))
}

/// How long a client waits, as gRPC's HTTP/2 protocol writes it: at most eight digits and a unit.
pub fn timeout(value: &HeaderValue) -> Option<Duration> {
    let (number, unit) = value
        .as_bytes()
        .split_at_checked(value.len().checked_sub(1)?)?;
    if number.len() > 8 {
        return None;
    }
    let number: u64 = std::str::from_utf8(number).ok()?.parse().ok()?;
    Some(match unit {
        b"H" => Duration::from_secs(number * 3600),
        b"M" => Duration::from_secs(number * 60),
        b"S" => Duration::from_secs(number),
        b"m" => Duration::from_millis(number),
        b"u" => Duration::from_micros(number),
        b"n" => Duration::from_nanos(number),
        _ => return None,
    })
}

/// Whether a request is gRPC at all.
pub fn is_grpc(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_the_protocol_writes_them() {
        let read = |text| timeout(&HeaderValue::from_static(text));
        assert_eq!(read("5S"), Some(Duration::from_secs(5)));
        assert_eq!(read("99999999n"), Some(Duration::from_nanos(99_999_999)));
        assert_eq!(read("2H"), Some(Duration::from_secs(7200)));
        for bad in ["", "S", "5", "5x", "-1S", "999999999S", "1.5S"] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    #[tokio::test]
    async fn a_message_is_read_in_one_piece_or_in_many() {
        use futures::{StreamExt, stream};
        use http_body::Frame;
        use http_body_util::StreamBody;

        let mut wire = vec![0, 0, 0, 1, 44];
        wire.extend(vec![7; 300]);
        for size in [1, 2, 4, 5, 6, 100, 305] {
            let pieces: Vec<_> = wire.chunks(size).map(Bytes::copy_from_slice).collect();
            let body = StreamBody::new(
                stream::iter(pieces).map(|data| Ok::<_, std::io::Error>(Frame::data(data))),
            );
            let read = read_message(body, &HeaderMap::new(), 300).await.unwrap();
            assert_eq!(read, wire[5..], "in pieces of {size}");
        }
        let read = |bytes: Vec<u8>, most| async move {
            let body = http_body_util::Full::new(Bytes::from(bytes));
            read_message(body, &HeaderMap::new(), most)
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
            Code::Internal
        );
        assert_eq!(read(Vec::new(), 300).await.unwrap_err().0, Code::Internal);
        assert_eq!(
            read([wire.clone(), wire].concat(), 300)
                .await
                .unwrap_err()
                .0,
            Code::Internal
        );
    }
}
