//! What real etcd 3.5.33 answered to the same requests, with the ids of its header put aside.

use axum::{Router, body::Body};
use http::Request;
use http_body_util::BodyExt;
use hydrofoil_raftstore::Store;
use tower::ServiceExt;

use super::Gateway;
use crate::services;

struct Member {
    _folder: tempfile::TempDir,
    store: Store,
    router: Router,
}

/// Ids of the cluster and of the member in headers, which etcd makes of URLs and tokens.
const IDS: &str = "\"cluster_id\":\"1\",\"member_id\":\"1\",";

impl Member {
    async fn start() -> Member {
        let (folder, store) = services::store_of_a_test().await;
        let grpc = services::over(&store, Default::default());
        let gateway = Gateway::new(grpc.into_router(), 1 << 20).unwrap();
        Member {
            _folder: folder,
            store,
            router: gateway.routes(),
        }
    }

    async fn post(&self, path: &str, body: &str) -> (u16, String) {
        let request = Request::post(format!("/v3/{path}"))
            .body(Body::from(body.to_owned()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (
            status,
            String::from_utf8(body.to_vec())
                .unwrap()
                .replace(IDS, "")
                .replace(",\"raft_term\":\"1\"", ""),
        )
    }
}

#[tokio::test]
async fn keys_and_transactions_as_etcd_answers_them() {
    let member = Member::start().await;
    for (path, body, status, answer) in [
        (
            "kv/put",
            r#"{"key":"YQ==","value":"Yg=="}"#,
            200,
            r#"{"header":{"revision":"2"}}"#,
        ),
        (
            "kv/range",
            r#"{"key":"YQ=="}"#,
            200,
            r#"{"header":{"revision":"2"},"kvs":[{"key":"YQ==","create_revision":"2","mod_revision":"2","version":"1","value":"Yg=="}],"count":"1"}"#,
        ),
        (
            "kv/put",
            r#"{"key":"YQ==","value":"Yg==","prev_kv":true}"#,
            200,
            r#"{"header":{"revision":"3"},"prev_kv":{"key":"YQ==","create_revision":"2","mod_revision":"2","version":"1","value":"Yg=="}}"#,
        ),
        // What is not known is let by.
        (
            "kv/put",
            r#"{"key":"YQ==","nope":"Yg=="}"#,
            200,
            r#"{"header":{"revision":"4"}}"#,
        ),
        (
            "kv/put",
            "{}",
            400,
            r#"{"error":"etcdserver: key is not provided","code":3,"message":"etcdserver: key is not provided"}"#,
        ),
        (
            "kv/put",
            "",
            400,
            r#"{"error":"etcdserver: key is not provided","code":3,"message":"etcdserver: key is not provided"}"#,
        ),
        // Both spellings of a name, enums by name and by number, numbers as texts.
        (
            "kv/range",
            r#"{"key":"YQ==","sortOrder":"DESCEND","sort_target":1,"limit":"3"}"#,
            200,
            r#"{"header":{"revision":"4"},"kvs":[{"key":"YQ==","create_revision":"2","mod_revision":"4","version":"3"}],"count":"1"}"#,
        ),
        (
            "kv/txn",
            r#"{"compare":[{"key":"YQ==","result":"EQUAL","target":"VALUE","value":"Yg=="}],"success":[{"requestPut":{"key":"YQ==","value":"Yw=="}}],"failure":[{"request_range":{"key":"YQ=="}}]}"#,
            200,
            r#"{"header":{"revision":"4"},"responses":[{"response_range":{"header":{"revision":"4"},"kvs":[{"key":"YQ==","create_revision":"2","mod_revision":"4","version":"3"}],"count":"1"}}]}"#,
        ),
        (
            "lease/grant",
            r#"{"TTL":100,"ID":7}"#,
            200,
            r#"{"header":{"revision":"4"},"ID":"7","TTL":"100"}"#,
        ),
        (
            "lease/leases",
            "",
            200,
            r#"{"header":{"revision":"4"},"leases":[{"ID":"7"}]}"#,
        ),
        (
            "lease/revoke",
            r#"{"ID":99}"#,
            404,
            r#"{"error":"etcdserver: requested lease not found","code":5,"message":"etcdserver: requested lease not found"}"#,
        ),
        (
            "kv/lease/revoke",
            r#"{"ID":7}"#,
            200,
            r#"{"header":{"revision":"4"}}"#,
        ),
        (
            "kv/compaction",
            r#"{"revision":1}"#,
            200,
            r#"{"header":{"revision":"4"}}"#,
        ),
        (
            "kv/compaction",
            r#"{"revision":1}"#,
            400,
            r#"{"error":"etcdserver: mvcc: required revision has been compacted","code":11,"message":"etcdserver: mvcc: required revision has been compacted"}"#,
        ),
        (
            "kv/deleterange",
            r#"{"key":"AA==","range_end":"AA==","prev_kv":true}"#,
            200,
            r#"{"header":{"revision":"5"},"deleted":"1","prev_kvs":[{"key":"YQ==","create_revision":"2","mod_revision":"4","version":"3"}]}"#,
        ),
        (
            "lease/keepalive",
            r#"{"ID":5}{"ID":6}"#,
            200,
            "{\"result\":{\"header\":{\"revision\":\"5\"},\"ID\":\"5\"}}\n{\"result\":{\"header\":{\"revision\":\"5\"},\"ID\":\"6\"}}\n",
        ),
    ] {
        assert_eq!(
            member.post(path, body).await,
            (status, answer.to_owned()),
            "{path} {body}"
        );
    }
    member.store.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_the_clients_mistake() {
    let member = Member::start().await;
    for body in [
        "{bad",
        r#"{"key":"@@"}"#,
        r#"{"key":1}"#,
        r#"{"key":"YQ==","limit":"x"}"#,
        r#"{"key":"YQ==","sort_order":"NOPE"}"#,
        "[]",
        "{\"key\":",
    ] {
        let (status, answer) = member.post("kv/range", body).await;
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(
            (status, &answer["code"]),
            (400, &3.into()),
            "{body}: {answer}"
        );
        assert!(
            !answer["error"].as_str().unwrap().is_empty() && answer["error"] == answer["message"]
        );
    }
    let large = format!("{{\"key\":\"{}\"}}", "A".repeat(2 << 20));
    assert_eq!(member.post("kv/put", &large).await.0, 400);
    assert_eq!(member.post("nope", "{}").await, (404, "Not Found\n".into()));
    let request = Request::get("/v3/kv/range").body(Body::empty()).unwrap();
    let response = member.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status().as_u16(), 405);
    member.store.shutdown().await;
}

#[tokio::test]
async fn a_watch_stays_open_after_all_is_said() {
    let member = Member::start().await;
    member
        .post("kv/put", r#"{"key":"YQ==","value":"Yg=="}"#)
        .await;
    let body = r#"{"create_request":{"key":"YQ==","start_revision":1}}"#;
    let request = Request::post("/v3/watch").body(Body::from(body)).unwrap();
    let response = member.router.clone().oneshot(request).await.unwrap();
    let mut body = response.into_body();
    let mut line = async || {
        let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
        String::from_utf8(frame.to_vec())
            .unwrap()
            .replace(IDS, "")
            .replace(",\"raft_term\":\"1\"", "")
    };
    assert_eq!(
        line().await,
        "{\"result\":{\"header\":{\"revision\":\"2\"},\"created\":true}}\n"
    );
    let event = |revision: u64, version: u64| {
        format!(
            "{{\"result\":{{\"header\":{{\"revision\":\"{revision}\"}},\"events\":[{{\"kv\":{{\"key\":\"YQ==\",\"create_revision\":\"2\",\"mod_revision\":\"{revision}\",\"version\":\"{version}\",\"value\":\"Yg==\"}}}}]}}}}\n"
        )
    };
    assert_eq!(line().await, event(2, 1));
    member
        .post("kv/put", r#"{"key":"YQ==","value":"Yg=="}"#)
        .await;
    assert_eq!(line().await, event(3, 2));
    drop(body);
    member.store.shutdown().await;
}

#[tokio::test]
async fn elections_and_locks_as_etcd_answers_them() {
    let member = Member::start().await;
    member.post("lease/grant", r#"{"TTL":100,"ID":7}"#).await;
    let error = |words: &str| {
        (
            500,
            format!(
                "{{\"error\":{0},\"code\":2,\"message\":{0}}}",
                serde_json::Value::from(words)
            ),
        )
    };
    for (path, body, answer) in [
        ("lock/lock", r#"{"name":"YQ==","lease":7}"#, (200, r#"{"header":{"revision":"2"},"key":"YS83"}"#.to_owned())),
        ("election/campaign", r#"{"name":"YQ==","lease":7,"value":"Yg=="}"#, (200, r#"{"header":{"revision":"2"},"leader":{"name":"YQ==","key":"YS83","rev":"2","lease":"7"}}"#.to_owned())),
        ("election/leader", r#"{"name":"YQ=="}"#, (200, r#"{"header":{"revision":"3"},"kv":{"key":"YS83","create_revision":"2","mod_revision":"3","version":"2","value":"Yg==","lease":"7"}}"#.to_owned())),
        ("election/leader", r#"{"name":"eA=="}"#, error("election: no leader")),
        ("election/proclaim", "{}", error("\"leader\" field must be provided")),
        ("election/proclaim", r#"{"leader":{"name":"YQ==","key":"YS83","rev":5,"lease":7},"value":"eA=="}"#, error("election: not leader")),
        ("election/campaign", r#"{"name":"YQ==","lease":77}"#, error("etcdserver: requested lease not found")),
        ("lock/lock", r#"{"name":"YQ==","lease":77}"#, error("etcdserver: requested lease not found")),
        ("lock/unlock", r#"{"key":""}"#, error("etcdserver: key is not provided")),
        ("lock/unlock", r#"{"key":"YS83"}"#, (200, r#"{"header":{"revision":"4"}}"#.to_owned())),
    ] {
        assert_eq!(member.post(path, body).await, answer, "{path} {body}");
    }
    member.store.shutdown().await;
}

/// A websocket's other end, as RFC 6455 has it.
struct Socket {
    stream: tokio::net::TcpStream,
}

impl Socket {
    async fn open(address: std::net::SocketAddr, path: &str, more: &str) -> (Socket, String) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let hello = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{more}\r\n"
        );
        stream.write_all(hello.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        (Socket { stream }, String::from_utf8(head).unwrap())
    }

    async fn say(&mut self, text: &str) {
        use tokio::io::AsyncWriteExt;
        // One text frame, masked with zeroes, of less than 126 bytes.
        let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
        assert!(text.len() < 126);
        frame.extend_from_slice(text.as_bytes());
        self.stream.write_all(&frame).await.unwrap();
    }

    /// The next text; `None` when the other side closes.
    async fn hear(&mut self) -> Option<String> {
        use tokio::io::AsyncReadExt;
        let kind = self.stream.read_u8().await.unwrap();
        let length = match self.stream.read_u8().await.unwrap() {
            126 => usize::from(self.stream.read_u16().await.unwrap()),
            length => usize::from(length),
        };
        let mut data = vec![0; length];
        self.stream.read_exact(&mut data).await.unwrap();
        match kind {
            0x81 => Some(
                String::from_utf8(data)
                    .unwrap()
                    .replace(IDS, "")
                    .replace(",\"raft_term\":\"1\"", ""),
            ),
            0x88 => None,
            kind => panic!("a frame of kind {kind:x}"),
        }
    }
}

#[tokio::test]
async fn a_websocket_is_both_directions_at_once() {
    let member = Member::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = member.router.clone();
    let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let (mut watch, head) = Socket::open(address, "/v3/watch", "").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    for (id, key) in [("1", "YQ=="), ("2", "Yg==")] {
        let create = format!(r#"{{"create_request":{{"key":"{key}","watch_id":{id}}}}}"#);
        watch.say(&create).await;
        let created = format!(
            r#"{{"result":{{"header":{{"revision":"1"}},"watch_id":"{id}","created":true}}}}"#
        );
        assert_eq!(watch.hear().await, Some(created));
    }
    let (mut put, _) = Socket::open(address, "/v3/kv/put", "").await;
    put.say(r#"{"key":"Yg==","value":"YQ=="}"#).await;
    assert_eq!(
        put.hear().await.as_deref(),
        Some(r#"{"header":{"revision":"2"}}"#)
    );
    assert_eq!(put.hear().await, None);
    let event = watch.hear().await.unwrap();
    assert!(
        event.contains(r#""watch_id":"2","events":[{"kv":{"key":"Yg==""#),
        "{event}"
    );
    watch.say(r#"{"cancel_request":{"watch_id":2}}"#).await;
    let cancelled = watch.hear().await.unwrap();
    assert!(
        cancelled.contains(r#""watch_id":"2","canceled":true"#),
        "{cancelled}"
    );

    member.post("lease/grant", r#"{"TTL":100,"ID":7}"#).await;
    let (mut lease, _) = Socket::open(address, "/v3/lease/keepalive", "").await;
    for _ in 0..2 {
        lease.say(r#"{"ID":7}"#).await;
        let renewed = lease.hear().await.unwrap();
        assert!(renewed.contains(r#""ID":"7","TTL":"100""#), "{renewed}");
    }
    let bearer = "Sec-WebSocket-Protocol: Bearer, nobodys.1\r\n";
    let (mut unreadable, head) = Socket::open(address, "/v3/kv/range", bearer).await;
    assert!(
        head.to_ascii_lowercase()
            .contains("sec-websocket-protocol: bearer\r\n"),
        "{head}"
    );
    unreadable.say("{bad").await;
    let error = unreadable.hear().await.unwrap();
    assert!(error.contains(r#""code":3"#), "{error}");
    assert_eq!(unreadable.hear().await, None);
    serving.abort();
    member.store.shutdown().await;
}
