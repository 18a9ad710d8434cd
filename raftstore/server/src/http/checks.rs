//! `/livez` and `/readyz`: named checks, all at once or each by its path, as etcd 3.5.11 has them; `read_index` is the name that
//! `linearizable_read` has in 3.6.

use std::sync::Arc;

use axum::{
    Router,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use http::{
    StatusCode,
    header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
};
use hydrofoil_raftstore::Store;

use super::{Shared, TEXT, get_only, go_error, health, query_values};

/// One check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    DataCorruption,
    SerializableRead,
    LinearizableRead,
    NonLearner,
}

/// A path with the checks under it.
struct Probe {
    kind: &'static str,
    checks: &'static [(&'static str, Check)],
}

const LIVEZ: Probe = Probe {
    kind: "livez",
    checks: &[("serializable_read", Check::SerializableRead)],
};
const READYZ: Probe = Probe {
    kind: "readyz",
    checks: &[
        ("data_corruption", Check::DataCorruption),
        ("serializable_read", Check::SerializableRead),
        ("linearizable_read", Check::LinearizableRead),
        ("non_learner", Check::NonLearner),
    ],
};
/// The name of 3.6, under its own path alone.
const READ_INDEX: (&str, Check) = ("read_index", Check::LinearizableRead);

/// The routes of both.
pub fn routes() -> Router<Arc<Shared>> {
    let mut router = Router::new().route("/readyz/read_index", one(READYZ.kind, READ_INDEX));
    for probe in [LIVEZ, READYZ] {
        let (kind, checks) = (probe.kind, probe.checks);
        let root = get_only(
            move |State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery| async move {
                let excluded = query_values(query.as_deref(), "exclude");
                let wanted = checks
                    .iter()
                    .filter(|(name, _)| !excluded.iter().any(|out| out == name));
                run(&shared, kind, wanted, query.as_deref()).await
            },
        );
        router = router.route(&format!("/{kind}"), root);
        for check in checks {
            router = router.route(&format!("/{kind}/{}", check.0), one(kind, *check));
        }
    }
    router
}

fn one(
    kind: &'static str,
    check: (&'static str, Check),
) -> axum::routing::MethodRouter<Arc<Shared>> {
    get_only(
        move |State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery| async move {
            run(&shared, kind, [&check].into_iter(), query.as_deref()).await
        },
    )
}

async fn run(
    shared: &Shared,
    kind: &'static str,
    checks: impl Iterator<Item = &(&'static str, Check)>,
    query: Option<&str>,
) -> Response {
    let mut report = String::new();
    let mut failed = false;
    for (name, check) in checks {
        let result = check.run(&shared.store).await;
        shared.metrics.note_check(kind, name, result.is_ok());
        match result {
            Ok(()) => report.push_str(&format!("[+]{name} ok\n")),
            Err(error) => {
                failed = true;
                report.push_str(&format!("[-]{name} failed: {error}\n"));
            }
        }
    }
    if failed {
        tracing::error!(path = kind, reason = report, "Health check error");
        return go_error(StatusCode::SERVICE_UNAVAILABLE, &report);
    }
    let verbose = query
        .unwrap_or_default()
        .split('&')
        .any(|pair| pair.split('=').next() == Some("verbose"));
    if !verbose {
        report.clear();
    }
    report.push_str("ok\n");
    let headers = [
        (CONTENT_TYPE, TEXT),
        (
            X_CONTENT_TYPE_OPTIONS,
            http::HeaderValue::from_static("nosniff"),
        ),
    ];
    (headers, report).into_response()
}

impl Check {
    async fn run(self, store: &Store) -> Result<(), String> {
        match self {
            Check::DataCorruption => {
                let status = store.status();
                match status
                    .alarms
                    .iter()
                    .any(|alarm| alarm.alarm.name() == "CORRUPT")
                {
                    true => Err("alarm activated: CORRUPT".into()),
                    false => Ok(()),
                }
            }
            Check::SerializableRead => health::read(store, true).await.map_err(|e| e.to_string()),
            Check::LinearizableRead => health::read(store, false).await.map_err(|e| e.to_string()),
            Check::NonLearner if store.is_learner() => Err("not supported for learner".into()),
            Check::NonLearner => Ok(()),
        }
    }
}
