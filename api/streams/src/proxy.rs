//! Passes a request on to whoever answers it, and where the answer takes the connection over, the connection's bytes both ways.
//!
//! The API server does so towards a kubelet, a kubelet towards its runtime: neither of them understands what is streamed.

use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE, HOST};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// What a client wants passed on.
#[derive(Debug)]
pub struct Upgrade {
    /// Its method.
    pub method: Method,
    /// Its headers, of which those that say who the client is stay here.
    pub headers: HeaderMap,
    /// The connection, once it is taken over; `None` where it cannot be, as with HTTP/2.
    pub connection: Option<OnUpgrade>,
}

/// An answer, and its body as it comes.
pub type Answer = Response<UnsyncBoxBody<Bytes, hyper::Error>>;

/// Headers that are for this server and nobody behind it.
fn is_private(name: &str) -> bool {
    let private = [HOST, AUTHORIZATION, COOKIE];
    private.iter().any(|header| header == name)
        || name.starts_with("impersonate-")
        || name.starts_with("x-remote-")
}

/// Passes a request on over `io`, as one for `path` at `authority`. While the connection's bytes are passed on, `kept` is.
///
/// # Errors
/// What is wrong with the way, when no answer came over it.
pub async fn pass_on(
    upgrade: Upgrade,
    io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    authority: &str,
    path: &str,
    kept: impl Send + 'static,
) -> Result<Answer, hyper::Error> {
    let Upgrade {
        method,
        headers,
        connection,
    } = upgrade;
    let (mut sender, driver) = hyper::client::conn::http1::handshake(TokioIo::new(io)).await?;
    tokio::spawn(async move {
        if let Err(error) = driver.with_upgrades().await {
            tracing::debug!(%error, "a connection that is passed on ended");
        }
    });
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.method_mut() = method;
    // A path that is none asks for the root, where nobody is.
    *request.uri_mut() = path.parse().unwrap_or_default();
    for (name, value) in &headers {
        if !is_private(name.as_str()) {
            request.headers_mut().append(name, value.clone());
        }
    }
    if let Ok(host) = HeaderValue::from_str(authority) {
        request.headers_mut().insert(HOST, host);
    }
    let mut response = sender.send_request(request).await?;
    let is_taken = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    if let (true, Some(client)) = (is_taken, connection) {
        let server = hyper::upgrade::on(&mut response);
        tokio::spawn(async move {
            let _kept = kept;
            let (Ok(client), Ok(server)) = tokio::join!(client, server) else {
                return;
            };
            let (mut client, mut server) = (TokioIo::new(client), TokioIo::new(server));
            let copied = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            if let Err(error) = copied {
                tracing::debug!(%error, "a stream that is passed on broke");
            }
        });
        let (parts, _) = response.into_parts();
        let body = Empty::new().map_err(|never| match never {});
        return Ok(Response::from_parts(parts, body.boxed_unsync()));
    }
    Ok(response.map(|body| {
        // It holds on to what is kept, as a stream would.
        body.map_frame(move |frame| {
            let _kept = &kept;
            frame
        })
        .boxed_unsync()
    }))
}
