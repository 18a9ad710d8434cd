//! Whatever the JSON gateway is sent, it answers, in time, in the form of grpc-gateway, and goes on answering.
//!
//! Bodies are of four kinds: bytes, JSON of any shape, JSON of the shape of the method's own message, and the latter damaged. The one
//! confusing thing: a watch that asks for nothing, an observer of an election and a lock that is taken wait as long as their clients
//! do, in etcd as here; those are given a moment instead of an answer.

use std::{fmt::Write as _, time::Duration};

use axum::{Router, body::Body};
use http_body_util::BodyExt;
use hydrofoil_raftstore::{Config, Store};
use hydrofoil_store_server::{
    gateway::{Gateway, routes::ROUTES, schema::Schema, status::http_status},
    grpc::Limits,
    services,
};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use tonic::Code;
use tower::ServiceExt as _;

use crate::arbitrary::{LIMIT, run};

/// Largest body that is taken, in bytes.
const MAX_BODY_BYTES: usize = 64 << 10;
/// What a method that may wait for ever is given.
const MOMENT: Duration = Duration::from_millis(20);
/// Methods that may wait for ever.
const WAITING: [&str; 4] = [
    "watch",
    "election/observe",
    "election/campaign",
    "lock/lock",
];
/// How deep messages are put into messages.
const DEPTH: u32 = 4;

