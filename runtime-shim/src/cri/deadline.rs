//! A call's deadline, as the client names it (gRPC over HTTP/2: `grpc-timeout`), and the answer when it has passed.
//!
//! tonic's own server answers CANCELLED then, where every other server says DEADLINE_EXCEEDED and kubelets act upon it.

use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use tonic::Status;

const HEADER: &str = "grpc-timeout";

/// Lets a call take as long as its client says.
pub(super) async fn keep(request: Request, next: Next) -> Response {
    let limit = match request.headers().get(HEADER).map(parse) {
        None => return next.run(request).await,
        Some(Ok(limit)) => limit,
        Some(Err(text)) => {
            let malformed = format!("malformed grpc-timeout: {text:?}");
            return Status::internal(malformed).into_http();
        }
    };
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Status::deadline_exceeded("context deadline exceeded").into_http(),
    }
}

/// At most eight digits and a unit. The error is what was read.
fn parse(value: &HeaderValue) -> Result<Duration, String> {
    let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
    let split = text
        .len()
        .checked_sub(1)
        .and_then(|at| text.split_at_checked(at));
    let parsed = split.and_then(|(digits, unit)| {
        let is_number = digits.len() <= 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number: u64 = digits.parse().ok().filter(|_| is_number)?;
        Some(match unit {
            "H" => Duration::from_secs(number * 3600),
            "M" => Duration::from_secs(number * 60),
            "S" => Duration::from_secs(number),
            "m" => Duration::from_millis(number),
            "u" => Duration::from_micros(number),
            "n" => Duration::from_nanos(number),
            _ => return None,
        })
    });
    parsed.ok_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_have_units() {
        let of = |text: &str| parse(&HeaderValue::from_str(text).unwrap());
        assert_eq!(of("200m"), Ok(Duration::from_millis(200)));
        assert_eq!(of("99999999H"), Ok(Duration::from_secs(99_999_999 * 3600)));
        assert_eq!(of("7u"), Ok(Duration::from_micros(7)));
        for text in ["", "S", "1", "1x", "-1S", "123456789S", "1.5S"] {
            assert!(of(text).is_err(), "{text}");
        }
    }
}
