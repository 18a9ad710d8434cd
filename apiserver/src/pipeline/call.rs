//! One request for a resource, after authorization: what is asked, by whom, and in which form the answer goes out.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::{CONTENT_LENGTH, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt;
use hydrofoil_api::status::{ApiError, GroupResource};
use hyper::upgrade::OnUpgrade;
use jiff::Timestamp;

use super::Core;
use crate::answer::shape::View;
use crate::answer::table::Include;
use crate::answer::{self, Answer};
use crate::encoding::Encoded;
use crate::identity::Identity;
use crate::metrics::Running;
use crate::registry::Stored;
use crate::request::info::{ResourceRequest, Verb};
use crate::request::media::{self, Encoding, Form, Offer};
use crate::request::options::Query;
use crate::resources::{BINDINGS, Served};

/// Of a body that is too large, so much more is read and thrown away, so that the client gets to read the answer.
const DRAIN: usize = 16 * 1024 * 1024;

/// One request for a resource.
pub struct Call {
    /// What every request shares.
    pub core: Arc<Core>,
    /// The resource.
    pub served: Served,
    /// What is asked.
    pub request: ResourceRequest,
    /// The options.
    pub query: Query,
    /// The headers.
    pub headers: HeaderMap,
    /// The connection, where a stream takes it over.
    pub connection: Option<OnUpgrade>,
    /// Who asks.
    pub who: Identity,
    /// How the answer goes out.
    pub form: Form,
    /// The time of the request.
    pub now: Timestamp,
}

impl Call {
    /// Finds the resource and settles the form of the answer.
    ///
    /// # Errors
    /// 404 for a path that is not served, 405 for a verb that the resource has not, 406 for a form that is not spoken.
    pub fn new(
        core: Arc<Core>,
        mut parts: Parts,
        request: ResourceRequest,
        query: Query,
        who: Identity,
        now: Timestamp,
    ) -> Result<Call, ApiError> {
        let request = as_pod_binding(request);
        let served = core
            .table
            .get(&request.group, &request.version, &request.resource)
            .ok_or_else(ApiError::no_such_path)?;
        check_path(&served, &request)?;
        let is_stream = super::stream::is_stream(&request.subresource);
        let offer = if request.subresource == "log" || is_stream {
            Offer::Plain
        } else {
            Offer::Objects
        };
        let form = media::negotiate(&parts.headers, query.flag("pretty"), offer)?;
        Ok(Call {
            core,
            served,
            request,
            query,
            headers: parts.headers,
            connection: parts.extensions.remove::<OnUpgrade>(),
            who,
            form,
            now,
        })
    }

    /// Whether the answer may take as long as the client stays.
    pub fn is_long_running(&self) -> bool {
        let subresource = self.request.subresource.as_str();
        self.request.verb == Verb::Watch
            || subresource == "log"
            || super::stream::is_stream(subresource)
    }

    /// Answers a watch or a stream.
    ///
    /// # Errors
    /// What the handler says.
    pub async fn stream(self, running: Running) -> Answer {
        match self.request.subresource.as_str() {
            "log" => super::log::log(self, running).await,
            stream if super::stream::is_stream(stream) => {
                Box::pin(super::stream::stream(self, running)).await
            }
            _ => super::watch::watch(self, running).await,
        }
    }

    /// Answers everything else.
    ///
    /// # Errors
    /// What the handler says.
    pub async fn answer(self, body: Body) -> Answer {
        let body = self.read_body(body).await?;
        // Each verb's future has its own place: one that could hold any of them would be as large as the largest.
        let answering: BoxFuture<'_, Answer> =
            match (self.request.verb, self.request.subresource.as_str()) {
                (Verb::Get, "" | "status") => Box::pin(super::get::get(&self)),
                (Verb::List, "") => Box::pin(super::list::list(&self)),
                (Verb::Create, "") => Box::pin(super::create::create(&self, &body)),
                (Verb::Update, "" | "status" | "finalize") => {
                    Box::pin(super::update::update(&self, &body))
                }
                (Verb::Patch, "" | "status") => Box::pin(super::patch::patch(&self, &body)),
                (Verb::Delete, "") => Box::pin(super::delete::delete(&self, &body)),
                (Verb::DeleteCollection, "") => {
                    Box::pin(super::delete_collection::delete_collection(&self, &body))
                }
                (Verb::Create, "binding") => Box::pin(super::binding::bind(&self, &body)),
                (Verb::Create, "eviction") => Box::pin(super::eviction::evict(&self, &body)),
                (Verb::Get | Verb::Update | Verb::Patch, "scale") => {
                    Box::pin(super::scale::scale(&self, &body))
                }
                _ => return Err(ApiError::no_such_path()),
            };
        answering.await
    }

