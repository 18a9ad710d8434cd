//! The gateway over a websocket, as etcd serves every path under `/v3/` by `grpc-websocket-proxy`: each message of the client is a
//! JSON message of the request, and each line of the answer is a message back.
//!
//! A browser cannot set headers here, so a token comes as a subprotocol (`Bearer, TOKEN`) or as a cookie (`token`). The one confusing
//! thing: the answer's status has no place in a websocket; what went wrong is in the words alone, as in etcd.

use std::{convert::Infallible, future::Future, sync::Arc};

use axum::{
    body::Body,
    extract::ws::{Message, WebSocket},
    response::Response,
};
use bytes::{Bytes, BytesMut};
use futures::{SinkExt, StreamExt, stream::SplitSink};
use http::{
    HeaderMap, HeaderValue,
    header::{AUTHORIZATION, COOKIE, SEC_WEBSOCKET_PROTOCOL, UPGRADE},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;

/// Subprotocol that a token comes after.
pub const BEARER: &str = "Bearer";
/// Cookie of a token.
const TOKEN_COOKIE: &str = "token=";
/// Most websockets at a time: a connection that became one does not count as a connection any more.
const MAX_SOCKETS: usize = 4_096;
/// Messages of a client that wait to be looked at; more wait in its connection.
const SAID: usize = 8;

/// Room for websockets.
#[derive(Clone, Debug)]
pub struct Sockets(Arc<Semaphore>);

impl Default for Sockets {
    fn default() -> Self {
        Sockets(Arc::new(Semaphore::new(MAX_SOCKETS)))
    }
}

impl Sockets {
    /// Room for one more, if there is any.
    pub fn enter(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).try_acquire_owned().ok()
    }
}

/// Whether a request asks for a websocket.
pub fn is_asked_for(headers: &HeaderMap) -> bool {
    headers
        .get(UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// What a request over a websocket says of its user.
pub fn authorization(headers: &HeaderMap) -> Option<HeaderValue> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let cookie = text(COOKIE).and_then(|cookies| {
        let mut cookies = cookies.split(';');
        cookies.find_map(|cookie| cookie.trim().strip_prefix(TOKEN_COOKIE))
    });
    let protocol = || {
        let (_, token) = text(SEC_WEBSOCKET_PROTOCOL)?.split_once("Bearer,")?;
        Some(token.trim_matches(' '))
    };
    let token = cookie.or_else(protocol)?;
    HeaderValue::try_from(format!("{BEARER} {token}")).ok()
}

/// Serves a websocket: `ask` is given what the client says, and its answer is told. Ends when either side has no more to say.
pub async fn serve<F>(socket: WebSocket, ask: impl FnOnce(Body) -> F, room: OwnedSemaphorePermit)
where
    F: Future<Output = Response>,
{
    let (mut told, mut heard) = socket.split();
    let (said, messages) = mpsc::channel::<Bytes>(SAID);
    let hear = async {
        while let Some(Ok(message)) = heard.next().await {
            let mut line = match message {
                Message::Text(text) => BytesMut::from(text.as_str()),
                Message::Binary(bytes) => BytesMut::from(&bytes[..]),
                Message::Close(_) => return,
                Message::Ping(_) | Message::Pong(_) => continue,
            };
            line.extend_from_slice(b"\n");
            // A method with one message looks at no other.
            drop(said.send(line.freeze()).await);
        }
    };
    let body = ReceiverStream::new(messages).map(Ok::<_, Infallible>);
    let tell = async {
        let answer = ask(Body::from_stream(body)).await;
        tell(answer, &mut told).await;
        // A client that is gone is told nothing.
        drop(told.close().await);
    };
    tokio::select! {
        () = hear => {}
        () = tell => {}
    }
    drop(room);
}

/// Tells an answer line by line.
async fn tell(answer: Response, told: &mut SplitSink<WebSocket, Message>) {
    let mut body = answer.into_body().into_data_stream();
    let mut rest = BytesMut::new();
    while let Some(Ok(chunk)) = body.next().await {
        let mut from = rest.len();
        rest.extend_from_slice(&chunk);
        while let Some(at) = rest[from..].iter().position(|byte| *byte == b'\n') {
            let line = rest.split_to(from + at + 1);
            from = 0;
            if !send(&line[..line.len() - 1], told).await {
                return;
            }
        }
    }
    send(&rest, told).await;
}

/// Sends a line that holds something. Returns whether there is somebody left to send to.
async fn send(line: &[u8], told: &mut SplitSink<WebSocket, Message>) -> bool {
    if line.is_empty() {
        return true;
    }
    let text = String::from_utf8_lossy(line).into_owned();
    told.send(Message::text(text)).await.is_ok()
}

/// Gives the request over a websocket its user.
pub fn authorize(headers: &HeaderMap, request: &mut http::request::Builder) {
    if let (Some(value), Some(headers)) = (authorization(headers), request.headers_mut()) {
        headers.insert(AUTHORIZATION, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_in_the_subprotocol_or_in_a_cookie() {
        let authorization = |lines: &[(http::HeaderName, &'static str)]| {
            let headers = lines
                .iter()
                .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
            authorization(&headers.collect()).map(|value| value.to_str().unwrap().to_owned())
        };
        let protocol = SEC_WEBSOCKET_PROTOCOL;
        for value in ["Bearer, abc.1", "Bearer,abc.1"] {
            let got = authorization(&[(protocol.clone(), value)]);
            assert_eq!(got.as_deref(), Some("Bearer abc.1"));
        }
        assert_eq!(authorization(&[(protocol.clone(), "chat")]), None);
        let both = [(protocol, "Bearer, abc.1"), (COOKIE, "a=b; token=def.2")];
        assert_eq!(authorization(&both).as_deref(), Some("Bearer def.2"));
    }
}
