//! The request pipeline, in one place and in order:
//! route → authenticate → authorize → decode → admit → apply or patch → validate → registry.
//!
//! [`Core`] is what every request shares. [`Core::serve`] answers one request and never fails: whatever goes wrong is a
//! Status. One file per verb holds what comes after authorization; [`write`](mod@write) is the part that all writes share.

mod binding;
mod call;
mod create;
mod delete;
mod delete_collection;
mod eviction;
mod get;
mod kubelet;
mod list;
mod log;
mod lookup;
mod modify;
mod patch;
mod scale;
mod select;
mod stream;
mod token;
mod update;
mod watch;
mod write;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{Method, Request, Response, StatusCode};
use hydrofoil_api::status::ApiError;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

pub use call::Call;
pub use kubelet::KubeletClient;

use crate::allocation::Allocation;
use crate::answer;
use crate::authorize::authorize;
use crate::cache::Caches;
use crate::clock;
use crate::config::Config;
use crate::endpoints::Documents;
use crate::error::Error;
use crate::identity::Identity;
use crate::metrics::{Metrics, RequestLabels};
use crate::registry::Registry;
use crate::request::info::{self, RequestInfo, ResourceRequest, Verb};
use crate::request::media::{self, Form, Offer};
use crate::request::options::Query;
use crate::resources::Table;

/// Seconds a client should wait when there was no room for its request.
const BUSY_RETRY: u32 = 1;

/// What every request shares.
pub struct Core {
    /// Settings.
    pub config: Config,
    /// What is served.
    pub table: Table,
    /// The store and its caches.
    pub registry: Registry,
    /// Addresses and ports of Services.
    pub allocation: Allocation,
    /// Discovery and OpenAPI documents.
    pub documents: Documents,
    /// Counters.
    pub metrics: Metrics,
    /// How kubelets are reached; `None` without a client certificate.
    pub kubelets: Option<KubeletClient>,
    /// The server is going: watches end, it is no longer ready.
    pub shutdown: CancellationToken,
    reads: Semaphore,
    writes: Semaphore,
}

impl Core {
    /// Puts the parts together.
    ///
    /// # Errors
    /// When the ranges of Services make no sense.
    pub fn new(
        config: Config,
        table: Table,
        registry: Registry,
        kubelets: Option<KubeletClient>,
        shutdown: CancellationToken,
    ) -> Result<Core, Error> {
        Ok(Core {
            allocation: Allocation::new(config.service_cidr, &config.service_node_ports)?,
            documents: Documents::new(&table),
            metrics: Metrics::default(),
            reads: Semaphore::new(config.limits.reads),
            writes: Semaphore::new(config.limits.writes),
            config,
            table,
            registry,
            kubelets,
            shutdown,
        })
    }

    /// The caches.
    pub fn caches(&self) -> &Arc<Caches> {
        self.registry.caches()
    }

    /// Answers one request.
    pub async fn serve(self: Arc<Self>, request: Request<Body>) -> Response<Body> {
        let started = Instant::now();
        let query = Query::parse(request.uri().query());
        let watch = query.flag("watch").unwrap_or(false);
        let info = info::parse(request.method(), request.uri().path(), watch);
        let labels = self.labels(&info, &query);
        let head = request.method() == Method::HEAD;
        let pretty = query.flag("pretty");
        let form = media::negotiate(request.headers(), pretty, Offer::Plain).unwrap_or(Form::JSON);
        let answering: BoxFuture<'_, answer::Answer> =
            Box::pin(Arc::clone(&self).route(request, info, query, &labels));
        let answering = AssertUnwindSafe(answering).catch_unwind();
        let outcome = answering.await.unwrap_or_else(|_| {
            self.metrics.panicked();
            let detail = "This request caused apiserver to panic. Look in the logs for details.";
            Err(ApiError::new(
                500,
                hydrofoil_api::status::reason::INTERNAL_ERROR,
                detail,
            ))
        });
        let mut response = outcome.unwrap_or_else(|error| answer::error(&form, error));
        if head {
            *response.body_mut() = Body::empty();
        }
        self.metrics
            .answered(&labels, response.status().as_u16(), started.elapsed());
        response
    }

