//! Images on this node: is it here, may it be pulled, pulling it once for everybody who waits for it.
//!
//! Back-off is not here: the pod's state machine says when to try again.

pub(crate) mod keyring;
pub(crate) mod reference;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use hydrofoil_client::events::EventType;
use hydrofoil_cri::v1::{self as wire, AuthConfig};
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::cri::{CALL_TIMEOUT, Cri, PULL_TIMEOUT, call, go_error};
use super::machine::Failure;
use super::text::go_duration;
use crate::clock;

/// How long an image that was seen is taken to be there. A container made after it vanished fails, and is tried again.
const PRESENT_FOR: SignedDuration = SignedDuration::from_secs(10);
/// Most images remembered as present.
const MAX_REMEMBERED: usize = 4096;

/// An image on the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Present {
    pub image_ref: String,
    pub size: u64,
    /// Whether its containers can see files; yes unless the runtime says no ([`hydrofoil_cri::SEES_FILES`]).
    pub sees_files: bool,
}

/// Who asks for an image, and how.
pub(crate) struct Request<'a> {
    /// The image as the pod names it.
    pub image: &'a str,
    /// `Always`, `IfNotPresent` or `Never`.
    pub policy: &'a str,
    pub runtime_handler: &'a str,
    pub annotations: &'a HashMap<String, String>,
    pub auths: Vec<AuthConfig>,
    pub sandbox: &'a wire::PodSandboxConfig,
    /// Records an event of the container.
    pub record: &'a (dyn Fn(EventType, &'static str, String) + Send + Sync),
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct PullKey {
    image: String,
    runtime_handler: String,
    users: Vec<(String, String)>,
}

#[derive(Clone)]
struct Pulled {
    result: Result<Present, String>,
    began: Timestamp,
    ended: Timestamp,
}

type Flight = Shared<BoxFuture<'static, Pulled>>;
type Look = Shared<BoxFuture<'static, Result<Option<Present>, tonic::Status>>>;

/// The node's images.
pub(crate) struct Images {
    cri: Cri,
    permits: Arc<Semaphore>,
    flights: Mutex<HashMap<PullKey, Flight>>,
    looks: Mutex<HashMap<(String, String), Look>>,
    present: Mutex<HashMap<(String, String), (Present, Timestamp)>>,
    /// References of images whose containers see no files.
    fileless: Mutex<HashSet<String>>,
}

impl Images {
    /// `parallel` pulls run at a time.
    pub(crate) fn new(cri: Cri, parallel: usize) -> Self {
        Self {
            cri,
            permits: Arc::new(Semaphore::new(parallel.max(1))),
            flights: Mutex::default(),
            looks: Mutex::default(),
            present: Mutex::default(),
            fileless: Mutex::default(),
        }
    }

    /// Whether containers of an image that [`Images::ensure`] returned can see files. Yes, as long as the runtime has not said no.
    pub(crate) fn sees_files(&self, image_ref: &str) -> bool {
        !self.fileless.lock().contains(image_ref)
    }

    fn note_files(&self, present: &Present) {
        let mut fileless = self.fileless.lock();
        if present.sees_files {
            fileless.remove(&present.image_ref);
        } else {
            if fileless.len() >= MAX_REMEMBERED {
                fileless.clear();
            }
            fileless.insert(present.image_ref.clone());
        }
    }

