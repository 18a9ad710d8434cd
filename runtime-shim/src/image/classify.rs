//! Decides, from a manifest and its config alone, where the WebAssembly is, or says why there is none.
//!
//! Pure. The forms: a CNCF Wasm OCI artifact, a `wasm-to-oci` artifact, an OCI or Docker image of a Wasm platform, and indexes of
//! these.

use super::error::Cause;
use super::manifest::{
    DOCKER_CONFIG, DOCKER_LAYER, DOCKER_LAYER_GZIP, Descriptor, ImageConfig, Index, Manifest,
    OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP, OLD_WASM_CONFIG, OLD_WASM_LAYER, Platform,
    RUNWASI_LAYER, RunConfig, SPIN_LAYER, WASM_CONFIG, WASM_LAYER, quoted,
};
use super::variant::Variant;

const EXPECTED: &str = "expected a Wasm OCI artifact (config \"application/vnd.wasm.config.v0+json\", one layer \
     \"application/wasm\"), an image of runwasi (layer \"application/vnd.bytecodealliance.wasm.component.layer.v0+wasm\"), a \
     wasm-to-oci artifact (layer \"application/vnd.wasm.content.layer.v1+wasm\"), or an OCI image of \
     platform wasi/wasm, wasip1/wasm, wasip2/wasm or linux/wasm";

/// Where the module is.
#[derive(Clone, Debug)]
pub enum Plan {
    /// The layer's bytes are the module.
    Layer {
        /// The layer.
        layer: Descriptor,
        /// How the image wants to be run; nothing where the config is no image's.
        run: RunConfig,
    },
    /// The module is a file in a filesystem of these layers, lowest first.
    Filesystem {
        /// Layers, and whether each is compressed.
        layers: Vec<(Descriptor, bool)>,
        /// How the image wants to be run.
        run: RunConfig,
        /// Without a module in the layers it is a container's image, and no error.
        may_be_container: bool,
    },
}

/// Why there is no module; the words are for users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It is a container image of another platform.
    Container(String),
    /// It is nothing that is run.
    Nothing(String),
}

impl From<String> for Unfit {
    fn from(words: String) -> Self {
        Unfit::Nothing(words)
    }
}

impl From<Unfit> for Cause {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Container(words) => Cause::Container(words),
            Unfit::Nothing(words) => Cause::NotWasm(words),
        }
    }
}

/// Reads a manifest with the bytes of its config; the manifest's own [`Variant`] goes before `variant`.
pub fn plan(manifest: &Manifest, config: &[u8], variant: Variant) -> Result<Plan, Unfit> {
    if manifest.layers.iter().any(|l| l.media_type == SPIN_LAYER) {
        return Err(Unfit::Nothing(format!(
            "it is a Spin application, and only single modules and components are run: {}",
            seen(manifest)
        )));
    }
    let wasm: Vec<&Descriptor> = manifest
        .layers
        .iter()
        .filter(|layer| {
            let kind = layer.media_type.as_str();
            matches!(kind, WASM_LAYER | OLD_WASM_LAYER | RUNWASI_LAYER)
        })
        .collect();
    match (wasm.as_slice(), manifest.config.media_type.as_str()) {
        ([layer], OCI_CONFIG | DOCKER_CONFIG) => Ok(Plan::Layer {
            layer: (*layer).clone(),
            run: image_config(config)?.config.unwrap_or_default(),
        }),
        ([layer], _) => Ok(Plan::Layer {
            layer: (*layer).clone(),
            run: RunConfig::default(),
        }),
        ([], OCI_CONFIG | DOCKER_CONFIG) => {
            let variant = Variant::of(&manifest.annotations).or(variant);
            filesystem(manifest, config, variant)
        }
        ([], _) => Err(refusal(manifest).into()),
        (several, _) => Err(Unfit::Nothing(format!(
            "it holds {} Wasm layers, expected one: {}",
            several.len(),
            seen(manifest)
        ))),
    }
}

fn image_config(config: &[u8]) -> Result<ImageConfig, String> {
    serde_json::from_slice(config).map_err(|e| format!("image config is not valid: {e}"))
}

fn filesystem(manifest: &Manifest, config: &[u8], variant: Variant) -> Result<Plan, Unfit> {
    let config = image_config(config)?;
    let platform = Platform {
        os: config.os,
        architecture: config.architecture,
    };
    let of_wasm = is_wasm(&platform);
    if !of_wasm && variant == Variant::None {
        return Err(Unfit::Container(format!(
            "it is a container image for platform {platform}, not WebAssembly: {}; {EXPECTED}",
            seen(manifest)
        )));
    }
    let mut layers = Vec::with_capacity(manifest.layers.len());
    for layer in &manifest.layers {
        match layer.media_type.as_str() {
            OCI_LAYER | DOCKER_LAYER => layers.push((layer.clone(), false)),
            OCI_LAYER_GZIP | DOCKER_LAYER_GZIP => layers.push((layer.clone(), true)),
            other => {
                return Err(Unfit::Nothing(format!(
                    "layer {} has media type {other:?}, expected one of {}",
                    layer.digest,
                    quoted(&[OCI_LAYER, OCI_LAYER_GZIP, DOCKER_LAYER, DOCKER_LAYER_GZIP])
                )));
            }
        }
    }
    if layers.is_empty() {
        let seen = seen(manifest);
        return Err(format!("it has no layers: {seen}; {EXPECTED}").into());
    }
    Ok(Plan::Filesystem {
        layers,
        run: config.config.unwrap_or_default(),
        may_be_container: !of_wasm && variant == Variant::Smart,
    })
}

