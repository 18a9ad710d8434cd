//! Requests that no client library makes, over plain HTTP/2 and HTTP/1.1: what etcd answers, down to its words, we answer.
//!
//! The same requests go to a real etcd and to us. Compared are the status, the headers that a client looks at, gRPC's status and
//! message wherever they are, and the body of what is no gRPC.

use std::io::Write as _;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, Method, Request, Version, header::CONTENT_TYPE};
use http_body_util::{BodyExt as _, Full};
use hydrofoil_etcd_wire::etcdserverpb::{PutRequest, RangeRequest};
use hydrofoil_store_tests::cluster::{Cluster, Ports};
use hydrofoil_store_tests::stage;
use hydrofoil_store_tests::tools::{self, Server};
use hydrofoil_store_tests::wait::PATIENCE;
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message as _;
use tokio::net::TcpStream;

/// One request.
struct Asked {
    what: &'static str,
    version: Version,
    method: Method,
    path: String,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
}

/// Headers that a client looks at.
const LOOKED_AT: [&str; 8] = [
    "allow",
    "content-type",
    "grpc-accept-encoding",
    "grpc-encoding",
    "grpc-message",
    "grpc-metadata-content-type",
    "grpc-status",
    "x-content-type-options",
];

/// A message behind its prefix.
fn framed(compressed: bool, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut frame = vec![u8::from(compressed)];
    frame.extend(length.to_be_bytes());
    frame.extend(message);
    frame
}

fn gzipped(message: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(message)?;
    Ok(gzip.finish()?)
}

/// Words before those of a reader of protobuf, of which each has its own.
const READERS_WORDS: [&str; 3] = [
    "grpc: error unmarshalling request: ",
    "grpc: failed to unmarshal the received message: ",
    "failed to decode Protobuf message: ",
];

const GRPC: (&str, &str) = ("content-type", "application/grpc");
const RANGE: &str = "/etcdserverpb.KV/Range";
const HEALTH: &str = "/grpc.health.v1.Health/Check";
const WATCH: &str = "/etcdserverpb.Watch/Watch";

