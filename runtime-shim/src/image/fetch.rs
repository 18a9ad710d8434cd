//! The HTTP edge of a pull: manifests and blobs from one registry host, verified and bounded.
//!
//! `oci-client` does the token flows and the blobs. Manifests are read here because it would take a manifest of any size into
//! memory.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use oci_distribution::client::{
    BlobResponse, Certificate, CertificateEncoding, ClientConfig, ClientProtocol,
};
use oci_distribution::errors::OciDistributionError;
use oci_distribution::{Client, RegistryOperation};
use reqwest::StatusCode;
use reqwest::header::ACCEPT;

use super::auth::Auth;
use super::content::{CommitError, Content};
use super::digest::{Algorithm, Digest, Hasher};
use super::error::Cause;
use super::hosts::Endpoint;
use super::manifest::{ACCEPTED_MANIFESTS, Descriptor};
use super::reference::Reference;

/// The largest manifest, index or config, in bytes: the distribution specification asks registries for at least 4 MiB.
pub const MAX_DOCUMENT_BYTES: u64 = 4 << 20;
/// How long a connection may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a registry may send nothing.
pub const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a blob is asked for before a broken transfer is an error; each time from where the last one ended.
pub const MAX_ATTEMPTS: u32 = 4;
/// The most of an error's body that is shown.
const MAX_DETAIL_BYTES: usize = 512;
const USER_AGENT: &str = concat!("hydrofoil/", env!("CARGO_PKG_VERSION"));

/// One repository at one host, with credentials.
pub struct Remote {
    client: Client,
    http: reqwest::Client,
    base: String,
    image: oci_distribution::Reference,
    auth: Auth,
    namespace: Option<String>,
}

impl Remote {
    /// Prepares to ask `endpoint` for `reference`.
    pub fn new(endpoint: &Endpoint, reference: &Reference, auth: Auth) -> Result<Self, Cause> {
        let is_own = endpoint.authority == reference.api_host();
        Ok(Self {
            client: client(endpoint).map_err(cause_of)?,
            http: http(endpoint)?,
            base: base(endpoint, reference),
            image: image_at(endpoint, reference),
            auth,
            namespace: (!is_own).then(|| reference.registry().to_owned()),
        })
    }

    /// Fetches a manifest or index by tag or digest: its bytes, which have `digest` if one is given, and their digest.
    pub async fn manifest(
        &self,
        tag_or_digest: &str,
        digest: Option<&Digest>,
    ) -> Result<(Bytes, Digest), Cause> {
        let token = self
            .client
            .auth(
                &self.image,
                &self.auth.to_registry_auth(),
                RegistryOperation::Pull,
            )
            .await
            .map_err(cause_of)?;
        let url = format!("{}/manifests/{tag_or_digest}", self.base);
        let mut request = self
            .http
            .get(&url)
            .header(ACCEPT, ACCEPTED_MANIFESTS.join(", "));
        if let Some(namespace) = &self.namespace {
            request = request.query(&[("ns", namespace)]);
        }
        request = match (token, &self.auth) {
            (Some(token), _) => request.bearer_auth(token),
            (None, Auth::Basic { username, password }) => {
                request.basic_auth(username, Some(password))
            }
            (None, _) => request,
        };
        let response = request
            .send()
            .await
            .map_err(|error| unreachable_or(&error))?;
        let status = response.status();
        let body = bounded(response, MAX_DOCUMENT_BYTES, "the manifest").await?;
        if !status.is_success() {
            return Err(refused(status, &url, &body));
        }
        let mut hasher = Hasher::new(digest.map_or(Algorithm::Sha256, Digest::algorithm));
        hasher.update(&body);
        let actual = hasher.finish();
        match digest {
            Some(expected) if *expected != actual => Err(Cause::Corrupt(format!(
                "manifest has digest {actual}, expected {expected}"
            ))),
            _ => Ok((body, actual)),
        }
    }

