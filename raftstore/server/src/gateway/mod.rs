//! The JSON gateway, `/v3/…`: a POST with JSON is a call of gRPC, as grpc-gateway 1.16 has it in etcd.
//!
//! Messages are never spelled out here: the table of [`routes`] says which path is which method, the descriptors of the wire say what
//! a message holds ([`schema`]), and the call goes through the same services as gRPC, inside the process ([`call`]). A websocket on
//! any of the paths is the same in both directions at once ([`websocket`]).
//!
//! The one confusing thing: names go out as the `.proto` files have them (`cluster_id`, `peerURLs`) and come in as either those or
//! lower camel case; 64-bit numbers are texts, bytes are base64, and what is empty is left out ([`value`] reads them).

pub mod call;
pub mod input;
pub mod routes;
pub mod schema;
pub mod status;
#[cfg(test)]
mod tests;
pub mod value;
pub mod websocket;

use std::{convert::Infallible, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts, Request, State, WebSocketUpgrade},
    response::{IntoResponse, Response},
    routing::any,
};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use http::{HeaderName, HeaderValue, Method, StatusCode, header::CONTENT_TYPE};
use tonic::{Code, Status};

use crate::{
    http::{JSON, go_error, go_redirect},
    listen::Connection,
};
use input::Messages;
use schema::Schema;
use websocket::Sockets;

/// Headers of what a method answered: grpc-gateway passes those of gRPC on under names of its own.
const ANSWERED: [(HeaderName, HeaderValue); 2] = [
    (CONTENT_TYPE, JSON),
    (
        HeaderName::from_static("grpc-metadata-content-type"),
        HeaderValue::from_static("application/grpc"),
    ),
];

/// The gateway.
#[derive(Clone, Debug)]
pub struct Gateway {
    grpc: Router,
    schema: Arc<Schema>,
    max_body_bytes: usize,
    sockets: Sockets,
}

impl Gateway {
    /// A gateway to the services of `grpc`. JSON messages larger than `max_body_bytes` are refused.
    ///
    /// # Errors
    /// The wire's descriptors and the table of routes do not fit: a defect of the build.
    pub fn new(grpc: Router, max_body_bytes: usize) -> Result<Gateway, String> {
        Ok(Gateway {
            grpc,
            schema: Arc::new(Schema::new()?),
            max_body_bytes,
            sockets: Sockets::default(),
        })
    }

    /// The routes under `/v3/`.
    pub fn routes(self) -> Router {
        Router::new()
            .route("/v3/{*path}", any(serve))
            .route("/v3/", any(serve))
            .route("/v3", any(|| async { go_redirect("/v3/") }))
            .with_state(self)
    }

    async fn unary(
        &self,
        method: &schema::Method,
        parts: &http::request::Parts,
        messages: Messages,
    ) -> Result<Response, Status> {
        let message = messages.only().await?;
        let answer = call::unary(&self.grpc, method, parts, message).await?;
        let json = method.json(&answer)?;
        Ok((ANSWERED, json).into_response())
    }

    async fn stream(
        &self,
        method: &schema::Method,
        parts: &http::request::Parts,
        messages: Messages,
    ) -> Result<Response, Status> {
        let mut answers = call::stream(&self.grpc, method, parts, messages).await?;
        // An error before the first answer has a status of its own; later there is no header left to put it in.
        let first = match answers.next().await {
            Some(Err(error)) => return Ok(status::stream_answer(&error)),
            first => first,
        };
        let method = method.clone();
        let lines = futures::stream::iter(first)
            .chain(answers)
            .map(move |answer| {
                let json = method.json(&answer?)?;
                Ok(Bytes::from(format!("{{\"result\":{json}}}\n")))
            })
            .or_else(
                |error: Status| async move { Ok::<_, Infallible>(status::stream_line(&error)) },
            );
        Ok((ANSWERED, Body::from_stream(lines)).into_response())
    }
}

async fn serve(State(gateway): State<Gateway>, request: Request) -> Response {
    if websocket::is_asked_for(request.headers()) {
        upgrade(gateway, request).await
    } else {
        answer(&gateway, request).await
    }
}

/// Makes a websocket of a request. What it asks for is a POST, whatever the method.
async fn upgrade(gateway: Gateway, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let Some(room) = gateway.sockets.enter() else {
        return go_error(StatusCode::SERVICE_UNAVAILABLE, "too many websockets");
    };
    let mut inner = http::Request::post(parts.uri);
    websocket::authorize(&parts.headers, &mut inner);
    if let Some(connection) = parts.extensions.get::<Connection>() {
        inner = inner.extension(*connection);
    }
    let most = gateway.max_body_bytes;
    upgrade
        .protocols([websocket::BEARER])
        .max_message_size(most)
        .max_frame_size(most)
        .on_upgrade(move |socket| {
            let ask = |body| async move {
                match inner.body(body) {
                    Ok(request) => answer(&gateway, request).await,
                    Err(error) => status::answer(&unreadable(error.to_string())),
                }
            };
            websocket::serve(socket, ask, room)
        })
}

async fn answer(gateway: &Gateway, request: Request) -> Response {
    let Some(method) = gateway.schema.method(request.uri().path()) else {
        return go_error(StatusCode::NOT_FOUND, "Not Found");
    };
    if request.method() != Method::POST {
        return go_error(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
    }
    let (parts, body) = request.into_parts();
    let messages = Messages::new(body, method.input.clone(), gateway.max_body_bytes);
    let answer = if method.streams_out {
        gateway.stream(method, &parts, messages).await
    } else {
        gateway.unary(method, &parts, messages).await
    };
    answer.unwrap_or_else(|error| status::answer(&error))
}

/// An error of the gateway itself: the request cannot be read.
pub fn unreadable(words: impl Into<String>) -> Status {
    Status::new(Code::InvalidArgument, words)
}