    /// The whole body, within the limit.
    async fn read_body(&self, body: Body) -> Result<Bytes, ApiError> {
        let limit = self.core.config.limits.body;
        let told = self
            .headers
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        let mut body = body;
        let mut read = Vec::with_capacity(told.unwrap_or(0).min(limit));
        let mut size = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                ApiError::bad_request(format!("the body could not be read: {error}"))
            })?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            size += data.len();
            if size > limit + DRAIN {
                break;
            }
            if size <= limit {
                read.extend_from_slice(&data);
            }
        }
        if size > limit {
            return Err(ApiError::request_entity_too_large(format!(
                "limit is {limit}"
            )));
        }
        Ok(read.into())
    }

    /// The User-Agent.
    pub fn agent(&self) -> &str {
        self.headers
            .get(USER_AGENT)
            .and_then(|agent| agent.to_str().ok())
            .unwrap_or_default()
    }

    /// The resource, for messages.
    pub fn group_resource(&self) -> GroupResource<'static> {
        self.served.group_resource()
    }

    /// The namespace objects of this request are in; empty for cluster-scoped resources.
    pub fn namespace(&self) -> &str {
        if self.served.resource.namespaced {
            &self.request.namespace
        } else {
            ""
        }
    }

    /// The store's key of the object that is asked for.
    pub fn key(&self) -> Bytes {
        self.served.key(self.namespace(), &self.request.name)
    }

    /// The object that is asked for, as it is stored.
    ///
    /// # Errors
    /// 404 without such an object, what the store says.
    pub async fn stored(&self) -> Result<Stored, ApiError> {
        let stored = self.core.registry.read(self.key()).await?;
        stored.ok_or_else(|| self.not_found())
    }

    /// 404 for the object that is asked for.
    pub fn not_found(&self) -> ApiError {
        ApiError::not_found(self.group_resource(), &self.request.name)
    }

    /// How the body is encoded.
    ///
    /// # Errors
    /// 415 for what is not spoken.
    pub fn body_encoding(&self) -> Result<Encoding, ApiError> {
        media::body_encoding(&self.headers)
    }

    /// How objects are shown.
    ///
    /// # Errors
    /// 400 for options that are none.
    pub fn view(&self) -> Result<View, ApiError> {
        Ok(View {
            served: self.served,
            shape: self.form.shape,
            include: Include::parse(&self.query)?,
            now: self.now,
        })
    }

    /// Answers with an object.
    ///
    /// # Errors
    /// 400 for options that are none.
    pub fn object(&self, code: StatusCode, encoded: &Encoded, warnings: &[String]) -> Answer {
        let json = self.view()?.encoded(encoded);
        Ok(self.document(code, json, warnings))
    }

    fn document(&self, code: StatusCode, json: Bytes, warnings: &[String]) -> Response<Body> {
        let mut response = answer::json(&self.form, code, json);
        answer::warn(&mut response, warnings);
        response
    }
}

/// A POST to the old `bindings` collection binds the pod that its body names.
fn as_pod_binding(request: ResourceRequest) -> ResourceRequest {
    let is_old = (
        request.group.as_str(),
        request.version.as_str(),
        request.resource.as_str(),
    ) == ("", "v1", BINDINGS);
    if is_old
        && request.verb == Verb::Create
        && request.name.is_empty()
        && !request.namespace.is_empty()
    {
        return ResourceRequest {
            resource: "pods".to_owned(),
            subresource: "binding".to_owned(),
            ..request
        };
    }
    request
}

fn check_path(served: &Served, request: &ResourceRequest) -> Result<(), ApiError> {
    let resource = served.resource;
    if !request.rest.is_empty() {
        return Err(ApiError::no_such_path());
    }
    let verb = request.verb.as_str();
    if !request.subresource.is_empty() {
        let subresource = resource
            .subresource(&request.subresource)
            .ok_or_else(ApiError::no_such_path)?;
        if !subresource.verbs.contains(&verb) {
            return Err(ApiError::method_not_supported(
                served.group_resource(),
                verb,
            ));
        }
    } else {
        // Collections and objects have their own verbs: a POST to an object, a PUT to a collection are neither.
        let fits = match request.verb {
            Verb::Create | Verb::List | Verb::Watch | Verb::DeleteCollection => {
                request.name.is_empty()
            }
            Verb::Get | Verb::Update | Verb::Patch | Verb::Delete => !request.name.is_empty(),
        };
        if !fits || !resource.has_verb(verb) {
            return Err(method_not_allowed());
        }
    }
    // Namespaced objects live in a namespace; only collections can be asked for across all of them.
    let across = matches!(request.verb, Verb::List | Verb::Watch);
    if resource.namespaced && request.namespace.is_empty() && !(across && request.name.is_empty()) {
        return Err(method_not_allowed());
    }
    let is_namespace = request.group.is_empty() && request.resource == "namespaces";
    if !resource.namespaced && !request.namespace.is_empty() && !is_namespace {
        return Err(ApiError::no_such_path());
    }
    Ok(())
}

fn method_not_allowed() -> ApiError {
    let message = "the server does not allow this method on the requested resource";
    ApiError::new(
        405,
        hydrofoil_api::status::reason::METHOD_NOT_ALLOWED,
        message,
    )
}
