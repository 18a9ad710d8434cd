//! Pushes one `.wasm` file as a CNCF Wasm OCI artifact.
//!
//! The form is that of the Wasm OCI Artifact layout of CNCF's TAG Runtime (tag-runtime.cncf.io, "wasm-oci-artifact"): one layer
//! `application/wasm`, one config `application/vnd.wasm.config.v0+json` that names the architecture, the WASI version, and what a
//! component imports and exports.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use oci_distribution::Client;
use oci_distribution::errors::OciDistributionError;
use reqwest::header::HeaderValue;
use serde::Serialize;

use super::auth::Auth;
use super::digest::Digest;
use super::error::Cause;
use super::fetch::{self, cause_of};
use super::hosts::Registries;
use super::identity::{self, Actions};
use super::manifest::{Descriptor, Manifest, OCI_MANIFEST, WASM_CONFIG, WASM_LAYER};
use super::reference::Reference;
use super::wasm::{self, Interfaces, Kind, WasmError};

/// The largest file that is pushed, in bytes.
pub const MAX_MODULE_BYTES: u64 = 512 << 20;
/// How much is sent between two reports of progress, in bytes.
const STEP_BYTES: usize = 256 << 10;

/// How to push.
#[derive(Clone, Debug, Default)]
pub struct PushOptions {
    /// How registries are reached.
    pub registries: Registries,
    /// Credentials; anonymous means those configured for the registry.
    pub auth: Auth,
    /// When the artifact says that it was made.
    pub created: Option<jiff::Timestamp>,
    /// The manifest's annotations.
    pub annotations: BTreeMap<String, String>,
}

/// A report of progress, for one blob or the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The registry had it already.
    Exists {
        /// What.
        digest: Digest,
        /// Bytes.
        total: u64,
    },
    /// So much of it is sent. `sent == total` is the last report, and means that the registry has it.
    Sent {
        /// What.
        digest: Digest,
        /// Bytes handed to the connection.
        sent: u64,
        /// Bytes in all.
        total: u64,
    },
}

/// What was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The manifest.
    pub digest: Digest,
    /// The module's size in bytes.
    pub size: u64,
    /// Module or component.
    pub kind: Kind,
    /// What a component imports and exports; empty for modules.
    pub interfaces: Interfaces,
}

/// Why a push failed.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The file.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no WebAssembly.
    #[error("{path}: {source}")]
    NotWasm {
        /// Which.
        path: String,
        /// What it is.
        source: WasmError,
    },
    /// The file is larger than [`MAX_MODULE_BYTES`].
    #[error("{path}: {size} bytes, the limit is {MAX_MODULE_BYTES}")]
    TooLarge {
        /// Which.
        path: String,
        /// Its size in bytes.
        size: u64,
    },
    /// A reference to push to needs a tag or nothing, not a digest.
    #[error("cannot push to {0}: a digest follows from the content, give a tag")]
    Digest(Reference),
    /// The registry.
    #[error("failed to push {reference}: {detail}")]
    Registry {
        /// Whereto.
        reference: Reference,
        /// What happened.
        detail: String,
    },
}

/// `application/vnd.wasm.config.v0+json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WasmConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    architecture: &'static str,
    os: &'static str,
    layer_digests: [&'a Digest; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<&'a Interfaces>,
}

/// Pushes `file` to `reference` and reports progress. Blobs that the registry has are not sent.
pub async fn push(
    file: &Path,
    reference: &Reference,
    options: PushOptions,
    progress: impl Fn(Progress) + Send + Sync + 'static,
) -> Result<Pushed, PushError> {
    if reference.digest().is_some() {
        return Err(PushError::Digest(reference.clone()));
    }
    let path = file.to_owned();
    let (module, kind, interfaces) = tokio::task::spawn_blocking(move || read(&path))
        .await
        .map_err(|error| PushError::File {
            path: file.display().to_string(),
            source: std::io::Error::other(error),
        })??;
    let layer = descriptor(WASM_LAYER, &module);
    let config = json(
        reference,
        &WasmConfig {
            created: options.created.map(|time| time.to_string()),
            architecture: "wasm",
            os: kind.os(),
            layer_digests: [&layer.digest],
            component: (kind == Kind::Component).then_some(&interfaces),
        },
    )?;
    let manifest = json(
        reference,
        &Manifest {
            schema_version: 2,
            media_type: Some(OCI_MANIFEST.to_owned()),
            artifact_type: None,
            config: descriptor(WASM_CONFIG, &config),
            layers: vec![layer.clone()],
            annotations: options.annotations,
        },
    )?;
    let digest = Digest::of(&manifest);
    let size = layer.size;
    let endpoint = options
        .registries
        .push_endpoint(reference)
        .map_err(|error| PushError::Registry {
            reference: reference.clone(),
            detail: error.to_string(),
        })?;
    let auth = options
        .registries
        .auth_for(reference.registry(), options.auth);
    let auth = identity::exchanged(auth, &endpoint, reference, Actions::Push)
        .await
        .map_err(|cause| failed_by(reference, cause))?;
    let send = Sender {
        auth,
        reference,
        image: fetch::image_at(&endpoint, reference),
        client: fetch::client(&endpoint).map_err(|error| failed(reference, error))?,
        progress: Arc::new(progress),
    };
    send.blob(&layer.digest, module).await?;
    send.blob(&Digest::of(&config), config).await?;
    send.manifest(&digest, manifest).await?;
    Ok(Pushed {
        digest,
        size,
        kind,
        interfaces,
    })
}

