//! Whatever bytes a method is sent, it answers, in time, and goes on answering.

use std::time::Duration;

use bytes::{BufMut, Bytes};
use http_body_util::{BodyExt, Full};
use hydrofoil_raftstore::{Config, Store};
use hydrofoil_store_server::grpc::{Body, Grpc, Limits};
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use tonic::Status;
use tower::ServiceExt as _;

const UNARY: [&str; 38] = [
    "KV/Range",
    "KV/Put",
    "KV/DeleteRange",
    "KV/Txn",
    "KV/Compact",
    "Lease/LeaseGrant",
    "Lease/LeaseRevoke",
    "Lease/LeaseTimeToLive",
    "Lease/LeaseLeases",
    "Cluster/MemberList",
    "Cluster/MemberAdd",
    "Cluster/MemberRemove",
    "Cluster/MemberPromote",
    "Cluster/MemberUpdate",
    "Maintenance/Status",
    "Maintenance/MoveLeader",
    "Maintenance/Downgrade",
    "Maintenance/Defragment",
    "Maintenance/Alarm",
    "Maintenance/Hash",
    "Maintenance/HashKV",
    "Auth/AuthStatus",
    "Auth/AuthEnable",
    "Auth/AuthDisable",
    "Auth/Authenticate",
    "Auth/UserAdd",
    "Auth/UserGet",
    "Auth/UserList",
    "Auth/UserDelete",
    "Auth/UserChangePassword",
    "Auth/UserGrantRole",
    "Auth/UserRevokeRole",
    "Auth/RoleAdd",
    "Auth/RoleGet",
    "Auth/RoleList",
    "Auth/RoleDelete",
    "Auth/RoleGrantPermission",
    "Auth/RoleRevokePermission",
];
const STREAMS: [&str; 2] = ["Watch/Watch", "Lease/LeaseKeepAlive"];
/// Longest wait for an answer.
pub const LIMIT: Duration = Duration::from_secs(30);

/// A field as it may be in a message: a number, bytes, or a message in a message.
#[derive(Clone, Debug)]
enum Field {
    Number(u32, u64),
    Bytes(u32, Vec<u8>),
    Message(u32, Vec<Field>),
}

fn field() -> impl Strategy<Value = Field> {
    let tag = prop_oneof![9 => 1u32..14, 1 => Just(64u32)];
    let leaf = prop_oneof![
        (tag.clone(), prop_oneof![0u64..5, any::<u64>()]).prop_map(|(t, n)| Field::Number(t, n)),
        (
            tag.clone(),
            vec(prop_oneof![Just(0u8), Just(b'a'), any::<u8>()], 0..4)
        )
            .prop_map(|(t, b)| Field::Bytes(t, b)),
    ];
    leaf.prop_recursive(6, 40, 5, move |inner| {
        (tag.clone(), vec(inner, 0..5)).prop_map(|(t, fields)| Field::Message(t, fields))
    })
}

fn encode(fields: &[Field]) -> Vec<u8> {
    use prost::encoding::{WireType, encode_key, encode_varint};
    let mut out = Vec::new();
    for field in fields {
        match field {
            Field::Number(tag, number) => {
                encode_key(*tag, WireType::Varint, &mut out);
                encode_varint(*number, &mut out);
            }
            Field::Bytes(tag, bytes) => {
                encode_key(*tag, WireType::LengthDelimited, &mut out);
                encode_varint(bytes.len() as u64, &mut out);
                out.put_slice(bytes);
            }
            Field::Message(tag, fields) => {
                let inner = encode(fields);
                encode_key(*tag, WireType::LengthDelimited, &mut out);
                encode_varint(inner.len() as u64, &mut out);
                out.put_slice(&inner);
            }
        }
    }
    out
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => vec(field(), 0..6).prop_map(|fields| encode(&fields)),
        1 => vec(any::<u8>(), 0..64),
    ]
}

fn framed(message: &[u8]) -> Vec<u8> {
    let mut wire = vec![0];
    wire.put_u32(message.len() as u32);
    wire.extend_from_slice(message);
    wire
}

async fn call(grpc: &Grpc, path: &str, body: Vec<u8>) -> http::Response<Body> {
    let request = http::Request::post(format!("/etcdserverpb.{path}"))
        .header("content-type", "application/grpc")
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    tokio::time::timeout(LIMIT, grpc.clone().oneshot(request))
        .await
        .expect("no answer")
        .unwrap()
}

/// Runs `check` with as many values, or with as many as `PROPTEST_CASES` says.
pub fn run<S: Strategy>(cases: u32, strategy: S, check: impl Fn(S::Value)) {
    let mut settings = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        settings.cases = cases;
    }
    let mut runner = TestRunner::new(settings);
    let checked = runner.run(&strategy, |value| {
        check(value);
        Ok(())
    });
    if let Err(failed) = checked {
        panic!("{failed}");
    }
}

/// Runs `check` with many bodies.
fn with_bodies(
    cases: u32,
    strategy: impl Strategy<Value = Vec<u8>>,
    check: impl AsyncFn(&Grpc, Vec<u8>),
) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        bcrypt_cost: 4,
        ..Config::new(folder.path().join("data"))
    };
    let store = runtime.block_on(Store::open(config)).unwrap();
    let grpc = {
        let _guard = runtime.enter();
        Grpc::new(&store, Limits::default())
    };
    run(cases, strategy, |body| runtime.block_on(check(&grpc, body)));
    runtime.block_on(store.shutdown());
}

async fn end_of(response: http::Response<Body>) -> Status {
    let early = Status::from_header_map(response.headers());
    let body = response.into_body().collect();
    let body = tokio::time::timeout(LIMIT, body)
        .await
        .expect("no end")
        .unwrap();
    early
        .or_else(|| Status::from_header_map(body.trailers()?))
        .expect("no status")
}

#[test]
fn unary_methods_answer_any_message() {
    with_bodies(100, message(), async |grpc, message| {
        for path in UNARY {
            end_of(call(grpc, path, framed(&message)).await).await;
        }
    });
}

#[test]
fn unary_methods_answer_any_bytes() {
    with_bodies(100, vec(any::<u8>(), 0..40), async |grpc, bytes| {
        for path in UNARY {
            end_of(call(grpc, path, bytes.clone()).await).await;
        }
    });
}

#[test]
fn streams_take_any_messages_and_end_when_told_to() {
    let messages = vec(message(), 0..6);
    let bodies = messages.prop_map(|messages| messages.iter().flat_map(|m| framed(m)).collect());
    with_bodies(200, bodies, async |grpc, body| {
        for path in STREAMS {
            let response = call(grpc, path, body.clone()).await;
            if Status::from_header_map(response.headers()).is_some() {
                continue;
            }
            // A watch goes on after its requests: what there is at once is read, and the rest is left.
            let mut body = response.into_body();
            while let Ok(Some(frame)) =
                tokio::time::timeout(Duration::from_millis(5), body.frame()).await
            {
                if frame.is_err() {
                    break;
                }
            }
        }
    });
}
