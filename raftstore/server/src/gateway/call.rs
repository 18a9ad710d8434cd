//! Calls of gRPC inside the process.
//!
//! What a request says of itself goes along: its token, its `Grpc-Metadata-` headers, its deadline. Who its certificate is does not, as
//! in etcd: a gateway speaks for itself.

use std::{convert::Infallible, pin::Pin, time::Duration};

use axum::Router;
use bytes::{Buf, BufMut, Bytes};
use futures::{Stream, StreamExt};
use http::{header::AUTHORIZATION, request::Parts};
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    metadata::{Ascii, MetadataKey, MetadataMap, MetadataValue},
};

use super::{input::Messages, schema::Method, unreadable};
use crate::listen::Connection;

/// Start of headers that become metadata.
const METADATA_PREFIX: &str = "grpc-metadata-";
/// Header of a deadline.
const TIMEOUT: &str = "grpc-timeout";
/// The method whose stream of requests stays open when a client has said all that it wants to say.
const WATCH: &str = "/etcdserverpb.Watch/Watch";

/// Messages as they are on the wire: what they hold is the business of the two ends.
#[derive(Clone, Copy, Debug, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

/// A client of the services. A router is always ready, hence nothing waits here.
async fn client(grpc: &Router) -> Grpc<Router> {
    // What the server itself answers is let through whatever its size.
    let mut client = Grpc::new(grpc.clone())
        .max_decoding_message_size(usize::MAX)
        .max_encoding_message_size(usize::MAX);
    let ready: Result<(), Infallible> = client.ready().await;
    let Ok(()) = ready;
    client
}

/// Calls a method with one message.
///
/// # Errors
/// What the method answers.
pub async fn unary(
    grpc: &Router,
    method: &Method,
    parts: &Parts,
    message: Bytes,
) -> Result<Bytes, Status> {
    let mut client = client(grpc).await;
    let (request, limit) = request(parts, message)?;
    let call = client.unary(request, method.grpc.clone(), Raw);
    let answer = match limit {
        Some(limit) => tokio::time::timeout(limit, call)
            .await
            .map_err(|_| Status::deadline_exceeded("context deadline exceeded"))?,
        None => call.await,
    };
    answer.map(tonic::Response::into_inner)
}

/// Answers of a method that answers many.
pub type Answers = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;

/// Calls a method that answers many messages.
///
/// # Errors
/// What the method answers before its first message.
pub async fn stream(
    grpc: &Router,
    method: &Method,
    parts: &Parts,
    mut messages: Messages,
) -> Result<Answers, Status> {
    let mut client = client(grpc).await;
    if !method.streams_in {
        let (request, _) = request(parts, messages.only().await?)?;
        let answers = client
            .server_streaming(request, method.grpc.clone(), Raw)
            .await?;
        return Ok(answers.into_inner().boxed());
    }
    // The first is read here, so that what cannot be read has a status of its own.
    let first = messages.next().await.transpose()?;
    let rest = futures::stream::unfold(messages, |mut messages| async move {
        // What cannot be read ends what is asked; what was asked before is still answered.
        let message = messages.next().await?.ok()?;
        Some((message, messages))
    });
    let said = futures::stream::iter(first).chain(rest);
    let path = method.grpc.clone();
    let answers = if method.grpc.as_str() == WATCH {
        let (request, _) = request(parts, said.chain(futures::stream::pending()))?;
        client.streaming(request, path, Raw).await?
    } else {
        let (request, _) = request(parts, said)?;
        client.streaming(request, path, Raw).await?
    };
    Ok(answers.into_inner().boxed())
}

fn request<T>(parts: &Parts, message: T) -> Result<(Request<T>, Option<Duration>), Status> {
    let mut request = Request::new(message);
    let metadata = request.metadata_mut();
    for (name, value) in &parts.headers {
        let name = if name == AUTHORIZATION {
            name.as_str()
        } else {
            match name.as_str().strip_prefix(METADATA_PREFIX) {
                // Binary metadata is base64 twice over in grpc-gateway; nobody sends etcd any.
                Some(name) if !name.ends_with("-bin") => name,
                _ => continue,
            }
        };
        add(metadata, name, value.as_bytes())?;
    }
    if let Some(connection) = parts.extensions.get::<Connection>() {
        request.extensions_mut().insert(*connection);
    }
    let limit = match parts.headers.get(TIMEOUT) {
        None => None,
        Some(text) => {
            let text = text.to_str().unwrap_or_default();
            let limit = deadline(text);
            Some(limit.ok_or_else(|| unreadable(format!("invalid grpc-timeout: {text}")))?)
        }
    };
    Ok((request, limit))
}

fn add(metadata: &mut MetadataMap, name: &str, value: &[u8]) -> Result<(), Status> {
    let bad = || unreadable(format!("invalid header {name}"));
    let key: MetadataKey<Ascii> = name.parse().map_err(|_| bad())?;
    let value = MetadataValue::try_from(value).map_err(|_| bad())?;
    metadata.append(key, value);
    Ok(())
}

/// `10S`, `500m`: digits and a unit, as gRPC writes deadlines.
fn deadline(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let number: u32 = text.strip_suffix(unit)?.parse().ok()?;
    let one = match unit {
        'H' => Duration::from_secs(3600),
        'M' => Duration::from_secs(60),
        'S' => Duration::from_secs(1),
        'm' => Duration::from_millis(1),
        'u' => Duration::from_micros(1),
        'n' => Duration::from_nanos(1),
        _ => return None,
    };
    one.checked_mul(number)
}
