//! What the registry reads of a pushed manifest: what it needs to be there, and what it refers to. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::image::Digest;

/// The most blobs and manifests that one manifest may name.
pub const MAX_REFERENCES: usize = 10_000;

const INDEX_TYPES: [&str; 2] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// A stored manifest's own description; also its entry among the referrers of its subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Description {
    /// What GET answers as its type.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// What artifact it is, by the specification's rule: its `artifactType`, else its config's media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Its annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// A pushed manifest, read.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// How it describes itself.
    pub description: Description,
    /// Blobs that the repository must have.
    pub blobs: Vec<Digest>,
    /// The manifest to which it refers.
    pub subject: Option<Digest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<Descriptor>>,
    subject: Option<Descriptor>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: Digest,
    #[serde(default)]
    urls: Vec<String>,
}

/// Reads a manifest that came with this `Content-Type`. The text of an error is for the one who pushed it.
pub fn read(bytes: &[u8], content_type: Option<&str>, digest: Digest) -> Result<Pushed, String> {
    let body: Body =
        serde_json::from_slice(bytes).map_err(|error| format!("manifest is not valid: {error}"))?;
    let sent = content_type.map(|text| text.split(';').next().unwrap_or(text).trim());
    let media_type = match (&body.media_type, sent) {
        (Some(inner), Some(outer)) if inner != outer => {
            return Err(format!(
                "manifest says mediaType {inner:?}, the request says Content-Type {outer:?}"
            ));
        }
        (Some(inner), _) => inner.clone(),
        (None, Some(outer)) => outer.to_owned(),
        (None, None) => {
            return Err("manifest has no mediaType and the request no Content-Type".to_owned());
        }
    };
    let references =
        body.layers.as_ref().map_or(0, Vec::len) + body.manifests.as_ref().map_or(0, Vec::len);
    if references > MAX_REFERENCES {
        return Err(format!(
            "manifest names {references} layers and manifests, the limit is {MAX_REFERENCES}"
        ));
    }
    let artifact_type = body
        .artifact_type
        .filter(|kind| !kind.is_empty())
        .or_else(|| body.config.as_ref().map(|config| config.media_type.clone()));
    let mut blobs = Vec::new();
    // An index may name manifests that are elsewhere ("sparse"), and a layer with URLs need not be here.
    if !INDEX_TYPES.contains(&media_type.as_str()) {
        let layers = body.layers.into_iter().flatten();
        blobs.extend(
            body.config
                .into_iter()
                .chain(layers)
                .filter(|descriptor| descriptor.urls.is_empty())
                .map(|descriptor| descriptor.digest),
        );
    }
    Ok(Pushed {
        description: Description {
            media_type,
            digest,
            size: bytes.len() as u64,
            artifact_type,
            annotations: body.annotations,
        },
        blobs,
        subject: body.subject.map(|subject| subject.digest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, content_type: Option<&str>) -> Result<Pushed, String> {
        read(text.as_bytes(), content_type, Digest::of(text.as_bytes()))
    }

    fn descriptor(media_type: &str) -> String {
        format!(
            r#"{{"mediaType":"{media_type}","digest":"{}","size":1}}"#,
            Digest::of(media_type.as_bytes())
        )
    }

    #[test]
    fn reads_references_and_artifact_type() -> Result<(), String> {
        let text = format!(
            r#"{{"schemaVersion":2,"config":{},"layers":[{}],"subject":{},"annotations":{{"a":"b"}}}}"#,
            descriptor("c/c"),
            descriptor("l/l"),
            descriptor("s/s")
        );
        let pushed = parse(&text, Some("m/m; charset=utf-8"))?;
        assert_eq!(pushed.description.media_type, "m/m");
        assert_eq!(pushed.description.artifact_type.as_deref(), Some("c/c"));
        assert_eq!(pushed.blobs, [Digest::of(b"c/c"), Digest::of(b"l/l")]);
        assert_eq!(pushed.subject, Some(Digest::of(b"s/s")));
        let index = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{}],"artifactType":"x/y"}}"#,
            INDEX_TYPES[0],
            descriptor("m/m")
        );
        let pushed = parse(&index, None)?;
        assert!(pushed.blobs.is_empty());
        assert_eq!(pushed.description.artifact_type.as_deref(), Some("x/y"));
        Ok(())
    }

    #[test]
    fn refuses_with_a_reason() {
        let error = |text: &str, kind| parse(text, kind).err().unwrap_or_default();
        assert!(error("{", None).starts_with("manifest is not valid"));
        assert!(error("{}", None).contains("no mediaType"));
        assert!(error(r#"{"mediaType":"a/b"}"#, Some("c/d")).contains("the request says"));
        assert!(
            error(
                r#"{"mediaType":"a/b","config":{"mediaType":"x","digest":"md5:1"}}"#,
                None
            )
            .contains("digest")
        );
    }
}