    /// Makes sure that the blob is in `content`: at most `limit` bytes, of the descriptor's size and digest. A transfer that breaks
    /// is taken up where it ended.
    pub async fn blob(
        &self,
        content: &Content,
        descriptor: &Descriptor,
        limit: u64,
    ) -> Result<(), Cause> {
        let digest = &descriptor.digest;
        if descriptor.size > limit {
            return Err(Cause::TooLarge(format!(
                "blob {digest} has {} bytes, the limit is {limit}",
                descriptor.size
            )));
        }
        if content.size(digest) == Some(descriptor.size) {
            return Ok(());
        }
        self.client
            .store_auth_if_needed(self.image.resolve_registry(), &self.auth.to_registry_auth())
            .await;
        let mut writer = content.writer(digest.algorithm()).await.map_err(disk)?;
        let mut attempt = 1;
        loop {
            match self.transfer(&mut writer, descriptor).await {
                Ok(()) => break,
                Err(Cause::Unreachable(detail)) if attempt < MAX_ATTEMPTS => {
                    tracing::debug!(%digest, attempt, written = writer.written(), detail, "transfer broke, going on");
                    attempt += 1;
                }
                Err(cause) => return Err(cause),
            }
        }
        writer.commit(digest).await.map_err(|error| match error {
            CommitError::Digest { expected, actual } => {
                Cause::Corrupt(format!("blob has digest {actual}, expected {expected}"))
            }
            CommitError::Io(error) => disk(error),
        })
    }

    async fn transfer(
        &self,
        writer: &mut super::content::Writer,
        descriptor: &Descriptor,
    ) -> Result<(), Cause> {
        let name = descriptor.digest.as_str();
        let mut stream = if writer.written() == 0 {
            self.client
                .pull_blob_stream(&self.image, name)
                .await
                .map_err(cause_of)?
        } else {
            let partial = self
                .client
                .pull_blob_stream_partial(&self.image, name, writer.written(), None)
                .await;
            match partial.map_err(cause_of)? {
                BlobResponse::Partial(stream) => stream,
                BlobResponse::Full(stream) => {
                    writer.restart().await.map_err(disk)?;
                    stream
                }
            }
        };
        while let Some(chunk) = stream.next().await {
            // The end of a whole transfer also carries oci-client's own check of the digest; ours says the same at commit.
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(_) if writer.written() == descriptor.size => return Ok(()),
                Err(error) => return Err(Cause::Unreachable(chain(&error))),
            };
            if writer.written() + chunk.len() as u64 > descriptor.size {
                return Err(Cause::Corrupt(format!(
                    "blob {name} is longer than the {} bytes of its descriptor",
                    descriptor.size
                )));
            }
            writer.write(&chunk).await.map_err(disk)?;
        }
        if writer.written() < descriptor.size {
            return Err(Cause::Unreachable(format!(
                "blob {name} ended after {} of {} bytes",
                writer.written(),
                descriptor.size
            )));
        }
        Ok(())
    }

    /// Reads a small blob that is in `content`, fetching it first if need be.
    pub async fn document(
        &self,
        content: &Content,
        descriptor: &Descriptor,
    ) -> Result<Vec<u8>, Cause> {
        self.blob(content, descriptor, MAX_DOCUMENT_BYTES).await?;
        tokio::fs::read(content.path(&descriptor.digest))
            .await
            .map_err(disk)
    }
}

/// The URL of a repository at an endpoint.
pub(super) fn base(endpoint: &Endpoint, reference: &Reference) -> String {
    format!(
        "{}://{}{}/v2/{}{}",
        scheme(endpoint.plain_http),
        endpoint.authority,
        endpoint.prefix,
        endpoint.project,
        reference.repository()
    )
}

/// An HTTP client for an endpoint.
pub(super) fn http(endpoint: &Endpoint) -> Result<reqwest::Client, Cause> {
    let broken = |error: reqwest::Error| {
        let host = &endpoint.authority;
        Cause::Registry(format!("settings of {host}: {}", chain(&error)))
    };
    install_crypto();
    let mut roots = Vec::new();
    for pem in &endpoint.authorities {
        roots.extend(reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(broken)?);
    }
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .tls_danger_accept_invalid_certs(endpoint.skip_verify)
        .tls_certs_merge(roots)
        .build()
        .map_err(broken)
}

