//! Who may ask over HTTP: host names (against DNS rebinding) and the origins of pages.
//!
//! The one confusing thing: host names are checked without TLS alone, since a browser that was led astray by DNS has no certificate
//! for the name.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode, Uri,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        HOST, ORIGIN,
    },
};

use super::go_error;
use crate::{flags::url::split_host_port, listen::Connection};

/// What is let through.
#[derive(Clone, Debug)]
pub struct Access {
    /// Origins; `*` or none is every one.
    pub cors: Vec<String>,
    /// Host names; `*` or none is every one.
    pub hosts: Vec<String>,
}

fn allows(list: &[String], word: &str) -> bool {
    list.is_empty() || list.iter().any(|entry| entry == "*" || entry == word)
}

/// Checks the host, answers preflights, and marks answers for pages.
pub async fn control(
    State(access): State<Arc<Access>>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if let Some(rest) = path.strip_prefix("/v3beta/") {
        let rest = match request.uri().query() {
            Some(query) => format!("/v3/{rest}?{query}"),
            None => format!("/v3/{rest}"),
        };
        if let Ok(uri) = rest.parse::<Uri>() {
            *request.uri_mut() = uri;
        }
    }
    let tls = request
        .extensions()
        .get::<Connection>()
        .is_some_and(|connection| connection.tls);
    if !tls {
        let host = host(request.uri(), request.headers());
        if !allows(&access.hosts, &host) {
            tracing::warn!(
                host,
                "rejecting HTTP request to prevent DNS rebinding attacks"
            );
            return go_error(StatusCode::MISDIRECTED_REQUEST, &rebinding(&host));
        }
    }
    let origin = if allows(&access.cors, "*") {
        Some(HeaderValue::from_static("*"))
    } else {
        let origin = request.headers().get(ORIGIN).cloned();
        origin.filter(|origin| {
            origin
                .to_str()
                .is_ok_and(|origin| allows(&access.cors, origin))
        })
    };
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::OK.into_response()
    } else {
        next.run(request).await
    };
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("POST, GET, OPTIONS, PUT, DELETE"),
        );
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("accept, content-type, authorization"),
        );
    }
    response
}

fn host(uri: &Uri, headers: &HeaderMap) -> String {
    let host = match uri.authority() {
        Some(authority) => authority.as_str(),
        None => headers
            .get(HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default(),
    };
    split_host_port(host)
        .map_or(host, |(host, _)| host)
        .to_owned()
}

fn rebinding(host: &str) -> String {
    format!(
        "\netcd received your request, but the Host header was unrecognized.\n\n\
         To fix this, choose one of the following options:\n\
         - Enable TLS, then any HTTPS request will be allowed.\n\
         - Add the hostname you want to use to the whitelist in settings.\n  \
         - e.g. etcd --host-whitelist {host:?}\n\n\
         This requirement has been added to help prevent \"DNS Rebinding\" attacks (CVE-2018-5702).\n"
    )
}
