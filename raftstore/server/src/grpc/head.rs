//! What a request says of itself before it is a call: its method, content type, deadline and encoding. Read as Go's gRPC server
//! reads it, which etcd's is, and refused in its words.

use std::{sync::LazyLock, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header::CONTENT_TYPE,
};
use tonic::{Code, Status};

use super::{body::Body, frame::Encoding};

/// Content type of gRPC; a codec's name may follow.
const GRPC: &str = "application/grpc";
const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
static PLAIN: LazyLock<HeaderValue> = LazyLock::new(|| HeaderValue::from_static(GRPC));

/// See the module header.
#[derive(Clone, Debug)]
pub struct Head {
    /// Content type of the answer: the request's.
    pub content_type: HeaderValue,
    /// How long the client waits.
    pub deadline: Option<Duration>,
    /// How messages are written that are marked as compressed; the answer's are written alike.
    pub encoding: Encoding,
}

impl Head {
    /// Reads it.
    ///
    /// # Errors
    /// What is no call.
    pub fn read<B>(request: &Request<B>) -> Result<Head, Refused> {
        let headers = request.headers();
        let Some(content_type) = content_type(headers) else {
            let given = headers
                .get(CONTENT_TYPE)
                .map_or(&b""[..], HeaderValue::as_bytes);
            let given = String::from_utf8_lossy(given);
            let words = format!("invalid gRPC request content-type {given:?}");
            return Err(Refused {
                http: StatusCode::UNSUPPORTED_MEDIA_TYPE,
                status: Status::new(Code::InvalidArgument, words),
            });
        };
        let bad = |http, words| Refused {
            http,
            status: Status::new(Code::Internal, words),
        };
        let deadline = match headers.get(TIMEOUT) {
            None => None,
            Some(value) => Some(timeout(value).map_err(|why| {
                bad(
                    StatusCode::BAD_REQUEST,
                    format!("malformed grpc-timeout: {why}"),
                )
            })?),
        };
        if request.method() != Method::POST {
            let words = format!(
                "Received a HEADERS frame with :method {:?} which should be POST",
                request.method().as_str()
            );
            return Err(bad(StatusCode::METHOD_NOT_ALLOWED, words));
        }
        let encoding = Encoding::of(headers).map_err(|status| Refused {
            http: StatusCode::OK,
            status,
        })?;
        Ok(Head {
            content_type,
            deadline,
            encoding,
        })
    }
}

/// Whether a request is gRPC at all, by its content type.
pub fn is_grpc(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(GRPC.as_bytes()))
}

/// The answer's content type: the request's, with the codec's name behind a plus.
fn content_type(headers: &HeaderMap) -> Option<HeaderValue> {
    let given = headers.get(CONTENT_TYPE)?.as_bytes();
    match given.strip_prefix(GRPC.as_bytes())? {
        [] | [b'+' | b';'] => Some(PLAIN.clone()),
        [b'+' | b';', codec @ ..] => {
            let name = [GRPC.as_bytes(), b"+", codec].concat();
            HeaderValue::from_maybe_shared(Bytes::from(name)).ok()
        }
        _ => None,
    }
}

/// How long a client waits, as gRPC's HTTP/2 protocol writes it: at most eight digits and a unit.
pub fn timeout(value: &HeaderValue) -> Result<Duration, String> {
    let text = String::from_utf8_lossy(value.as_bytes());
    match text.len() {
        0 | 1 => return Err(format!("transport: timeout string is too short: {text:?}")),
        2..=9 => {}
        _ => return Err(format!("transport: timeout string is too long: {text:?}")),
    }
    let unit = text.chars().next_back();
    let number = unit.map_or(&text[..], |unit| &text[..text.len() - unit.len_utf8()]);
    let of = |one: Duration| {
        // Go's reader of numbers takes no sign, Rust's takes a plus.
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        let count = digits.then(|| number.parse::<u32>().ok()).flatten();
        let wrong = || format!("strconv.ParseUint: parsing {number:?}: invalid syntax");
        count.map(|count| one * count).ok_or_else(wrong)
    };
    match unit {
        Some('H') => of(Duration::from_secs(3600)),
        Some('M') => of(Duration::from_secs(60)),
        Some('S') => of(Duration::from_secs(1)),
        Some('m') => of(Duration::from_millis(1)),
        Some('u') => of(Duration::from_micros(1)),
        Some('n') => of(Duration::from_nanos(1)),
        _ => Err(format!(
            "transport: timeout unit is not recognized: {text:?}"
        )),
    }
}

/// The answer to a call that has a status only.
pub fn refusal(status: Status, content_type: &HeaderValue) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type.clone());
    if status.add_header(headers).is_err() {
        // Only a status with metadata that is no header fails; ours have none.
        headers.insert(Status::GRPC_STATUS, HeaderValue::from_static("13"));
    }
    response
}

/// Why something is no call.
#[derive(Debug)]
pub struct Refused {
    http: StatusCode,
    status: Status,
}

impl Refused {
    /// The answer to it.
    pub fn answer(self) -> Response<Body> {
        let mut response = refusal(self.status, &PLAIN);
        *response.status_mut() = self.http;
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_the_protocol_writes_them() {
        let read = |text| timeout(&HeaderValue::from_static(text));
        assert_eq!(read("5S"), Ok(Duration::from_secs(5)));
        assert_eq!(read("99999999n"), Ok(Duration::from_nanos(99_999_999)));
        assert_eq!(
            read("99999999H"),
            Ok(Duration::from_secs(99_999_999 * 3600))
        );
        for (bad, why) in [
            ("", "transport: timeout string is too short: \"\""),
            ("S", "transport: timeout string is too short: \"S\""),
            ("55", "transport: timeout unit is not recognized: \"55\""),
            ("-1S", "strconv.ParseUint: parsing \"-1\": invalid syntax"),
            ("+1S", "strconv.ParseUint: parsing \"+1\": invalid syntax"),
            ("1.5S", "strconv.ParseUint: parsing \"1.5\": invalid syntax"),
            (
                "999999999S",
                "transport: timeout string is too long: \"999999999S\"",
            ),
        ] {
            assert_eq!(read(bad), Err(why.to_owned()), "{bad:?}");
        }
        let odd = HeaderValue::from_bytes("5\u{e9}".as_bytes()).unwrap();
        assert!(timeout(&odd).is_err());
    }

    #[test]
    fn a_codec_is_answered_in_its_name() {
        let answered = |given: &'static str| {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(given))]);
            let answered = content_type(&headers)?;
            Some(answered.to_str().unwrap().to_owned())
        };
        for (given, expected) in [
            ("application/grpc", Some("application/grpc")),
            ("application/grpc+", Some("application/grpc")),
            ("application/grpc+proto", Some("application/grpc+proto")),
            ("application/grpc;proto", Some("application/grpc+proto")),
            ("application/grpc-web", None),
            ("application/json", None),
        ] {
            assert_eq!(answered(given).as_deref(), expected, "{given}");
        }
    }
}
