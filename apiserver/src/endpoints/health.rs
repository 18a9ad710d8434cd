//! `/healthz`, `/livez`, `/readyz`: named checks, all at once or one by one, in upstream's text.

use std::fmt::Write;
use std::time::Duration;

use http::header::HeaderName;
use http::{HeaderValue, StatusCode};
use hydrofoil_api::status::ApiError;
use hydrofoil_raftstore::RangeRequest;
use tokio::time::timeout;

use crate::answer::{self, Answer};
use crate::pipeline::Core;
use crate::request::options::Query;

const TEXT: &str = "text/plain; charset=utf-8";

/// A check. `ready` checks count for `/readyz` alone.
struct Check {
    name: &'static str,
    ready: bool,
}

/// Every check, in the order in which they are shown.
const CHECKS: [Check; 6] = [
    Check {
        name: "ping",
        ready: false,
    },
    Check {
        name: "log",
        ready: false,
    },
    Check {
        name: "etcd",
        ready: false,
    },
    Check {
        name: "etcd-readiness",
        ready: true,
    },
    Check {
        name: "informer-sync",
        ready: true,
    },
    Check {
        name: "shutdown",
        ready: true,
    },
];

impl Check {
    fn counts_for(&self, endpoint: &str) -> bool {
        endpoint == "readyz" || !self.ready
    }

    /// Why it fails, if it does.
    async fn run(&self, core: &Core) -> Result<(), String> {
        match self.name {
            "etcd" => answers(core, core.config.etcd_healthcheck_timeout).await,
            "etcd-readiness" => answers(core, core.config.etcd_readycheck_timeout).await,
            "informer-sync" if !core.caches().is_ready() => {
                Err("the watch cache does not follow the store".to_owned())
            }
            "shutdown" if core.shutdown.is_cancelled() => {
                Err("process is shutting down".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// Whether the store answers in this time, as upstream asks it.
async fn answers(core: &Core, patience: Duration) -> Result<(), String> {
    let request = RangeRequest::key("/registry/health");
    match timeout(patience, core.registry.store().range(request)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("error getting data from etcd: context deadline exceeded".to_owned()),
    }
}

/// The paths of single checks.
pub fn paths() -> impl Iterator<Item = String> {
    ["healthz", "livez", "readyz"]
        .into_iter()
        .flat_map(|endpoint| {
            CHECKS
                .iter()
                .filter(move |check| check.counts_for(endpoint))
                .map(move |check| format!("/{endpoint}/{}", check.name))
        })
}

/// Answers a health endpoint.
///
/// # Errors
/// 404 for a check that does not exist.
pub async fn serve(core: &Core, endpoint: &str, check: &[&str], query: &Query) -> Answer {
    match check {
        [] => Ok(all(core, endpoint, query).await),
        [name] => one(core, endpoint, name).await,
        _ => Err(ApiError::no_such_path()),
    }
}

async fn one(core: &Core, endpoint: &str, name: &str) -> Answer {
    let check = CHECKS
        .iter()
        .find(|check| check.name == name && check.counts_for(endpoint))
        .ok_or_else(ApiError::no_such_path)?;
    Ok(match check.run(core).await {
        Ok(()) => respond(StatusCode::OK, "ok".to_owned()),
        Err(why) => respond(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("internal server error: {why}\n"),
        ),
    })
}

async fn all(core: &Core, endpoint: &str, query: &Query) -> axum::response::Response {
    let mut excluded: Vec<&str> = query.all("exclude").collect();
    let mut text = String::new();
    let mut failed = Vec::new();
    for check in CHECKS.iter().filter(|check| check.counts_for(endpoint)) {
        let name = check.name;
        // Writing into a string does not fail.
        let _ = if excluded.contains(&name) {
            excluded.retain(|other| *other != name);
            writeln!(text, "[+]{name} excluded: ok")
        } else if let Err(why) = check.run(core).await {
            tracing::warn!(check = name, %why, endpoint, "a health check failed");
            failed.push(name);
            writeln!(text, "[-]{name} failed: reason withheld")
        } else {
            writeln!(text, "[+]{name} ok")
        };
    }
    if !excluded.is_empty() {
        let names: Vec<String> = excluded.iter().map(|name| format!("{name:?}")).collect();
        let _ = writeln!(
            text,
            "warn: some health checks cannot be excluded: no matches for {}",
            names.join(",")
        );
    }
    if !failed.is_empty() {
        let _ = writeln!(text, "{endpoint} check failed");
        return respond(StatusCode::INTERNAL_SERVER_ERROR, text);
    }
    if query.get("verbose").is_none() {
        return respond(StatusCode::OK, "ok".to_owned());
    }
    let _ = writeln!(text, "{endpoint} check passed");
    respond(StatusCode::OK, text)
}

fn respond(code: StatusCode, text: String) -> axum::response::Response {
    let mut response = answer::text(code, TEXT, text);
    response.headers_mut().insert(
        HeaderName::from_static("x-content-type-options"),
        HeaderValue::from_static("nosniff"),
    );
    response
}