    /// Sees to it that an image is on the node, and returns its reference.
    pub(crate) async fn ensure(&self, request: &Request<'_>) -> Result<String, Failure> {
        let image = request.image;
        let parsed = reference::parse(image).map_err(|error| {
            let message = format!(
                "Failed to apply default image tag \"{image}\": couldn't parse image name \"{image}\": {error}"
            );
            (request.record)(EventType::Warning, "InspectFailed", message.clone());
            Failure::new("InvalidImageName", message)
        })?;
        let present = self.look(&parsed.full, request).await.map_err(|status| {
            let message = format!("Failed to inspect image \"{image}\": {}", go_error(&status));
            (request.record)(EventType::Warning, "InspectFailed", message.clone());
            Failure::new("ImageInspectError", message)
        })?;
        match (request.policy, present) {
            ("Never", None) => {
                let message =
                    format!("Container image \"{image}\" is not present with pull policy of Never");
                (request.record)(EventType::Warning, "ErrImageNeverPull", message.clone());
                Err(Failure::new("ErrImageNeverPull", message))
            }
            ("Never" | "IfNotPresent", Some(present)) => {
                let message = format!(
                    "Container image \"{image}\" already present on machine and can be accessed by the pod"
                );
                (request.record)(EventType::Normal, "Pulled", message);
                Ok(present.image_ref)
            }
            _ => self.pull(parsed.full, request).await,
        }
    }

    /// Forgets that an image is here, because it was removed.
    pub(crate) fn forget_all(&self) {
        self.present.lock().clear();
    }

    async fn look(
        &self,
        image: &str,
        request: &Request<'_>,
    ) -> Result<Option<Present>, tonic::Status> {
        let key = (image.to_owned(), request.runtime_handler.to_owned());
        let now = clock::now();
        if request.policy != "Always"
            && let Some((present, at)) = self.present.lock().get(&key)
            && now.duration_since(*at) < PRESENT_FOR
        {
            return Ok(Some(present.clone()));
        }
        // Many who ask at once are answered by one look.
        let look = {
            let mut looks = self.looks.lock();
            looks.retain(|_, look| look.peek().is_none());
            looks
                .entry(key.clone())
                .or_insert_with(|| {
                    let (cri, spec) = (self.cri.clone(), spec(image, request));
                    async move { inspect(&cri, spec).await }.boxed().shared()
                })
                .clone()
        };
        let found = look.await?;
        if let Some(present) = &found {
            self.remember(key, present.clone(), now);
        }
        Ok(found)
    }

    fn remember(&self, key: (String, String), present: Present, now: Timestamp) {
        self.note_files(&present);
        let mut known = self.present.lock();
        if known.len() >= MAX_REMEMBERED {
            known.clear();
        }
        known.insert(key, (present, now));
    }

    async fn pull(&self, full: String, request: &Request<'_>) -> Result<String, Failure> {
        let image = request.image;
        (request.record)(
            EventType::Normal,
            "Pulling",
            format!("Pulling image \"{image}\""),
        );
        let key = PullKey {
            image: full.clone(),
            runtime_handler: request.runtime_handler.to_owned(),
            users: request
                .auths
                .iter()
                .map(|auth| (auth.username.clone(), auth.password.clone()))
                .collect(),
        };
        let asked = clock::now();
        let flight = {
            let mut flights = self.flights.lock();
            flights.retain(|_, flight| flight.peek().is_none());
            flights
                .entry(key)
                .or_insert_with(|| self.fly(spec(&full, request), request))
                .clone()
        };
        let pulled = flight.await;
        match pulled.result {
            Ok(present) => {
                let took = pulled.ended.duration_since(pulled.began.max(asked));
                let waited = pulled.ended.duration_since(asked);
                let message = format!(
                    "Successfully pulled image \"{image}\" in {} ({} including waiting). Image size: {} bytes.",
                    go_duration(millis(took)),
                    go_duration(millis(waited)),
                    present.size
                );
                (request.record)(EventType::Normal, "Pulled", message);
                let key = (full, request.runtime_handler.to_owned());
                self.remember(key, present.clone(), pulled.ended);
                Ok(present.image_ref)
            }
            Err(error) => {
                (request.record)(
                    EventType::Warning,
                    "Failed",
                    format!("Failed to pull image \"{image}\": {error}"),
                );
                Err(pull_failure(image, error))
            }
        }
    }