/// JSON, whose simple values are texts that need not be JSON at all.
#[derive(Clone, Debug)]
enum Json {
    Raw(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    fn write(&self, out: &mut String) {
        match self {
            Json::Raw(text) => out.push_str(text),
            Json::List(items) => {
                out.push('[');
                for (n, item) in items.iter().enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Json::Object(fields) => {
                out.push('{');
                for (n, (name, value)) in fields.iter().enumerate() {
                    let comma = if n > 0 { "," } else { "" };
                    write!(out, "{comma}{name:?}:").unwrap();
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }
}

fn one_of(texts: &'static [&'static str]) -> BoxedStrategy<Json> {
    select(texts)
        .prop_map(|text| Json::Raw(text.to_owned()))
        .boxed()
}

fn number() -> BoxedStrategy<Json> {
    let edges = one_of(&[
        "0",
        "1",
        "-1",
        "5",
        "\"1\"",
        "\"-1\"",
        "9223372036854775807",
        "\"9223372036854775807\"",
        "-9223372036854775808",
        "18446744073709551615",
        "\"18446744073709551615\"",
        "18446744073709551616",
        "\"99999999999999999999999\"",
        "1e3",
        "1e400",
        "-0",
        "1.5",
        "\"1.5\"",
        "\"NaN\"",
        "\"Infinity\"",
        "\"\"",
    ]);
    prop_oneof![3 => edges, 1 => any::<i64>().prop_map(|n| Json::Raw(n.to_string()))].boxed()
}

fn bytes() -> BoxedStrategy<Json> {
    one_of(&[
        "\"\"",
        "\"YQ==\"",
        "\"YQ\"",
        "\"Yg==\"",
        "\"AA==\"",
        "\"_-8=\"",
        "\"+/8=\"",
        "\"Y\"",
        "\"YQ=\"",
        "\"YQ===\"",
        "\"@@\"",
        "\"YQ==\\n\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
    ])
}

fn text() -> BoxedStrategy<Json> {
    let known = one_of(&[
        "\"\"",
        "\"a\"",
        "\"http://127.0.0.1:1\"",
        "\"http://127.0.0.1:2\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\u{e9}\"",
    ]);
    prop_oneof![
        4 => known,
        1 => ".{0,6}".prop_map(|text: String| Json::Raw(serde_json::to_string(&text).unwrap())),
    ]
    .boxed()
}

/// Anything, also what is no JSON.
fn any_json() -> BoxedStrategy<Json> {
    let leaf = prop_oneof![
        number(),
        bytes(),
        text(),
        one_of(&["null", "true", "false", "nul", "'a'", "0x1", "\u{7f}", ""]),
    ];
    let names = select(vec![
        "key",
        "ID",
        "id",
        "TTL",
        "value",
        "success",
        "compare",
        "nope",
        "",
        "range_end",
    ]);
    leaf.prop_recursive(5, 24, 4, move |inner| {
        let fields = vec((names.clone().prop_map(str::to_owned), inner.clone()), 0..4);
        prop_oneof![
            vec(inner, 0..4).prop_map(Json::List),
            fields.prop_map(Json::Object),
        ]
    })
    .boxed()
}

/// A message's fields, most of them of the right type, under either of their names.
fn shaped(message: &MessageDescriptor, depth: u32) -> BoxedStrategy<Json> {
    let fields: Vec<_> = message
        .fields()
        .map(|field| {
            let name = select(vec![field.name().to_owned(), field.json_name().to_owned()]);
            let right = value(&field, depth);
            let value = prop_oneof![12 => right, 1 => any_json()];
            proptest::option::of((name, value))
        })
        .collect();
    fields
        .prop_map(|fields| Json::Object(fields.into_iter().flatten().collect()))
        .boxed()
}

fn value(field: &FieldDescriptor, depth: u32) -> BoxedStrategy<Json> {
    let one = match field.kind() {
        Kind::Message(_) if depth == 0 => one_of(&["null", "{}"]),
        Kind::Message(message) => shaped(&message, depth - 1),
        Kind::Enum(kind) => {
            let names = kind.values().map(|value| format!("\"{}\"", value.name()));
            let numbers = ["0", "1", "-1", "99", "\"NOPE\"", "\"1\"", "2147483648"];
            let all: Vec<String> = names.chain(numbers.map(str::to_owned)).collect();
            select(all).prop_map(Json::Raw).boxed()
        }
        Kind::Bool => one_of(&["true", "false", "null", "\"true\"", "1"]),
        Kind::String => text(),
        Kind::Bytes => bytes(),
        _ => number(),
    };
    if field.is_list() {
        vec(one, 0..3).prop_map(Json::List).boxed()
    } else {
        one
    }
}

/// A path and a body for it.
fn request(schema: &Schema) -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let methods: Vec<_> = ROUTES
        .iter()
        .map(|(path, _, _)| {
            let method = schema.method(&format!("/v3/{path}")).unwrap();
            let shaped = shaped(&method.input, DEPTH);
            let many = vec(shaped.clone(), 1..4)
                .prop_map(|all| all.iter().map(Json::text).collect::<String>());
            let damaged = (shaped.clone(), any::<Index>(), any::<u8>(), any::<bool>()).prop_map(
                |(json, at, byte, cut)| {
                    let mut body = json.text().into_bytes();
                    let at = at.index(body.len());
                    body[at] = byte;
                    if cut {
                        body.truncate(at);
                    }
                    body
                },
            );
            let body = prop_oneof![
                6 => shaped.prop_map(|json| json.text().into_bytes()),
                2 => many.prop_map(String::into_bytes),
                2 => damaged,
                2 => any_json().prop_map(|json| json.text().into_bytes()),
                1 => vec(any::<u8>(), 0..64),
            ];
            (Just(*path), body)
        })
        .collect();
    (0..methods.len()).prop_flat_map(move |n| methods[n].clone())
}

/// Asks, and holds the answer to the forms that there are. `None`: it waits, as it may.
async fn ask(router: &Router, path: &str, body: Vec<u8>) -> Option<(u16, Vec<u8>)> {
    let request = http::Request::post(format!("/v3/{path}"))
        .body(Body::from(body))
        .unwrap();
    let waits = WAITING.contains(&path);
    let limit = if waits { MOMENT } else { LIMIT };
    let asked = tokio::time::timeout(limit, router.clone().oneshot(request)).await;
    let response = match asked {
        Ok(response) => response.unwrap(),
        Err(_) if waits => return None,
        Err(_) => panic!("no answer"),
    };
    let status = response.status().as_u16();
    let collect = response.into_body().collect();
    match tokio::time::timeout(limit, collect).await {
        Ok(body) => Some((status, body.unwrap().to_bytes().to_vec())),
        Err(_) if waits => None,
        Err(_) => panic!("no end"),
    }
}

/// Holds an answer to grpc-gateway's forms.
fn check(path: &str, streams: bool, status: u16, body: &[u8]) {
    let told = String::from_utf8_lossy(body);
    let values: Vec<serde_json::Value> = serde_json::Deserializer::from_slice(body)
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap_or_else(|error| panic!("{path} answered {status} {told}: {error}"));
    let said = if streams { "grpc_code" } else { "code" };
    for value in &values {
        let failed = match &value["error"] {
            serde_json::Value::Null => continue,
            serde_json::Value::String(words) => {
                assert_eq!(words, value["message"].as_str().unwrap(), "{path} {told}");
                assert!(!words.is_empty(), "{path} {told}");
                value
            }
            inner => {
                assert!(streams, "{path} {told}");
                inner
            }
        };
        let code = failed["code"].as_i64().or(failed[said].as_i64()).unwrap();
        let code = Code::from_i32(code.try_into().unwrap());
        assert!(code != Code::Ok && code != Code::Internal, "{path} {told}");
        // A stream whose head is gone keeps its status of 200.
        if !streams || status != 200 {
            assert_eq!(status, http_status(code).as_u16(), "{path} {told}");
        }
    }
    if status != 200 {
        assert_eq!(values.len(), 1, "{path} {told}");
        assert!(!values[0]["error"].is_null(), "{path} {told}");
    } else if !streams {
        assert!(values.len() == 1 && values[0].is_object(), "{path} {told}");
    }
}

#[test]
fn the_gateway_answers_any_body() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        bcrypt_cost: 4,
        ..Config::new(folder.path().join("data"))
    };
    let store = runtime.block_on(Store::open(config)).unwrap();
    let router = {
        let _guard = runtime.enter();
        let grpc = services::over(&store, Limits::default()).into_router();
        Gateway::new(grpc, MAX_BODY_BYTES).unwrap().routes()
    };
    let schema = Schema::new().unwrap();
    run(600, request(&schema), |(path, body)| {
        runtime.block_on(async {
            let streams = schema.method(&format!("/v3/{path}")).unwrap().streams_out;
            if let Some((status, answer)) = ask(&router, path, body).await {
                check(path, streams, status, &answer);
            }
            let (status, _) = ask(&router, "maintenance/status", Vec::new())
                .await
                .unwrap();
            assert_eq!(status, 200);
        });
    });
    runtime.block_on(store.shutdown());
}

#[test]
fn depth_and_length_are_bounded() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = Config::new(folder.path().join("data"));
    let store = runtime.block_on(Store::open(config)).unwrap();
    runtime.block_on(async {
        let grpc = services::over(&store, Limits::default()).into_router();
        let router = Gateway::new(grpc, MAX_BODY_BYTES).unwrap().routes();
        let deep = |open: &str, close: &str, times: usize| {
            [open.repeat(times), close.repeat(times)].concat()
        };
        for body in [
            deep("[", "]", 5_000),
            deep("{\"success\":", "}", 2_000),
            deep("{\"success\":[{\"request_txn\":", "}]}", 1_000),
            "{\"key\":\"".to_owned() + &"A".repeat(MAX_BODY_BYTES),
            "9".repeat(MAX_BODY_BYTES),
        ] {
            let (status, answer) = ask(&router, "kv/txn", body.into_bytes()).await.unwrap();
            assert_eq!(status, 400);
            check("kv/txn", false, status, &answer);
        }
    });
    runtime.block_on(store.shutdown());
}