    async fn route(
        self: Arc<Self>,
        request: Request<Body>,
        info: RequestInfo,
        query: Query,
        labels: &RequestLabels,
    ) -> answer::Answer {
        if request.uri().path().len() > info::MAX_PATH {
            return Err(ApiError::new(
                414,
                "",
                "the path of the request is too long",
            ));
        }
        let who = authenticate(&request)?;
        authorize(&who, &info)?;
        match info {
            RequestInfo::Other { path, verb } => {
                let reading = matches!(verb, "get" | "head");
                let _turn = self.turn(!reading).await?;
                crate::endpoints::serve(&self, &path, reading, &query, request.headers()).await
            }
            RequestInfo::Resource(resource) => {
                Box::pin(self.resource(request, resource, query, who, labels)).await
            }
        }
    }

    async fn resource(
        self: Arc<Self>,
        request: Request<Body>,
        resource: ResourceRequest,
        query: Query,
        who: Identity,
        labels: &RequestLabels,
    ) -> answer::Answer {
        let (parts, body) = request.into_parts();
        let call = Call::new(Arc::clone(&self), parts, resource, query, who, clock::now())?;
        if call.is_long_running() {
            let running = self.metrics.longrunning(labels);
            return call.stream(running).await;
        }
        let _turn = self.turn(call.request.verb.mutates()).await?;
        let limit = self.config.limits.request;
        timeout(limit, call.answer(body)).await.unwrap_or_else(|_| {
            Err(ApiError::timeout(
                "request did not complete within the allotted timeout",
                0,
            ))
        })
    }

    /// Waits for room among the requests that are answered at once.
    async fn turn(&self, mutates: bool) -> Result<Turn<'_>, ApiError> {
        let room = if mutates { &self.writes } else { &self.reads };
        let permit = match room.try_acquire() {
            Ok(permit) => permit,
            Err(_) => match timeout(self.config.limits.queue_wait, room.acquire()).await {
                Ok(Ok(permit)) => permit,
                _ => {
                    let message = "too many requests, please try again later";
                    return Err(ApiError::too_many_requests(message, BUSY_RETRY));
                }
            },
        };
        Ok(Turn {
            _permit: permit,
            _running: self.metrics.inflight(mutates),
        })
    }

    fn labels(&self, info: &RequestInfo, query: &Query) -> RequestLabels {
        let RequestInfo::Resource(request) = info else {
            return RequestLabels {
                verb: "GET",
                group: String::new(),
                version: String::new(),
                resource: String::new(),
                subresource: String::new(),
                scope: "",
            };
        };
        // Only names that exist become labels: what clients make up must not fill the memory.
        let known = self
            .table
            .get(&request.group, &request.version, &request.resource);
        let subresource = known
            .and_then(|served| served.resource.subresource(&request.subresource))
            .map_or("", |subresource| subresource.name);
        let apply = request.verb == Verb::Patch && query.get("force").is_some();
        RequestLabels {
            verb: match request.verb {
                _ if known.is_none() => "GET",
                Verb::Get => "GET",
                Verb::List => "LIST",
                Verb::Watch => "WATCH",
                Verb::Create => "POST",
                Verb::Update => "PUT",
                Verb::Patch if apply => "APPLY",
                Verb::Patch => "PATCH",
                Verb::Delete => "DELETE",
                Verb::DeleteCollection => "DELETECOLLECTION",
            },
            group: known.map_or("", |served| served.resource.group).to_owned(),
            version: known
                .map_or("", |served| served.resource.version)
                .to_owned(),
            resource: known.map_or("", |served| served.resource.plural).to_owned(),
            subresource: subresource.to_owned(),
            scope: match (request.name.is_empty(), request.namespace.is_empty()) {
                (false, _) => "resource",
                (true, false) => "namespace",
                (true, true) => "cluster",
            },
        }
    }
}

/// Room for a request, while it is answered.
struct Turn<'a> {
    _permit: tokio::sync::SemaphorePermit<'a>,
    _running: crate::metrics::Running,
}

/// Who asks: whom the connection or this process says it is; nobody in particular otherwise. Tokens come in a later issue.
fn authenticate(request: &Request<Body>) -> Result<Identity, ApiError> {
    if let Some(identity) = request.extensions().get::<Identity>() {
        return Ok(identity.clone());
    }
    if request.headers().contains_key(AUTHORIZATION) {
        return Err(ApiError::unauthorized("Unauthorized"));
    }
    Ok(Identity::anonymous())
}

/// The code of an answer that made something, or of one that did not.
fn created(made: bool) -> StatusCode {
    if made {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    }
}