fn refusal(manifest: &Manifest) -> String {
    format!("it holds no WebAssembly: {}; {EXPECTED}", seen(manifest))
}

fn seen(manifest: &Manifest) -> String {
    let mut layers: Vec<&str> = manifest
        .layers
        .iter()
        .map(|l| l.media_type.as_str())
        .collect();
    layers.dedup();
    let layers = if layers.is_empty() {
        "no layers".to_owned()
    } else {
        format!("layers {}", quoted(&layers))
    };
    match &manifest.artifact_type {
        Some(kind) => format!(
            "saw artifactType {kind:?}, config {:?}, {layers}",
            manifest.config.media_type
        ),
        None => format!("saw config {:?}, {layers}", manifest.config.media_type),
    }
}

/// Whether the config's digest names the content alone: true for configs that describe it, false for placeholders such as `{}`,
/// which many artifacts share.
pub fn config_identifies(manifest: &Manifest) -> bool {
    matches!(
        manifest.config.media_type.as_str(),
        WASM_CONFIG | OCI_CONFIG | DOCKER_CONFIG
    )
}

/// Picks the entry of an index that we run: the newest WASI first, then whatever else is Wasm, and at last this machine's own platform
/// where a [`Variant`] says that it is.
pub fn choose(index: &Index, variant: Variant) -> Result<&Descriptor, Unfit> {
    index
        .manifests
        .iter()
        .enumerate()
        .filter_map(|(position, entry)| Some((rank(entry, variant)?, position, entry)))
        .min_by_key(|(rank, position, _)| (*rank, *position))
        .map(|(_, _, entry)| entry)
        .ok_or_else(|| {
            let platforms: Vec<String> = index
                .manifests
                .iter()
                .map(|entry| match &entry.platform {
                    Some(platform) => platform.to_string(),
                    None => "none".to_owned(),
                })
                .collect();
            let words = format!(
                "no match for a WebAssembly platform in the index: saw platforms {}; expected wasi/wasm, wasip1/wasm, \
                 wasip2/wasm or linux/wasm",
                quoted(&platforms)
            );
            let mut platforms = index.manifests.iter().flat_map(|entry| &entry.platform);
            if platforms.any(|platform| platform.os == "linux") {
                Unfit::Container(words)
            } else {
                Unfit::Nothing(words)
            }
        })
}

fn rank(entry: &Descriptor, variant: Variant) -> Option<u8> {
    let is_compatible = Variant::of(&entry.annotations).or(variant) != Variant::None;
    let artifact = matches!(
        entry.artifact_type.as_deref(),
        Some(WASM_CONFIG | WASM_LAYER | OLD_WASM_CONFIG)
    );
    match &entry.platform {
        Some(platform) if is_wasm(platform) => Some(match platform.os.as_str() {
            "wasip2" => 0,
            "wasip1" | "wasi" => 1,
            _ => 2,
        }),
        _ if artifact => Some(2),
        Some(platform) if is_compatible && is_this_machines(platform) => Some(3),
        _ => None,
    }
}

fn is_wasm(platform: &Platform) -> bool {
    matches!(platform.architecture.as_str(), "wasm" | "wasm32")
        && matches!(platform.os.as_str(), "wasi" | "wasip1" | "wasip2" | "linux")
}

/// Whether containers of a platform run here, too.
fn is_this_machines(platform: &Platform) -> bool {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    platform.os == "linux" && platform.architecture == architecture
}

#[cfg(test)]
mod tests {
    use super::super::digest::Digest;
    use super::*;

    /// The words of what has no module, which is nothing that is run.
    fn nothing<T>(read: Result<T, Unfit>) -> String {
        match read {
            Err(Unfit::Nothing(words)) => words,
            Err(Unfit::Container(words)) => panic!("taken for a container image: {words}"),
            Ok(_) => panic!("it has a module"),
        }
    }

    /// The words of what has no module, which is a container image.
    fn container<T>(read: Result<T, Unfit>) -> String {
        match read {
            Err(Unfit::Container(words)) => words,
            Err(Unfit::Nothing(words)) => panic!("not taken for a container image: {words}"),
            Ok(_) => panic!("it has a module"),
        }
    }

    fn descriptor(media_type: &str) -> Descriptor {
        Descriptor {
            media_type: media_type.into(),
            digest: Digest::of(media_type.as_bytes()),
            size: 1,
            platform: None,
            artifact_type: None,
            annotations: Default::default(),
        }
    }

