//! Answers to the byte, over a store of one member.

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use prometheus_client::registry::Registry;
use tower::ServiceExt;

use super::{access::Access, *};

struct Member {
    _folder: tempfile::TempDir,
    store: Store,
    router: Router,
    grpc: Router,
}

impl Member {
    async fn start() -> Member {
        let (folder, store) = crate::services::store_of_a_test().await;
        let mut registry = Registry::default();
        let metrics = metrics::ServerMetrics::default();
        let grpc = crate::services::over(&store, Default::default());
        store.metrics().register(&mut registry);
        metrics.register(&mut registry);
        grpc.metrics().register(&mut registry);
        let shared = Arc::new(Shared {
            store: store.clone(),
            metrics,
            quota_bytes: 7,
            registry,
        });
        Member {
            _folder: folder,
            store,
            router: client_routes(&shared),
            grpc: grpc.into_router(),
        }
    }

    async fn ask(&self, method: &str, path: &str) -> (u16, String, String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(Body::empty())
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let kind = response
            .headers()
            .get(CONTENT_TYPE)
            .map(|kind| kind.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (
            status,
            kind.unwrap_or_default(),
            String::from_utf8(body.to_vec()).unwrap(),
        )
    }

    async fn get(&self, path: &str) -> (u16, String, String) {
        self.ask("GET", path).await
    }
}

fn text(status: u16, body: &str) -> (u16, String, String) {
    (status, "text/plain; charset=utf-8".into(), body.into())
}

#[tokio::test]
async fn a_healthy_member() {
    let member = Member::start().await;
    assert_eq!(
        member.get("/health").await,
        text(200, "{\"health\":\"true\",\"reason\":\"\"}")
    );
    assert_eq!(member.get("/health?serializable=true").await.0, 200);
    assert_eq!(member.get("/livez").await, text(200, "ok\n"));
    assert_eq!(member.get("/readyz").await, text(200, "ok\n"));
    assert_eq!(
        member.get("/livez?verbose").await,
        text(200, "[+]serializable_read ok\nok\n")
    );
    let all = "[+]data_corruption ok\n[+]serializable_read ok\n[+]linearizable_read ok\n[+]non_learner ok\nok\n";
    assert_eq!(member.get("/readyz?verbose=true").await, text(200, all));
    let fewer = "[+]data_corruption ok\n[+]linearizable_read ok\n[+]non_learner ok\nok\n";
    assert_eq!(
        member
            .get("/readyz?verbose&exclude=serializable_read")
            .await,
        text(200, fewer)
    );
    for check in [
        "data_corruption",
        "serializable_read",
        "linearizable_read",
        "non_learner",
        "read_index",
    ] {
        assert_eq!(
            member.get(&format!("/readyz/{check}")).await,
            text(200, "ok\n")
        );
    }
    assert_eq!(
        member.get("/livez/serializable_read").await,
        text(200, "ok\n")
    );
    let version = format!(
        "{{\"etcdserver\":\"{}\",\"etcdcluster\":\"3.5.0\"}}",
        version::SERVER
    );
    assert_eq!(
        member.get("/version").await,
        (200, "application/json".into(), version)
    );
    member.store.shutdown().await;
}

#[tokio::test]
async fn a_member_that_stopped_is_not_healthy() {
    let member = Member::start().await;
    member.store.clone().shutdown().await;
    let (status, _, body) = member.get("/health").await;
    assert_eq!(status, 503);
    assert!(
        body.starts_with("{\"health\":\"false\",\"reason\":\""),
        "{body}"
    );
    assert!(body.ends_with("\"}\n"), "{body}");
    let (status, _, body) = member.get("/readyz").await;
    assert_eq!(status, 503);
    assert!(
        body.contains("[+]data_corruption ok\n[-]serializable_read failed: "),
        "{body}"
    );
    assert_eq!(member.get("/readyz/data_corruption").await.0, 200);
}

#[tokio::test]
async fn what_is_not_there() {
    let member = Member::start().await;
    for path in [
        "/",
        "/v2/keys",
        "/debug/pprof/",
        "/debug/vars",
        "/readyz/nope",
    ] {
        assert_eq!(
            member.get(path).await,
            text(404, "404 page not found\n"),
            "{path}"
        );
    }
    assert_eq!(
        member.ask("POST", "/health").await,
        text(405, "Method Not Allowed\n")
    );
    member.store.shutdown().await;
}

#[tokio::test]
async fn metrics_have_etcds_names() {
    let member = Member::start().await;
    member.get("/health").await;
    member.get("/readyz").await;
    let (status, kind, body) = member.get("/metrics").await;
    assert_eq!(
        (status, kind.as_str()),
        (200, "text/plain; version=0.0.4; charset=utf-8")
    );
    for line in [
        "# TYPE etcd_server_has_leader gauge",
        "etcd_server_has_leader 1",
        "# TYPE etcd_server_health_success counter",
        "etcd_server_health_success 1",
        "etcd_server_healthcheck{type=\"readyz\",name=\"non_learner\"} 1",
        "etcd_server_healthchecks_total{type=\"readyz\",name=\"non_learner\",status=\"success\"} 1",
        "etcd_cluster_version{cluster_version=\"3.5\"} 1",
        "# TYPE etcd_disk_wal_fsync_duration_seconds histogram",
        "# TYPE process_cpu_seconds_total counter",
        "# TYPE etcd_mvcc_db_total_size_in_bytes gauge",
    ] {
        assert!(body.lines().any(|l| l == line), "{line} is not in\n{body}");
    }
    let names: Vec<&str> = body
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(names, sorted);
    member.store.shutdown().await;
}

#[tokio::test]
async fn hosts_and_origins() {
    let ask = |access: Access, request: Request<Body>| async move {
        let routes = Router::new().route("/v3/x", get(|| async { "v3" }));
        let router =
            Router::new()
                .fallback_service(routes)
                .layer(axum::middleware::from_fn_with_state(
                    Arc::new(access),
                    access::control,
                ));
        let response = router.oneshot(request).await.unwrap();
        let origin = response
            .headers()
            .get("access-control-allow-origin")
            .cloned();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (
            status,
            origin.map(|origin| origin.to_str().unwrap().to_owned()),
            String::from_utf8(body.to_vec()).unwrap(),
        )
    };
    let access = |cors: &str, hosts: &str| Access {
        cors: vec![cors.into()],
        hosts: vec![hosts.into()],
    };
    let request = |host: &str, origin: &str| {
        Request::get("/v3/x")
            .header("host", host)
            .header("origin", origin)
            .body(Body::empty())
            .unwrap()
    };
    let answer = ask(access("*", "*"), request("a:1", "http://o:1")).await;
    assert_eq!(answer, (200, Some("*".into()), "v3".into()));
    let answer = ask(access("http://o:1", "a"), request("a:1", "http://o:1")).await;
    assert_eq!(answer, (200, Some("http://o:1".into()), "v3".into()));
    let answer = ask(access("http://o:1", "a"), request("a", "http://p:1")).await;
    assert_eq!(answer, (200, None, "v3".into()));
    let (status, _, body) = ask(access("*", "a"), request("evil:1", "x")).await;
    assert_eq!(status, 421);
    assert!(
        body.contains("- e.g. etcd --host-whitelist \"evil\""),
        "{body}"
    );
    let mut secure = request("evil:1", "x");
    secure.extensions_mut().insert(crate::listen::Connection {
        remote: None,
        tls: true,
    });
    assert_eq!(ask(access("*", "a"), secure).await.0, 200);
    let preflight = Request::options("/v3/x")
        .header("host", "a")
        .body(Body::empty())
        .unwrap();
    assert_eq!(ask(access("*", "*"), preflight).await.0, 200);
    let beta = Request::get("/v3beta/x")
        .header("host", "a")
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        ask(access("*", "*"), beta).await,
        (200, Some("*".into()), "v3".into())
    );
}

