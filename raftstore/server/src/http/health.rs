//! `/health`: alarms, a leader, and a read.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{StatusCode, header::CONTENT_TYPE};
use hydrofoil_raftstore::{Error, RangeRequest, Store};

use super::{Shared, TEXT, go_error, query_values};

/// Longest wait for the read, which has the store's own bound as well.
pub const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Answers `/health`. Alarms in `?exclude=` count for nothing; with `?serializable=true` this member alone is asked.
pub async fn serve(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Response {
    let query = query.as_deref();
    let excluded = query_values(query, "exclude");
    let serializable = query_values(query, "serializable")
        .first()
        .is_some_and(|v| v == "true");
    match find_illness(&shared.store, &excluded, serializable).await {
        None => {
            shared.metrics.health_success.inc();
            let body = "{\"health\":\"true\",\"reason\":\"\"}";
            ([(CONTENT_TYPE, TEXT)], body).into_response()
        }
        Some(reason) => {
            shared.metrics.health_failures.inc();
            let body = serde_json::json!({ "health": "false", "reason": reason }).to_string();
            tracing::warn!(output = body, "/health error");
            go_error(StatusCode::SERVICE_UNAVAILABLE, &body)
        }
    }
}

async fn find_illness(store: &Store, excluded: &[String], serializable: bool) -> Option<String> {
    let status = store.status();
    let mut alarms = status.alarms.iter().map(|alarm| alarm.alarm.name());
    if let Some(alarm) = alarms.find(|alarm| !excluded.iter().any(|name| name == alarm)) {
        return Some(format!("ALARM {alarm}"));
    }
    if !serializable && status.leader == 0 {
        return Some("RAFT NO LEADER".into());
    }
    read(store, serializable)
        .await
        .err()
        .map(|error| format!("RANGE ERROR:{error}"))
}

/// Reads a key, whichever.
///
/// # Errors
/// What the store says.
pub async fn read(store: &Store, serializable: bool) -> Result<(), Error> {
    let request = RangeRequest {
        keys_only: true,
        limit: 1,
        serializable,
        ..RangeRequest::key(Bytes::from_static(&[0]))
    };
    match tokio::time::timeout(READ_TIMEOUT, store.range(request)).await {
        Ok(answer) => answer.map(drop),
        Err(_) => Err(Error::Timeout),
    }
}
