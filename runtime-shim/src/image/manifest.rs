//! The JSON documents of the OCI image and distribution specifications, as far as a pull reads them, and their media types.
//!
//! Our own types and not `oci-client`'s: theirs have closed enums for platforms and refuse what a Wasm artifact may leave out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::digest::Digest;

/// `application/vnd.oci.image.manifest.v1+json`
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// `application/vnd.oci.image.index.v1+json`
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Docker's manifest, schema 2.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker's index.
pub const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Config of an OCI image.
pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// Config of a Docker image.
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// Config of a CNCF Wasm OCI artifact.
pub const WASM_CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// Layer of a CNCF Wasm OCI artifact.
pub const WASM_LAYER: &str = "application/wasm";
/// Config as `wasm-to-oci` wrote it.
pub const OLD_WASM_CONFIG: &str = "application/vnd.wasm.config.v1+json";
/// Layer as `wasm-to-oci` wrote it.
pub const OLD_WASM_LAYER: &str = "application/vnd.wasm.content.layer.v1+wasm";
/// Layer as runwasi's tools write it, under an image's config.
pub const RUNWASI_LAYER: &str = "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm";
/// Layer that says what a Spin application is made of.
pub const SPIN_LAYER: &str = "application/vnd.fermyon.spin.application.v1+config";
/// A filesystem layer.
pub const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// A filesystem layer, compressed with gzip.
pub const OCI_LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// Docker's filesystem layer.
pub const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";
/// Docker's filesystem layer, compressed with gzip.
pub const DOCKER_LAYER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// What a manifest request accepts.
pub const ACCEPTED_MANIFESTS: [&str; 4] = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_INDEX];

/// Points at content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What the content is.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// For what it runs, in an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The artifact behind a manifest, in an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// Operating system and architecture, as open words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// `linux`, `wasi`, `wasip1`, `wasip2`, …
    #[serde(default)]
    pub os: String,
    /// `amd64`, `wasm`, …
    #[serde(default)]
    pub architecture: String,
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)
    }
}

/// An image manifest.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: u8,
    /// The manifest's own type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What kind of artifact, if it is not an image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The config.
    pub config: Descriptor,
    /// The layers, lowest first.
    #[serde(default)]
    pub layers: Vec<Descriptor>,
    /// Free text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// Several manifests under one name.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// The manifests.
    #[serde(default)]
    pub manifests: Vec<Descriptor>,
}

/// A manifest or an index, told apart by what it holds (`mediaType` is optional in both).
#[derive(Clone, Debug)]
pub enum Document {
    /// An image manifest.
    Manifest(Box<Manifest>),
    /// An index.
    Index(Index),
}

impl Document {
    /// Parses the bytes of a manifest or an index.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Probe {
            schema_version: u64,
            media_type: Option<String>,
            manifests: Option<serde::de::IgnoredAny>,
        }
        let probe: Probe =
            serde_json::from_slice(bytes).map_err(|e| format!("manifest is not valid: {e}"))?;
        if probe.schema_version != 2 {
            return Err(format!(
                "manifest has schemaVersion {}, expected 2",
                probe.schema_version
            ));
        }
        let media_type = probe.media_type.as_deref();
        let index = match media_type {
            Some(OCI_INDEX | DOCKER_INDEX) => true,
            Some(OCI_MANIFEST | DOCKER_MANIFEST) => false,
            Some(other) => {
                return Err(format!(
                    "manifest has media type {other:?}, expected one of {}",
                    quoted(&ACCEPTED_MANIFESTS)
                ));
            }
            None => probe.manifests.is_some(),
        };
        let parsed = if index {
            serde_json::from_slice(bytes).map(Self::Index)
        } else {
            serde_json::from_slice(bytes).map(|manifest| Self::Manifest(Box::new(manifest)))
        };
        parsed.map_err(|e| format!("manifest is not valid: {e}"))
    }
}

/// The config of an OCI or Docker image, as far as it matters for a Wasm module.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ImageConfig {
    /// `linux`, `wasi`, …
    #[serde(default)]
    pub os: String,
    /// `wasm`, `amd64`, …
    #[serde(default)]
    pub architecture: String,
    /// How to run it.
    #[serde(default)]
    pub config: Option<RunConfig>,
}

/// `config` within [`ImageConfig`]. Docker writes `null` for what is empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RunConfig {
    /// The program and its first arguments.
    #[serde(default)]
    pub entrypoint: Option<Vec<String>>,
    /// More arguments, replaced by a container's `args`.
    #[serde(default)]
    pub cmd: Option<Vec<String>>,
    /// `NAME=value`.
    #[serde(default)]
    pub env: Option<Vec<String>>,
    /// The working directory.
    #[serde(default)]
    pub working_dir: Option<String>,
}

/// `"a", "b"`, for messages.
pub fn quoted<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|item| format!("{:?}", item.as_ref()))
        .collect();
    items.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Document, String> {
        Document::parse(text.as_bytes())
    }

    #[test]
    fn tells_manifest_from_index_without_media_type() {
        let digest = Digest::of(b"");
        let manifest = format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"x","digest":"{digest}","size":0}},"layers":[]}}"#
        );
        assert!(matches!(parse(&manifest), Ok(Document::Manifest(_))));
        assert!(matches!(
            parse(r#"{"schemaVersion":2,"manifests":[]}"#),
            Ok(Document::Index(_))
        ));
    }

    #[test]
    fn names_what_is_wrong() {
        let error = |text| parse(text).err().unwrap_or_default();
        assert_eq!(
            error(r#"{"schemaVersion":1}"#),
            "manifest has schemaVersion 1, expected 2"
        );
        assert!(
            error(r#"{"schemaVersion":2,"mediaType":"text/x"}"#)
                .starts_with("manifest has media type \"text/x\", expected one of")
        );
        assert!(
            error(
                r#"{"schemaVersion":2,"config":{"mediaType":"x","digest":"sha256:no","size":1}}"#
            )
            .contains("digest")
        );
        assert!(error("[]").starts_with("manifest is not valid"));
    }
}