#[test]
fn queries_are_decoded() {
    let query = Some("exclude=NOSPACE&exclude=a%20b+c&verbose&x=%zz");
    assert_eq!(query_values(query, "exclude"), ["NOSPACE", "a b c"]);
    assert_eq!(query_values(query, "verbose"), [""]);
    assert_eq!(query_values(query, "x"), ["%zz"]);
    assert_eq!(query_values(None, "x"), [""; 0]);
}

/// Families of etcd 3.5.33 that are not here, and why not.
#[rustfmt::skip]
const ABSENT: [(&str, &str); 24] = [
    ("etcd_debugging_disk_backend_commit_rebalance_duration_seconds", "a part of bbolt's commit, and the state is not in bbolt"),
    ("etcd_debugging_disk_backend_commit_spill_duration_seconds", "a part of bbolt's commit"),
    ("etcd_debugging_disk_backend_commit_write_duration_seconds", "a part of bbolt's commit"),
    ("etcd_debugging_mvcc_index_compaction_pause_duration_milliseconds", "the index is compacted with the history, see etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds"),
    ("etcd_debugging_snap_save_marshalling_duration_seconds", "there are no snapshot files of the v2 store"),
    ("etcd_debugging_snap_save_total_duration_seconds", "there are no snapshot files of the v2 store"),
    ("etcd_debugging_store_expires_total", "the v2 store"),
    ("etcd_debugging_store_reads_total", "the v2 store"),
    ("etcd_debugging_store_watch_requests_total", "the v2 store"),
    ("etcd_debugging_store_watchers", "the v2 store"),
    ("etcd_debugging_store_writes_total", "the v2 store"),
    ("etcd_grpc_proxy_cache_hits_total", "there is no gRPC proxy"),
    ("etcd_grpc_proxy_cache_keys_total", "there is no gRPC proxy"),
    ("etcd_grpc_proxy_cache_misses_total", "there is no gRPC proxy"),
    ("etcd_grpc_proxy_events_coalescing_total", "there is no gRPC proxy"),
    ("etcd_grpc_proxy_watchers_coalescing_total", "there is no gRPC proxy"),
    ("etcd_mvcc_db_open_read_transactions", "reads are in memory and open no transaction of the file"),
    ("etcd_server_go_version", "it is not written in Go"),
    ("etcd_server_heartbeat_send_failures_total", "heartbeats are openraft's and not counted"),
    ("etcd_snap_db_fsync_duration_seconds", "there are no snapshot files"),
    ("etcd_snap_db_save_total_duration_seconds", "there are no snapshot files"),
    ("etcd_snap_fsync_duration_seconds", "there are no snapshot files"),
    ("promhttp_metric_handler_requests_in_flight", "a counter of Go's handler about itself"),
    ("promhttp_metric_handler_requests_total", "a counter of Go's handler about itself"),
];