fn asked() -> anyhow::Result<Vec<Asked>> {
    let range = RangeRequest {
        key: "a".into(),
        ..Default::default()
    };
    let range = range.encode_to_vec();
    let put = PutRequest {
        key: "a".into(),
        value: "1".repeat(40).into(),
        ..Default::default()
    };
    let whole = framed(false, &range);
    let grpc = |what, path: &str, headers: &[(&'static str, &'static str)], body: Vec<u8>| Asked {
        what,
        version: Version::HTTP_2,
        method: Method::POST,
        path: path.to_owned(),
        headers: headers.to_vec(),
        body,
    };
    let plain = |what, method, path: &str, body: &str| Asked {
        what,
        version: Version::HTTP_11,
        method,
        path: path.to_owned(),
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    };
    let unsorted = RangeRequest {
        key: "\0".into(),
        range_end: "\0".into(),
        sort_order: 7,
        ..Default::default()
    };
    let packed = gzipped(&range)?;
    let gzip = [
        GRPC,
        ("grpc-encoding", "gzip"),
        ("grpc-accept-encoding", "gzip"),
    ];
    let mut altered = packed.clone();
    altered[0] ^= 0xff;
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![0; 3 << 20])?;
    let bomb = bomb.finish()?;
    let mut asked = vec![
        grpc("as it should be", RANGE, &[GRPC], whole.clone()),
        grpc(
            "a named codec",
            RANGE,
            &[("content-type", "application/grpc+proto")],
            whole.clone(),
        ),
        grpc(
            "a codec with a parameter",
            RANGE,
            &[("content-type", "application/grpc;x=y")],
            whole.clone(),
        ),
        grpc(
            "another codec",
            RANGE,
            &[("content-type", "application/grpc+json")],
            whole.clone(),
        ),
        grpc(
            "grpc-web",
            RANGE,
            &[("content-type", "application/grpc-web")],
            whole.clone(),
        ),
        Asked {
            method: Method::GET,
            ..grpc("a GET", RANGE, &[GRPC], whole.clone())
        },
        grpc("gzip", RANGE, &gzip, framed(true, &packed)),
        grpc(
            "gzip of a put",
            "/etcdserverpb.KV/Put",
            &gzip,
            framed(true, &gzipped(&put.encode_to_vec())?),
        ),
        grpc(
            "gzip that is said and not done",
            RANGE,
            &gzip,
            whole.clone(),
        ),
        grpc("gzip that is no gzip", RANGE, &gzip, framed(true, &altered)),
        grpc(
            "gzip that ends early",
            RANGE,
            &gzip,
            framed(true, &packed[..packed.len() - 9]),
        ),
        grpc(
            "gzip of more than may be sent",
            RANGE,
            &gzip,
            framed(true, &bomb),
        ),
        grpc(
            "gzip on a stream",
            WATCH,
            &gzip,
            framed(true, &gzipped(b"\x0a\x03\x0a\x01a")?),
        ),
        grpc(
            "gzip at a service of others",
            HEALTH,
            &gzip,
            framed(true, &gzipped(b"")?),
        ),
        grpc("done and not said", RANGE, &[GRPC], framed(true, &packed)),
        grpc(
            "done and identity said",
            RANGE,
            &[GRPC, ("grpc-encoding", "identity")],
            framed(true, &packed),
        ),
        grpc(
            "an encoding of others",
            RANGE,
            &[GRPC, ("grpc-encoding", "snappy")],
            framed(true, &packed),
        ),
        grpc(
            "an encoding of others, not used",
            RANGE,
            &[GRPC, ("grpc-encoding", "snappy")],
            whole.clone(),
        ),
        grpc(
            "a payload format of others",
            RANGE,
            &[GRPC],
            [&[2], &whole[1..]].concat(),
        ),
        grpc("half a prefix", RANGE, &[GRPC], whole[..3].to_vec()),
        grpc("a prefix alone", RANGE, &[GRPC], whole[..5].to_vec()),
        grpc(
            "half a message",
            RANGE,
            &[GRPC],
            whole[..whole.len() - 1].to_vec(),
        ),
        grpc(
            "an order that is none",
            RANGE,
            &[GRPC],
            framed(false, &unsorted.encode_to_vec()),
        ),
        grpc("an empty message", RANGE, &[GRPC], framed(false, b"")),
        grpc(
            "more than may be sent",
            RANGE,
            &[GRPC],
            [&[0][..], &u32::MAX.to_be_bytes()].concat(),
        ),
        grpc("half a field", RANGE, &[GRPC], framed(false, b"\x0a\x05a")),
        grpc("half a number", RANGE, &[GRPC], framed(false, b"\x18\x80")),
        grpc(
            "too long a number",
            RANGE,
            &[GRPC],
            framed(
                false,
                b"\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            ),
        ),
        grpc(
            "another wire type",
            RANGE,
            &[GRPC],
            framed(false, b"\x08\x01"),
        ),
        grpc(
            "field number zero",
            RANGE,
            &[GRPC],
            framed(false, b"\x02\x00"),
        ),
        grpc(
            "a wire type that is none",
            RANGE,
            &[GRPC],
            framed(false, b"\x0f\x00"),
        ),
        grpc("an end of a group", RANGE, &[GRPC], framed(false, b"\x0c")),
        grpc(
            "an unknown field",
            RANGE,
            &[GRPC],
            framed(false, b"\x0a\x01a\xf8\x3f\x01"),
        ),
        grpc(
            "half a field on a stream",
            WATCH,
            &[GRPC],
            framed(false, b"\x0a\x05a"),
        ),
        grpc(
            "half a message on a stream",
            WATCH,
            &[GRPC],
            b"\0\0\0\0\x05a".to_vec(),
        ),
        grpc(
            "half a field of others",
            HEALTH,
            &[GRPC],
            framed(false, b"\x0a\x05a"),
        ),
        grpc(
            "a time that is none",
            RANGE,
            &[GRPC, ("grpc-timeout", "5x")],
            whole.clone(),
        ),
        grpc(
            "a time with no unit",
            RANGE,
            &[GRPC, ("grpc-timeout", "5")],
            whole.clone(),
        ),
        grpc(
            "too long a time",
            RANGE,
            &[GRPC, ("grpc-timeout", "123456789S")],
            whole.clone(),
        ),
        grpc(
            "an empty time",
            RANGE,
            &[GRPC, ("grpc-timeout", "")],
            whole.clone(),
        ),
        grpc(
            "a negative time",
            RANGE,
            &[GRPC, ("grpc-timeout", "-5S")],
            whole.clone(),
        ),
        grpc(
            "the longest time",
            RANGE,
            &[GRPC, ("grpc-timeout", "99999999H")],
            whole.clone(),
        ),
        grpc(
            "no time at all",
            RANGE,
            &[GRPC, ("grpc-timeout", "0n")],
            whole.clone(),
        ),
        grpc(
            "a bad time on a stream",
            WATCH,
            &[GRPC, ("grpc-timeout", "5x")],
            whole.clone(),
        ),
        grpc(
            "an unknown method",
            "/etcdserverpb.KV/Nope",
            &[GRPC],
            whole.clone(),
        ),
        grpc(
            "an unknown service",
            "/etcdserverpb.Nope/Range",
            &[GRPC],
            whole.clone(),
        ),
        grpc("a path of one part", "/nope", &[GRPC], whole.clone()),
        grpc("no path", "/", &[GRPC], whole.clone()),
        grpc("a path of three parts", "/a/b/c", &[GRPC], whole.clone()),
        grpc(
            "the health of a service",
            HEALTH,
            &[GRPC],
            framed(false, b""),
        ),
        grpc(
            "the health of an unknown service",
            HEALTH,
            &[GRPC],
            framed(false, b"\x0a\x04nope"),
        ),
    ];
    for (what, path, body) in [
        (
            "a number that the enum has not",
            "kv/range",
            r#"{"key":"YQ==","sort_order":7}"#,
        ),
        (
            "a word that the enum has not",
            "kv/range",
            r#"{"key":"YQ==","sort_order":"NOPE"}"#,
        ),
        (
            "a number as text",
            "kv/range",
            r#"{"key":"YQ==","limit":"x"}"#,
        ),
        ("base64 of other letters", "kv/range", r#"{"key":"@@"}"#),
        ("base64 that is cut", "kv/range", r#"{"key":"YQ="}"#),
        (
            "base64 for addresses",
            "kv/put",
            r#"{"key":"_-8=","value":"YQ"}"#,
        ),
        (
            "base64 over two lines",
            "kv/put",
            "{\"key\":\"YW\\nE=\",\"value\":\"YQ==\"}",
        ),
        ("base64 of a stray end", "kv/range", r#"{"key":"YWFh!"}"#),
        ("a number for bytes", "kv/range", r#"{"key":1}"#),
        ("a bool for bytes", "kv/range", r#"{"key":true}"#),
        ("a list", "kv/range", "[]"),
        ("half of it", "kv/range", "{\"key\":"),
        ("nothing", "kv/range", ""),
        ("an unknown field", "kv/range", r#"{"key":"YQ==","nope":1}"#),
        (
            "more than a key",
            "kv/range",
            r#"{"key":"YQ=="} {"key":"Yg=="}"#,
        ),
        ("a bad id", "lease/timetolive", r#"{"ID":"0x1"}"#),
        (
            "a member that is none",
            "maintenance/alarm",
            r#"{"action":"GET","memberID":"-1"}"#,
        ),
        ("an unknown path", "nope", "{}"),
        ("no path", "", "{}"),
    ] {
        asked.push(plain(what, Method::POST, &format!("/v3/{path}"), body));
    }
    for (what, method, path) in [
        ("a GET of the gateway", Method::GET, "/v3/kv/range"),
        ("an unknown path of the gateway", Method::GET, "/v3/nope"),
        ("the gateway's root", Method::GET, "/v3/"),
        ("the gateway's name", Method::GET, "/v3"),
        ("the gateway of before", Method::POST, "/v3beta/kv/range"),
        ("health asked with HEAD", Method::HEAD, "/health"),
        ("health asked with POST", Method::POST, "/health"),
        ("livez asked with HEAD", Method::HEAD, "/livez"),
        ("livez asked with POST", Method::POST, "/livez"),
        ("the version with HEAD", Method::HEAD, "/version"),
        ("the version with PUT", Method::PUT, "/version"),
        ("the version below", Method::GET, "/version/"),
        ("health below", Method::GET, "/health/"),
        ("the old keys", Method::GET, "/v2/keys"),
        ("the old members", Method::GET, "/v2/members"),
        ("the root", Method::GET, "/"),
        ("nothing that is there", Method::GET, "/nope"),
        ("a gRPC method", Method::POST, RANGE),
    ] {
        asked.push(plain(what, method, path, ""));
    }
    Ok(asked)
}

/// What is compared of headers.
fn looked_at(headers: &HeaderMap) -> Vec<String> {
    LOOKED_AT
        .iter()
        .flat_map(|name| {
            headers
                .get_all(*name)
                .iter()
                .map(move |value| (name, value))
        })
        // Go's library sends a message that is empty, and does not encode blanks.
        .filter(|(name, value)| **name != "grpc-message" || !value.is_empty())
        .map(|(name, value)| {
            let value = percent_encoding::percent_decode(value.as_bytes());
            let value = value.decode_utf8_lossy();
            if READERS_WORDS.iter().any(|words| value.starts_with(words)) {
                return format!("{name}: it cannot be read");
            }
            format!("{name}: {value}")
        })
        .collect()
}

async fn ask(endpoint: &str, asked: &Asked) -> anyhow::Result<String> {
    let stream = TokioIo::new(TcpStream::connect(endpoint).await?);
    let uri = match asked.version {
        Version::HTTP_2 => format!("http://{endpoint}{}", asked.path),
        _ => asked.path.clone(),
    };
    let mut request = Request::builder()
        .method(asked.method.clone())
        .uri(uri)
        .version(asked.version);
    if asked.version == Version::HTTP_11 {
        request = request.header("host", endpoint);
    }
    for (name, value) in &asked.headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from(asked.body.clone())))?;
    let response = if asked.version == Version::HTTP_2 {
        let (mut client, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await?;
        tokio::spawn(connection);
        client.send_request(request).await?
    } else {
        let (mut client, connection) = hyper::client::conn::http1::handshake(stream).await?;
        tokio::spawn(connection);
        client.send_request(request).await?
    };
    let (parts, mut body) = response.into_parts();
    let mut said = vec![parts.status.as_u16().to_string()];
    said.extend(looked_at(&parts.headers));
    let is_grpc = parts
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    let mut data = Vec::new();
    while let Some(frame) = body.frame().await {
        match frame?.into_data() {
            // A stream stays open after its first answer.
            Ok(_) if asked.path == WATCH => break,
            Ok(piece) => data.extend_from_slice(&piece),
            Err(frame) => {
                if let Ok(trailers) = frame.into_trailers() {
                    said.extend(looked_at(&trailers));
                }
            }
        }
    }
    if !is_grpc {
        said.push(format!("{:?}", String::from_utf8_lossy(&data)));
    }
    Ok(said.join("\n    "))
}

/// What a server says to all of it.
fn says(server: &Server) -> anyhow::Result<Vec<(&'static str, String)>> {
    let folder = tempfile::Builder::new()
        .prefix("wire-")
        .tempdir_in(stage::memory())?;
    let cluster = Cluster::start(server, &Ports::free(1)?, &[], folder.path())?;
    let endpoint = cluster.members[0].endpoint();
    let header = regex::Regex::new(r#"\\"header\\":\{[^}]*\},?"#)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut all = Vec::new();
    for asked in asked()? {
        let answer = runtime
            .block_on(async { tokio::time::timeout(PATIENCE, ask(&endpoint, &asked)).await });
        let answer = answer
            .map_err(anyhow::Error::from)
            .flatten()
            .with_context(|| asked.what)?;
        all.push((asked.what, header.replace_all(&answer, "").into_owned()));
    }
    Ok(all)
}

#[test]
fn what_no_client_sends_is_answered_as_by_etcd() {
    let compared = || -> anyhow::Result<()> {
        let theirs = says(&tools::etcd()?)?;
        let ours = says(&tools::ours()?)?;
        let different: Vec<String> = theirs
            .iter()
            .zip(&ours)
            .filter(|(theirs, ours)| theirs != ours)
            .map(|((what, theirs), (_, ours))| {
                format!("{what}\n  etcd:\n    {theirs}\n  ours:\n    {ours}\n")
            })
            .collect();
        ensure!(different.is_empty(), "{}", different.join("\n"));
        Ok(())
    };
    compared().unwrap_or_else(|error| panic!("{error:#}"));
}