/// An `oci-client` client for an endpoint.
pub(super) fn client(endpoint: &Endpoint) -> Result<Client, OciDistributionError> {
    install_crypto();
    Client::try_from(ClientConfig {
        protocol: if endpoint.plain_http {
            ClientProtocol::Http
        } else {
            ClientProtocol::Https
        },
        accept_invalid_certificates: endpoint.skip_verify,
        use_monolithic_push: true,
        extra_root_certificates: endpoint
            .authorities
            .iter()
            .map(|pem| Certificate {
                encoding: CertificateEncoding::Pem,
                data: pem.clone().into_bytes(),
            })
            .collect(),
        read_timeout: Some(READ_TIMEOUT),
        connect_timeout: Some(CONNECT_TIMEOUT),
        user_agent: USER_AGENT,
        ..ClientConfig::default()
    })
}

/// The crates below want a process-wide TLS provider. The binary sets one first; a test or another embedder need not.
fn install_crypto() {
    // An error means that there is one already, which is what we want.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The reference as `oci-client` asks an endpoint for it.
pub(super) fn image_at(endpoint: &Endpoint, reference: &Reference) -> oci_distribution::Reference {
    let mut image = oci_reference(reference, &endpoint.project);
    let at = format!("{}{}", endpoint.authority, endpoint.prefix);
    if at != reference.api_host() {
        image.set_mirror_registry(at);
    }
    image
}

fn oci_reference(reference: &Reference, project: &str) -> oci_distribution::Reference {
    let (registry, repository) = (
        reference.registry().to_owned(),
        format!("{project}{}", reference.repository()),
    );
    match (reference.tag(), reference.digest()) {
        (Some(tag), None) => {
            oci_distribution::Reference::with_tag(registry, repository, tag.to_owned())
        }
        (_, Some(digest)) => {
            oci_distribution::Reference::with_digest(registry, repository, digest.to_string())
        }
        (None, None) => oci_distribution::Reference::with_tag(
            registry,
            repository,
            super::reference::DEFAULT_TAG.to_owned(),
        ),
    }
}

const fn scheme(plain_http: bool) -> &'static str {
    if plain_http { "http" } else { "https" }
}

pub(super) async fn bounded(
    response: reqwest::Response,
    limit: u64,
    what: &str,
) -> Result<Bytes, Cause> {
    let too_large = || Cause::TooLarge(format!("{what} is larger than {limit} bytes"));
    if response
        .content_length()
        .is_some_and(|length| length > limit)
    {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| unreachable_or(&error))?;
        if (body.len() + chunk.len()) as u64 > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn refused(status: StatusCode, url: &str, body: &[u8]) -> Cause {
    let detail = || {
        let text = String::from_utf8_lossy(&body[..body.len().min(MAX_DETAIL_BYTES)]);
        format!(
            "unexpected status from GET request to {url}: {status}: {}",
            text.trim()
        )
    };
    match status {
        StatusCode::NOT_FOUND => Cause::NotFound,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Cause::Unauthorized(detail()),
        _ => Cause::Registry(detail()),
    }
}

/// Sorts `oci-client`'s errors into ours.
pub(super) fn cause_of(error: OciDistributionError) -> Cause {
    match &error {
        OciDistributionError::RequestError(inner) => unreachable_or(inner),
        OciDistributionError::ServerError { code: 404, .. }
        | OciDistributionError::ImageManifestNotFoundError(_) => Cause::NotFound,
        OciDistributionError::RegistryError { envelope, .. } => {
            use oci_distribution::errors::OciErrorCode as Code;
            match envelope.errors.first().map(|e| &e.code) {
                Some(
                    Code::ManifestUnknown | Code::NameUnknown | Code::NotFound | Code::BlobUnknown,
                ) => Cause::NotFound,
                Some(Code::Unauthorized | Code::Denied) => Cause::Unauthorized(error.to_string()),
                _ => Cause::Registry(error.to_string()),
            }
        }
        OciDistributionError::AuthenticationFailure(_)
        | OciDistributionError::UnauthorizedError { .. }
        | OciDistributionError::RegistryTokenDecodeError(_)
        | OciDistributionError::ServerError {
            code: 401 | 403, ..
        } => Cause::Unauthorized(error.to_string()),
        OciDistributionError::IoError(inner) => Cause::Unreachable(chain(inner)),
        _ => Cause::Registry(chain(&error)),
    }
}

fn unreachable_or(error: &reqwest::Error) -> Cause {
    Cause::Unreachable(chain(error))
}

fn disk(error: std::io::Error) -> Cause {
    Cause::Disk(error.to_string())
}

/// An error with its causes, outermost first, without saying the same twice.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        source = inner.source();
    }
    text
}