/// Name, type and labels of each family, as a scrape shows them.
fn shapes(text: &str) -> std::collections::BTreeMap<String, (String, Vec<String>)> {
    let mut shapes = std::collections::BTreeMap::new();
    let mut current = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            current = name.to_owned();
            shapes.insert(current.clone(), (kind.to_owned(), Vec::new()));
        } else if let Some((_, labels)) = line.split_once('{').filter(|_| !line.starts_with('#')) {
            let names = labels.rsplit_once('}').unwrap().0.split("\",");
            let names = names.map(|label| label.split('=').next().unwrap().to_owned());
            let shape: &mut (String, Vec<String>) = shapes.get_mut(&current).unwrap();
            shape.1.extend(names.filter(|name| name != "le"));
            shape.1.sort();
            shape.1.dedup();
        }
    }
    shapes
}

/// The families of a real etcd after it was used (`etcd_metrics.txt`), beside ours.
#[tokio::test]
async fn families_are_those_of_etcd_but_for_a_list() {
    let member = Member::start().await;
    let mut kv = hydrofoil_etcd_wire::etcdserverpb::kv_client::KvClient::new(member.grpc.clone());
    let put = hydrofoil_etcd_wire::etcdserverpb::PutRequest {
        key: "a".into(),
        ..Default::default()
    };
    kv.put(put).await.unwrap();
    for path in ["/health", "/livez", "/readyz"] {
        member.get(path).await;
    }
    let mut ours = shapes(&member.get("/metrics").await.2);
    for line in include_str!("etcd_metrics.txt").lines() {
        let mut words = line.split(' ').map(str::to_owned);
        let (name, kind) = (words.next().unwrap(), words.next().unwrap());
        let absent = ABSENT.iter().any(|(absent, _)| *absent == name);
        match ours.remove(&name) {
            Some(shape) => {
                assert!(!absent, "{name} is there by now");
                assert_eq!(shape, (kind, words.collect()), "{name}");
            }
            None => assert!(absent, "{name} is missing"),
        }
    }
    let beyond: Vec<&String> = ours
        .keys()
        .filter(|name| !name.starts_with("hydrofoil_"))
        .collect();
    assert!(beyond.is_empty(), "etcd does not have {beyond:?}");
    member.store.shutdown().await;
}