    fn manifest(config: &str, layers: &[&str]) -> Manifest {
        Manifest {
            schema_version: 2,
            media_type: None,
            artifact_type: None,
            config: descriptor(config),
            layers: layers.iter().map(|l| descriptor(l)).collect(),
            annotations: Default::default(),
        }
    }

    #[test]
    fn finds_wasm_layers_under_any_config() {
        for config in [
            WASM_CONFIG,
            OLD_WASM_CONFIG,
            "application/vnd.oci.empty.v1+json",
        ] {
            for layer in [WASM_LAYER, OLD_WASM_LAYER] {
                assert!(matches!(
                    plan(&manifest(config, &[layer]), b"{}", Variant::None),
                    Ok(Plan::Layer { .. })
                ));
            }
        }
    }

    #[test]
    fn an_image_of_one_module_is_run_as_its_config_says() {
        let config = br#"{"os":"wasip1","architecture":"wasm","config":{"Entrypoint":["a.wasm","-x"],"Env":["A=b"]}}"#;
        for layer in [WASM_LAYER, RUNWASI_LAYER] {
            let Ok(Plan::Layer { run, .. }) =
                plan(&manifest(OCI_CONFIG, &[layer]), config, Variant::None)
            else {
                panic!("one layer of Wasm has a plan");
            };
            let expected = vec!["a.wasm".to_owned(), "-x".to_owned()];
            assert_eq!(run.entrypoint, Some(expected));
            assert_eq!(run.env, Some(vec!["A=b".to_owned()]));
        }
        assert!(plan(&manifest(OCI_CONFIG, &[RUNWASI_LAYER]), b"[", Variant::None).is_err());
    }

    #[test]
    fn a_spin_application_is_not_taken_for_its_only_component() {
        let application = manifest(OCI_CONFIG, &[OLD_WASM_LAYER, SPIN_LAYER]);
        let refused = nothing(plan(&application, b"{}", Variant::None));
        assert!(refused.starts_with("it is a Spin application"), "{refused}");
    }

    #[test]
    fn images_need_a_wasm_platform() {
        let image = manifest(OCI_CONFIG, &[OCI_LAYER, OCI_LAYER_GZIP]);
        let config = br#"{"os":"wasi","architecture":"wasm","config":{"Entrypoint":["/a.wasm"],"Cmd":null}}"#;
        let Ok(Plan::Filesystem { layers, run, .. }) = plan(&image, config, Variant::None) else {
            panic!("a wasi/wasm image has a plan");
        };
        assert_eq!(
            layers.iter().map(|(_, gzip)| *gzip).collect::<Vec<_>>(),
            [false, true]
        );
        assert_eq!(run.entrypoint, Some(vec!["/a.wasm".to_owned()]));
        let refused = container(plan(
            &image,
            br#"{"os":"linux","architecture":"amd64"}"#,
            Variant::None,
        ));
        assert!(refused.starts_with(
            "it is a container image for platform linux/amd64, not WebAssembly: saw config"
        ));
        assert!(refused.contains("application/vnd.wasm.config.v0+json"));
    }

    #[test]
    fn refusals_name_what_was_seen() {
        let helm = manifest("application/vnd.cncf.helm.config.v1+json", &["a/b", "c/d"]);
        let refused = nothing(plan(&helm, b"{}", Variant::None));
        assert!(refused.starts_with(
            "it holds no WebAssembly: saw config \"application/vnd.cncf.helm.config.v1+json\", layers \"a/b\", \"c/d\"; expected"
        ));
        let two = nothing(plan(
            &manifest(WASM_CONFIG, &[WASM_LAYER, WASM_LAYER]),
            b"{}",
            Variant::None,
        ));
        assert!(two.starts_with("it holds 2 Wasm layers, expected one"));
    }

    #[test]
    fn indexes_prefer_the_newest_wasi() {
        let entry = |os: &str, architecture: &str| Descriptor {
            platform: Some(Platform {
                os: os.into(),
                architecture: architecture.into(),
            }),
            ..descriptor(&format!("{os}/{architecture}"))
        };
        let index = |entries: &[(&str, &str)]| Index {
            manifests: entries.iter().map(|(os, arch)| entry(os, arch)).collect(),
        };
        let pick = |entries: &[(&str, &str)]| {
            choose(&index(entries), Variant::None).map(|d| d.media_type.clone())
        };
        assert_eq!(
            pick(&[
                ("linux", "amd64"),
                ("linux", "wasm"),
                ("wasip1", "wasm"),
                ("wasip2", "wasm")
            ]),
            Ok("wasip2/wasm".into())
        );
        assert_eq!(
            pick(&[("linux", "amd64"), ("wasi", "wasm")]),
            Ok("wasi/wasm".into())
        );
        let words = container(pick(&[("linux", "amd64"), ("windows", "amd64")]));
        assert!(words.contains("saw platforms \"linux/amd64\", \"windows/amd64\""));
        nothing(pick(&[("windows", "amd64")]));
    }
}