fn read(path: &Path) -> Result<(Bytes, Kind, Interfaces), PushError> {
    let name = || path.display().to_string();
    let io = |source| PushError::File {
        path: name(),
        source,
    };
    let not_wasm = |source| PushError::NotWasm {
        path: name(),
        source,
    };
    let size = std::fs::metadata(path).map_err(io)?.len();
    if size > MAX_MODULE_BYTES {
        return Err(PushError::TooLarge { path: name(), size });
    }
    let bytes = std::fs::read(path).map_err(io)?;
    let kind = wasm::kind(&bytes[..bytes.len().min(wasm::HEADER_BYTES)]).map_err(not_wasm)?;
    let interfaces = match kind {
        Kind::Component => wasm::interfaces(&bytes).map_err(not_wasm)?,
        Kind::Module => Interfaces::default(),
    };
    Ok((bytes.into(), kind, interfaces))
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Descriptor {
    Descriptor {
        media_type: media_type.to_owned(),
        digest: Digest::of(bytes),
        size: bytes.len() as u64,
        platform: None,
        artifact_type: None,
        annotations: BTreeMap::new(),
    }
}

fn json(reference: &Reference, value: &impl Serialize) -> Result<Bytes, PushError> {
    serde_json::to_vec(value)
        .map(Bytes::from)
        .map_err(|error| PushError::Registry {
            reference: reference.clone(),
            detail: error.to_string(),
        })
}

struct Sender<'a> {
    client: Client,
    auth: Auth,
    reference: &'a Reference,
    image: oci_distribution::Reference,
    progress: Arc<dyn Fn(Progress) + Send + Sync>,
}

impl Sender<'_> {
    async fn blob(&self, digest: &Digest, bytes: Bytes) -> Result<(), PushError> {
        let failed = |error| failed(self.reference, error);
        let total = bytes.len() as u64;
        self.client
            .store_auth_if_needed(self.image.resolve_registry(), &self.auth.to_registry_auth())
            .await;
        if self
            .client
            .blob_exists(&self.image, digest.as_str())
            .await
            .map_err(failed)?
        {
            (self.progress)(Progress::Exists {
                digest: digest.clone(),
                total,
            });
            return Ok(());
        }
        let stream = self.reported(digest.clone(), bytes);
        self.client
            .push_blob_stream(&self.image, stream, digest.as_str(), Some(total))
            .await
            .map_err(failed)?;
        (self.progress)(Progress::Sent {
            digest: digest.clone(),
            sent: total,
            total,
        });
        Ok(())
    }

    /// The bytes in steps; each but the last is reported when the connection takes it. The last is reported when the registry has
    /// accepted the whole.
    fn reported(
        &self,
        digest: Digest,
        bytes: Bytes,
    ) -> impl futures::Stream<Item = Result<Bytes, OciDistributionError>> + Send + 'static {
        let progress = Arc::clone(&self.progress);
        let total = bytes.len() as u64;
        futures::stream::unfold(bytes, move |mut left| {
            let step = (!left.is_empty()).then(|| left.split_to(left.len().min(STEP_BYTES)));
            let sent = total - left.len() as u64;
            if step.is_some() && sent < total {
                progress(Progress::Sent {
                    digest: digest.clone(),
                    sent,
                    total,
                });
            }
            std::future::ready(step.map(|step| (Ok(step), left)))
        })
    }

    async fn manifest(&self, digest: &Digest, bytes: Bytes) -> Result<(), PushError> {
        let total = bytes.len() as u64;
        self.client
            .push_manifest_raw(&self.image, bytes, HeaderValue::from_static(OCI_MANIFEST))
            .await
            .map_err(|error| failed(self.reference, error))?;
        (self.progress)(Progress::Sent {
            digest: digest.clone(),
            sent: total,
            total,
        });
        Ok(())
    }
}

fn failed(reference: &Reference, error: OciDistributionError) -> PushError {
    failed_by(reference, cause_of(error))
}

fn failed_by(reference: &Reference, cause: Cause) -> PushError {
    let detail = match cause {
        Cause::NotFound => "the registry has no such repository, and does not make one".to_owned(),
        Cause::Unauthorized(detail) => format!("access denied: {detail}"),
        Cause::Unreachable(detail) => format!("failed to do request: {detail}"),
        Cause::Registry(detail) => detail,
        other => format!("{other:?}"),
    };
    PushError::Registry {
        reference: reference.clone(),
        detail,
    }
}
