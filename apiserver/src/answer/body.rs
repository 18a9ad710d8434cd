//! Bodies: whole or in chunks, compressed when that is welcome and worth it.

use std::io::Write;

use axum::body::Body;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::Stream;
use futures::stream;
use http::header::{CONTENT_ENCODING, VARY};
use http::{HeaderValue, Response};

/// Smaller answers are not compressed, as upstream's.
const GZIP_FROM: usize = 128 * 1024;
/// Upstream's level: speed before size.
const LEVEL: Compression = Compression::new(1);

/// An answer whose bytes are all there.
pub fn whole(document: Bytes, gzip: bool) -> Response<Body> {
    if !gzip || document.len() < GZIP_FROM {
        return Response::new(Body::from(document));
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(document.len() / 8), LEVEL);
    let packed = encoder.write_all(&document).and_then(|()| encoder.finish());
    match packed {
        Ok(packed) => compressed(Body::from(packed)),
        Err(_) => Response::new(Body::from(document)),
    }
}

/// An answer that is made while it is sent. `chunks` are large.
pub fn chunked(chunks: impl Iterator<Item = Bytes> + Send + 'static, gzip: bool) -> Response<Body> {
    if gzip {
        compressed(Body::from_stream(ok(Packed::new(chunks))))
    } else {
        Response::new(Body::from_stream(ok(chunks)))
    }
}

fn ok(
    chunks: impl Iterator<Item = Bytes>,
) -> impl Stream<Item = Result<Bytes, std::convert::Infallible>> {
    stream::iter(chunks.map(Ok))
}

fn compressed(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    response
}

struct Packed<I> {
    chunks: I,
    encoder: Option<GzEncoder<Vec<u8>>>,
}

impl<I> Packed<I> {
    fn new(chunks: I) -> Packed<I> {
        let encoder = GzEncoder::new(Vec::new(), LEVEL);
        Packed {
            chunks,
            encoder: Some(encoder),
        }
    }
}

impl<I: Iterator<Item = Bytes>> Iterator for Packed<I> {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        loop {
            let encoder = self.encoder.as_mut()?;
            let Some(chunk) = self.chunks.next() else {
                let last = self.encoder.take()?.finish().unwrap_or_default();
                return Some(last.into());
            };
            // Writing into memory does not fail.
            encoder.write_all(&chunk).ok()?;
            let ready = std::mem::take(encoder.get_mut());
            if !ready.is_empty() {
                return Some(ready.into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use http_body_util::BodyExt;

    use super::*;

    async fn bytes(response: Response<Body>) -> Vec<u8> {
        response
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes()
            .to_vec()
    }

    fn unpack(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        GzDecoder::new(bytes).read_to_end(&mut out).unwrap();
        out
    }

    #[tokio::test]
    async fn large_answers_are_compressed_when_welcome() {
        let large = Bytes::from(vec![b'x'; GZIP_FROM]);
        let packed = whole(large.clone(), true);
        assert_eq!(packed.headers()[CONTENT_ENCODING], "gzip");
        assert_eq!(unpack(&bytes(packed).await), large);
        assert!(whole(large, false).headers().is_empty());
        assert!(whole(Bytes::from_static(b"x"), true).headers().is_empty());
    }

    #[tokio::test]
    async fn chunks_come_out_as_they_went_in() {
        let chunks: Vec<Bytes> = (0..50u8).map(|n| Bytes::from(vec![n; 10_000])).collect();
        let want = chunks.concat();
        assert_eq!(
            bytes(chunked(chunks.clone().into_iter(), false)).await,
            want
        );
        assert_eq!(
            unpack(&bytes(chunked(chunks.into_iter(), true)).await),
            want
        );
    }
}