    fn fly(&self, spec: wire::ImageSpec, request: &Request<'_>) -> Flight {
        let cri = self.cri.clone();
        let permits = self.permits.clone();
        let auths = request.auths.clone();
        let sandbox = request.sandbox.clone();
        async move {
            let permit = permits.acquire_owned().await;
            let began = clock::now();
            let result = pull(&cri, spec, auths, sandbox).await;
            drop(permit);
            Pulled {
                result,
                began,
                ended: clock::now(),
            }
        }
        .boxed()
        .shared()
    }
}

fn millis(duration: SignedDuration) -> SignedDuration {
    SignedDuration::from_millis(
        i64::try_from(duration.as_millis())
            .unwrap_or(i64::MAX)
            .max(0),
    )
}

fn spec(image: &str, request: &Request<'_>) -> wire::ImageSpec {
    wire::ImageSpec {
        image: image.to_owned(),
        annotations: request.annotations.clone(),
        user_specified_image: request.image.to_owned(),
        runtime_handler: request.runtime_handler.to_owned(),
        image_ref: String::new(),
    }
}

/// The reasons a runtime may name in front of its message (cri-api `errors`).
fn pull_failure(image: &str, error: String) -> Failure {
    if error.contains("RegistryUnavailable") {
        Failure::new(
            "RegistryUnavailable",
            format!("image pull failed for {image} because the registry is unavailable: {error}"),
        )
    } else if error.contains("SignatureValidationFailed") {
        Failure::new(
            "SignatureValidationFailed",
            format!(
                "image pull failed for {image} because the signature validation failed: {error}"
            ),
        )
    } else {
        Failure::new("ErrImagePull", error)
    }
}

async fn inspect(cri: &Cri, spec: wire::ImageSpec) -> Result<Option<Present>, tonic::Status> {
    let request = wire::ImageStatusRequest {
        image: Some(spec),
        verbose: false,
    };
    let response = call(CALL_TIMEOUT, cri.images().image_status(request)).await?;
    Ok(response.image.map(|image| {
        let said = image
            .spec
            .as_ref()
            .and_then(|spec| spec.annotations.get(hydrofoil_cri::SEES_FILES));
        Present {
            sees_files: said.is_none_or(|said| said != "false"),
            image_ref: image.id,
            size: image.size,
        }
    }))
}

/// Pulls with each credential in turn, or with none when there is none.
async fn pull(
    cri: &Cri,
    spec: wire::ImageSpec,
    auths: Vec<AuthConfig>,
    sandbox: wire::PodSandboxConfig,
) -> Result<Present, String> {
    let mut tries: Vec<Option<AuthConfig>> = auths.into_iter().map(Some).collect();
    if tries.is_empty() {
        tries.push(None);
    }
    let mut last = String::new();
    for auth in tries {
        let request = wire::PullImageRequest {
            image: Some(spec.clone()),
            auth,
            sandbox_config: Some(sandbox.clone()),
        };
        match call(PULL_TIMEOUT, cri.images().pull_image(request)).await {
            Ok(response) => {
                let inspected = inspect(cri, spec).await.ok().flatten();
                return Ok(Present {
                    image_ref: response.image_ref,
                    size: inspected.as_ref().map_or(0, |present| present.size),
                    sees_files: inspected.is_none_or(|present| present.sees_files),
                });
            }
            Err(status) => last = go_error(&status),
        }
    }
    Err(last)
}

/// The policy of a container: its own, otherwise by its tag (upstream's default).
pub(crate) fn pull_policy(container: &k8s_openapi::api::core::v1::Container) -> &str {
    match container.image_pull_policy.as_deref() {
        Some(policy) if !policy.is_empty() => policy,
        _ => {
            let latest = container
                .image
                .as_deref()
                .and_then(|image| reference::parse(image).ok())
                .is_some_and(|parsed| parsed.full.ends_with(":latest"));
            if latest { "Always" } else { "IfNotPresent" }
        }
    }
}

/// How often images are looked at for collection.
pub(crate) const GC_PERIOD: Duration = Duration::from_secs(300);
