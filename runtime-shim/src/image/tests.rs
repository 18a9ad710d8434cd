//! The store and the push against registries on loopback: our own, and small broken ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::response::IntoResponse;
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::Notify;

use super::manifest::{
    OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, OLD_WASM_CONFIG, OLD_WASM_LAYER,
};
use super::*;
use crate::registry::{self, Registry};

type Outcome = Result<(), Box<dyn std::error::Error>>;
type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

const MODULE: &[u8] = b"\0asm\x01\0\0\0";

struct Bench {
    registry: Registry,
    store: ImageStore,
    folder: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Fallible<Self> {
        let folder = tempfile::tempdir()?;
        let registry = registry::start(registry::Config {
            listen: ([127, 0, 0, 1], 0).into(),
            root: folder.path().join("registry"),
        })
        .await?;
        let store = open(&folder).await?;
        Ok(Self {
            registry,
            store,
            folder,
        })
    }

    fn reference(&self, rest: &str) -> Fallible<Reference> {
        Ok(format!("{}/{rest}", self.registry.local_addr()).parse()?)
    }

    fn file(&self, bytes: &[u8]) -> Fallible<std::path::PathBuf> {
        let path = self
            .folder
            .path()
            .join(format!("{}.wasm", Digest::of(bytes).hex()));
        std::fs::write(&path, bytes)?;
        Ok(path)
    }

    async fn push(&self, bytes: &[u8], rest: &str) -> Fallible<Pushed> {
        let reference = self.reference(rest)?;
        Ok(push(
            &self.file(bytes)?,
            &reference,
            PushOptions::default(),
            |_| {},
        )
        .await?)
    }

    async fn pull(&self, rest: &str) -> Fallible<Arc<Image>> {
        Ok(self
            .store
            .pull(&self.reference(rest)?, Auth::Anonymous, Variant::None)
            .await?)
    }

    async fn refusal(&self, rest: &str) -> Fallible<Cause> {
        match self
            .store
            .pull(&self.reference(rest)?, Auth::Anonymous, Variant::None)
            .await
        {
            Ok(image) => Err(format!("{rest} was pulled: {image:?}").into()),
            Err(error) => Ok(error.cause),
        }
    }

    /// Pushes blobs and a manifest as they are, and returns the manifest's digest.
    async fn raw(
        &self,
        name: &str,
        blobs: &[&[u8]],
        kind: &str,
        manifest: &serde_json::Value,
    ) -> Fallible<Digest> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let base = format!("http://{}/v2", self.registry.local_addr());
        let (repository, tag) = name.split_once(':').ok_or("no tag")?;
        for blob in blobs {
            let url = format!(
                "{base}/{repository}/blobs/uploads/?digest={}",
                Digest::of(blob)
            );
            http.post(url)
                .body(blob.to_vec())
                .send()
                .await?
                .error_for_status()?;
        }
        let body = manifest.to_string();
        let digest = Digest::of(body.as_bytes());
        let put = http
            .put(format!("{base}/{repository}/manifests/{tag}"))
            .header("content-type", kind)
            .body(body);
        put.send().await?.error_for_status()?;
        Ok(digest)
    }
}

async fn open(folder: &tempfile::TempDir) -> Fallible<ImageStore> {
    let config = Config {
        root: folder.path().join("images"),
        registries: Registries::default(),
        limits: Limits {
            module_bytes: 1 << 20,
            unpacked_layer_bytes: 1 << 20,
        },
    };
    Ok(ImageStore::open(config).await?)
}

fn descriptor(kind: &str, bytes: &[u8]) -> serde_json::Value {
    json!({ "mediaType": kind, "digest": Digest::of(bytes), "size": bytes.len() })
}

fn module(tail: &str) -> Vec<u8> {
    [MODULE, tail.as_bytes()].concat()
}

#[tokio::test]
async fn what_is_pushed_can_be_pulled() -> Outcome {
    let bench = Bench::new().await?;
    let reports = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&reports);
    let bytes = module(&"x".repeat(600_000));
    let reference = bench.reference("team/app:v1")?;
    let options = PushOptions {
        created: Some("2026-01-02T03:04:05Z".parse()?),
        annotations: [(
            "org.opencontainers.image.title".to_owned(),
            "app".to_owned(),
        )]
        .into(),
        ..PushOptions::default()
    };
    let pushed = push(
        &bench.file(&bytes)?,
        &reference,
        options.clone(),
        move |report| {
            seen.lock().push(report);
        },
    )
    .await?;
    assert_eq!(
        (pushed.kind, pushed.size),
        (Kind::Module, bytes.len() as u64)
    );
    let layer = Digest::of(&bytes);
    let layer_reports: Vec<u64> = reports
        .lock()
        .iter()
        .filter_map(|report| match report {
            Progress::Sent { digest, sent, .. } if *digest == layer => Some(*sent),
            _ => None,
        })
        .collect();
    assert_eq!(layer_reports, [262_144, 524_288, 600_008]);

    let image = bench.pull("team/app:v1").await?;
    assert_eq!(image.manifest, pushed.digest);
    assert_eq!(image.repo_tags, [reference.to_string()]);
    assert_eq!(
        image.repo_digests,
        [format!("{}@{}", reference.name(), pushed.digest)]
    );
    assert_eq!(
        image
            .annotations
            .get("org.opencontainers.image.title")
            .map(String::as_str),
        Some("app")
    );
    assert_eq!(image.id, image.config.to_string());
    assert_eq!(std::fs::read(&image.artifact.path)?, bytes);
    let config: serde_json::Value = serde_json::from_slice(&std::fs::read(
        bench
            .folder
            .path()
            .join(format!("images/blobs/sha256/{}", image.config.hex())),
    )?)?;
    assert_eq!(
        config,
        json!({ "created": "2026-01-02T03:04:05Z", "architecture": "wasm", "os": "wasip1", "layerDigests": [layer] })
    );

    let again = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&again);
    push(&bench.file(&bytes)?, &reference, options, move |report| {
        seen.lock().push(report)
    })
    .await?;
    assert!(matches!(
        again.lock().first(),
        Some(Progress::Exists { .. })
    ));
    Ok(())
}

#[tokio::test]
async fn push_refuses_what_is_no_wasm_and_says_who_did_not_answer() -> Outcome {
    let bench = Bench::new().await?;
    let error = bench
        .push(b"#!/bin/sh", "a:v1")
        .await
        .err()
        .map(|e| e.to_string())
        .unwrap_or_default();
    assert!(
        error.contains("not WebAssembly: it begins with \"#!/bin/s\""),
        "{error}"
    );
    let closed = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let reference = format!("{closed}/a:v1").parse()?;
    let error = push(
        &bench.file(MODULE)?,
        &reference,
        PushOptions::default(),
        |_| {},
    )
    .await;
    let error = error.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(
        error.starts_with(&format!(
            "failed to push {closed}/a:v1: failed to do request"
        )),
        "{error}"
    );
    assert!(error.contains("refused"), "{error}");
    Ok(())
}

#[tokio::test]
async fn errors_are_worded_for_describe() -> Outcome {
    let bench = Bench::new().await?;
    let reference = bench.reference("no/such:v1")?;
    let error = bench
        .store
        .pull(&reference, Auth::Anonymous, Variant::None)
        .await
        .err()
        .ok_or("pulled")?;
    assert_eq!(
        error.to_string(),
        format!(
            "failed to pull and unpack image \"{reference}\": failed to resolve reference \"{reference}\": {reference}: not found"
        )
    );
    let closed = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let reference: Reference = format!("{closed}/a:v1").parse()?;
    let error = bench
        .store
        .pull(&reference, Auth::Anonymous, Variant::None)
        .await
        .err()
        .ok_or("pulled")?;
    assert!(matches!(error.cause, Cause::Unreachable(_)), "{error:?}");
    assert!(error.to_string().contains("refused"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_store_reads_back_and_lets_go() -> Outcome {
    let bench = Bench::new().await?;
    bench.push(&module("a"), "a:v1").await?;
    bench.push(&module("b"), "b:v1").await?;
    let a = bench.pull("a:v1").await?;
    let b = bench.pull("b:v1").await?;
    assert_eq!(bench.store.fs_usage().inodes, 6);
    drop(bench.store.clone());

    let again = open(&bench.folder).await?;
    assert_eq!(
        again.list(),
        [Arc::clone(&a), Arc::clone(&b)]
            .into_iter()
            .collect::<Vec<_>>()
            .sorted()
    );
    assert_eq!(
        again.get(&bench.reference("a:v1")?.to_string()),
        Some(Arc::clone(&a))
    );
    assert!(again.remove(&a.id).await?);
    assert!(!again.remove(&a.id).await?);
    assert!(!a.artifact.path.exists());
    assert!(b.artifact.path.exists());

    std::fs::remove_file(&b.artifact.path)?;
    let third = open(&bench.folder).await?;
    assert!(third.list().is_empty());
    assert_eq!(third.fs_usage(), FsUsage::default());
    assert_eq!(
        std::fs::read_dir(bench.folder.path().join("images/blobs/sha256"))?.count(),
        0
    );
    Ok(())
}

trait Sorted {
    fn sorted(self) -> Self;
}

impl Sorted for Vec<Arc<Image>> {
    fn sorted(mut self) -> Self {
        self.sort_by(|a, b| a.id.cmp(&b.id));
        self
    }
}

#[tokio::test]
async fn a_moved_tag_moves_here_at_the_next_pull() -> Outcome {
    let bench = Bench::new().await?;
    bench.push(&module("one"), "a:v1").await?;
    let one = bench.pull("a:v1").await?;
    bench.push(&module("two"), "a:v1").await?;
    let two = bench.pull("a:v1").await?;
    assert_ne!(one.id, two.id);
    let one = bench.store.get(&one.id).ok_or("the old image stays")?;
    assert!(one.repo_tags.is_empty());
    let by_digest = bench.pull(&format!("a@{}", one.manifest)).await?;
    assert_eq!(by_digest.id, one.id);
    Ok(())
}

#[tokio::test]
async fn older_artifacts_and_images_with_layers() -> Outcome {
    let bench = Bench::new().await?;
    let old = module("old");
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": descriptor(OLD_WASM_CONFIG, b"{}"), "layers": [descriptor(OLD_WASM_LAYER, &old)],
    });
    let digest = bench
        .raw("old:v1", &[b"{}", &old], OCI_MANIFEST, &manifest)
        .await?;
    let image = bench.pull("old:v1").await?;
    assert_eq!(
        image.id,
        digest.to_string(),
        "a shared config is no identity"
    );

    let inner = module("in a layer");
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(inner.len() as u64);
    tar.append_data(&mut header, "app.wasm", inner.as_slice())?;
    let layer = tar.into_inner()?;
    let config = br#"{"os":"wasip1","architecture":"wasm","config":{"Entrypoint":["/app.wasm"],"Cmd":["-v"],"Env":["A=b"],"WorkingDir":"/w"}}"#;
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": descriptor(OCI_CONFIG, config), "layers": [descriptor(OCI_LAYER, &layer)],
    });
    let digest = bench
        .raw("layered:v1", &[config, &layer], OCI_MANIFEST, &manifest)
        .await?;
    let image = bench.pull("layered:v1").await?;
    assert_eq!(std::fs::read(&image.artifact.path)?, inner);
    assert_eq!(
        (image.entrypoint.as_slice(), image.cmd.as_slice()),
        (&["/app.wasm".to_owned()][..], &["-v".to_owned()][..])
    );
    assert_eq!(
        (image.env.as_slice(), image.workdir.as_str()),
        (&["A=b".to_owned()][..], "/w")
    );
    assert_eq!(
        bench.store.fs_usage().inodes,
        6,
        "the layer itself is not kept"
    );

    let index = json!({
        "schemaVersion": 2, "mediaType": OCI_INDEX,
        "manifests": [
            { "mediaType": OCI_MANIFEST, "digest": Digest::of(b"amd64"), "size": 1, "platform": { "os": "linux", "architecture": "amd64" } },
            { "mediaType": OCI_MANIFEST, "digest": digest, "size": manifest.to_string().len(), "platform": { "os": "wasi", "architecture": "wasm" } },
        ],
    });
    bench.raw("layered:all", &[], OCI_INDEX, &index).await?;
    let through_index = bench.pull("layered:all").await?;
    assert_eq!(through_index.id, image.id);
    assert_eq!(through_index.repo_tags.len(), 2);
    Ok(())
}

#[tokio::test]
async fn an_image_of_this_platform_is_webassembly_where_an_annotation_says_so() -> Outcome {
    let bench = Bench::new().await?;
    let archive = |name: &str, bytes: &[u8]| -> std::io::Result<Vec<u8>> {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, name, bytes)?;
        tar.into_inner()
    };
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let platform = json!({ "os": "linux", "architecture": architecture });
    let mut config = platform.clone();
    config["config"] = json!({ "Entrypoint": ["/app"] });
    let config = config.to_string().into_bytes();
    let inner = module("compatible");
    let (layer, elf) = (archive("app", &inner)?, archive("app", b"\x7fELF\x02")?);
    let manifest = |layer: &[u8], variant: Option<&str>| {
        let annotations = variant.map(|variant| json!({ variant::ANNOTATION: variant }));
        json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST, "annotations": annotations.unwrap_or(json!({})),
            "config": descriptor(OCI_CONFIG, &config), "layers": [descriptor(OCI_LAYER, layer)],
        })
    };
    let put = async |name: &str, layer: &[u8], variant| {
        let blobs = [config.as_slice(), layer];
        bench
            .raw(name, &blobs, OCI_MANIFEST, &manifest(layer, variant))
            .await
    };
    let pull = async |name: &str, variant| -> Fallible<Result<Arc<Image>, Cause>> {
        let reference = bench.reference(name)?;
        let pulled = bench.store.pull(&reference, Auth::Anonymous, variant).await;
        Ok(pulled.map_err(|error| error.cause))
    };
    let image = |pulled: Result<Arc<Image>, Cause>| pulled.map_err(|cause| format!("{cause:?}"));
    let digest = put("plain:v1", &layer, None).await?;
    let plain = pull("plain:v1", Variant::None).await?;
    assert!(matches!(plain, Err(Cause::Container(_))), "{plain:?}");
    let wanted = image(pull("plain:v1", Variant::Compat).await?)?;
    assert_eq!(std::fs::read(&wanted.artifact.path)?, inner);
    for variant in ["compat", "compat-smart"] {
        put(&format!("{variant}:v1"), &layer, Some(variant)).await?;
        let known = image(pull(&format!("{variant}:v1"), Variant::None).await?)?;
        assert_eq!(std::fs::read(&known.artifact.path)?, inner);
        put(&format!("{variant}:elf"), &elf, Some(variant)).await?;
        let refused = pull(&format!("{variant}:elf"), Variant::None).await?;
        match variant {
            "compat" => assert!(matches!(refused, Err(Cause::NotWasm(_))), "{refused:?}"),
            _ => assert!(matches!(refused, Err(Cause::Container(_))), "{refused:?}"),
        }
    }
    let index = json!({
        "schemaVersion": 2, "mediaType": OCI_INDEX,
        "manifests": [
            { "mediaType": OCI_MANIFEST, "digest": Digest::of(b"s390x"), "size": 1, "platform": { "os": "linux", "architecture": "s390x" } },
            { "mediaType": OCI_MANIFEST, "digest": digest, "size": manifest(&layer, None).to_string().len(), "platform": platform },
        ],
    });
    bench.raw("plain:all", &[], OCI_INDEX, &index).await?;
    let plain = pull("plain:all", Variant::None).await?;
    assert!(matches!(plain, Err(Cause::Container(_))), "{plain:?}");
    let chosen = image(pull("plain:all", Variant::Smart).await?)?;
    assert_eq!(chosen.id, wanted.id);
    Ok(())
}

#[tokio::test]
async fn refusals_name_the_reason_and_leave_nothing() -> Outcome {
    let bench = Bench::new().await?;
    let elf: &[u8] = b"\x7fELF\x02\x01\x01\0 and more";
    let wasm_layer = |bytes: &[u8]| {
        json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST,
            "config": descriptor("application/vnd.wasm.config.v0+json", b"{}"),
            "layers": [descriptor("application/wasm", bytes)],
        })
    };
    bench
        .raw("elf:v1", &[b"{}", elf], OCI_MANIFEST, &wasm_layer(elf))
        .await?;
    assert!(
        matches!(bench.refusal("elf:v1").await?, Cause::NotWasm(text) if text.contains("is not WebAssembly"))
    );

    let helm = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.cncf.helm.config.v1+json", b"{}"), "layers": [descriptor("x/y", elf)],
    });
    bench
        .raw("helm:v1", &[b"{}", elf], OCI_MANIFEST, &helm)
        .await?;
    assert!(
        matches!(bench.refusal("helm:v1").await?, Cause::NotWasm(text)
        if text.contains("vnd.cncf.helm.config") && text.contains("\"x/y\"") && text.contains("application/wasm"))
    );

    let large = module(&"x".repeat(1 << 20));
    bench
        .raw(
            "large:v1",
            &[b"{}", &large],
            OCI_MANIFEST,
            &wasm_layer(&large),
        )
        .await?;
    assert!(matches!(
        bench.refusal("large:v1").await?,
        Cause::TooLarge(_)
    ));

    assert_eq!(bench.store.fs_usage(), FsUsage::default());
    assert_eq!(
        std::fs::read_dir(bench.folder.path().join("images/blobs/sha256"))?.count(),
        0
    );
    Ok(())
}

/// A registry of one image whose layer is served by `layer`, called with the number of the request.
async fn odd_registry(
    bytes: &[u8],
    layer: impl Fn(usize, Option<String>) -> axum::response::Response + Send + Sync + 'static,
    gate: Option<Arc<Notify>>,
) -> Fallible<(
    std::net::SocketAddr,
    Arc<AtomicUsize>,
    tokio::task::JoinHandle<std::io::Result<()>>,
)> {
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.wasm.config.v0+json", b"{}"),
        "layers": [descriptor("application/wasm", bytes)],
    })
    .to_string();
    let digest = Digest::of(bytes);
    let requests = Arc::new(AtomicUsize::new(0));
    let (count, layer) = (Arc::clone(&requests), Arc::new(layer));
    let router = Router::new().fallback(move |request: axum::extract::Request| {
        let (count, layer, gate, manifest) = (
            Arc::clone(&count),
            Arc::clone(&layer),
            gate.clone(),
            manifest.clone(),
        );
        let wanted = request.uri().path().ends_with(digest.as_str());
        async move {
            let path = request.uri().path();
            if path.contains("/manifests/") {
                if let Some(gate) = gate {
                    gate.notified().await;
                }
                return ([("content-type", OCI_MANIFEST)], manifest).into_response();
            }
            if wanted {
                let range = request
                    .headers()
                    .get("range")
                    .and_then(|v| v.to_str().ok())
                    .map(str::to_owned);
                return layer(count.fetch_add(1, Ordering::SeqCst), range);
            }
            "{}".into_response()
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    Ok((
        address,
        requests,
        tokio::spawn(async { axum::serve(listener, router).await }),
    ))
}

#[tokio::test]
async fn an_identity_token_is_exchanged_for_one_that_the_registry_takes() -> Outcome {
    const ACCESS: &str = "Bearer access";
    let bytes = module("for some");
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.wasm.config.v0+json", b"{}"),
        "layers": [descriptor("application/wasm", &bytes)],
    })
    .to_string();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (digest, forms) = (Digest::of(&bytes), Arc::new(Mutex::new(Vec::new())));
    let asked = Arc::clone(&forms);
    let token = move |form: String| {
        asked.lock().push(form.clone());
        async move {
            if form.contains("refresh_token=good") {
                json!({ "access_token": "access" })
                    .to_string()
                    .into_response()
            } else {
                http::StatusCode::UNAUTHORIZED.into_response()
            }
        }
    };
    let registry = move |request: axum::extract::Request| {
        let (manifest, bytes, digest) = (manifest.clone(), bytes.clone(), digest.clone());
        async move {
            let path = request.uri().path();
            let known = request.headers().get("authorization");
            if known.is_none_or(|known| known != ACCESS) {
                let challenge = format!("Bearer realm=\"http://{address}/token\",service=\"reg\"");
                let headers = [("www-authenticate", challenge)];
                return (http::StatusCode::UNAUTHORIZED, headers).into_response();
            }
            if path.contains("/manifests/") {
                return ([("content-type", OCI_MANIFEST)], manifest).into_response();
            }
            if path.ends_with(digest.as_str()) {
                return bytes.into_response();
            }
            "{}".into_response()
        }
    };
    let router = Router::new()
        .route("/token", axum::routing::post(token))
        .fallback(registry);
    let server = tokio::spawn(async { axum::serve(listener, router).await });
    let folder = tempfile::tempdir()?;
    let store = open(&folder).await?;
    let reference: Reference = format!("{address}/team/app:v1").parse()?;
    let pull = |token: &str| {
        let auth = Auth::Identity(token.to_owned());
        store.pull(&reference, auth, Variant::None)
    };
    let refused = pull("bad").await.err().ok_or("pulled")?;
    assert!(
        matches!(refused.cause, Cause::Unauthorized(_)),
        "{refused:?}"
    );
    assert!(
        !format!("{refused:?} {refused}").contains("bad"),
        "{refused:?}"
    );
    pull("good").await?;
    assert!(forms.lock().iter().all(|form| {
        form.contains("grant_type=refresh_token")
            && form.contains("service=reg")
            && form.contains("scope=repository%3Ateam%2Fapp%3Apull")
    }));
    server.abort();
    Ok(())
}

#[tokio::test]
async fn lies_about_content_are_found_out() -> Outcome {
    let bytes = module("the truth");
    let lie = module("a lie!!!!");
    let (address, _, server) =
        odd_registry(&bytes, move |_, _| lie.clone().into_response(), None).await?;
    let folder = tempfile::tempdir()?;
    let store = open(&folder).await?;
    let error = store
        .pull(
            &format!("{address}/a:v1").parse()?,
            Auth::Anonymous,
            Variant::None,
        )
        .await
        .err()
        .ok_or("pulled")?;
    assert!(matches!(error.cause, Cause::Corrupt(_)), "{error:?}");
    assert!(store.list().is_empty());
    server.abort();
    Ok(())
}

#[tokio::test]
async fn a_broken_transfer_goes_on_where_it_ended() -> Outcome {
    let bytes = module("0123456789");
    let whole = bytes.clone();
    let ranges = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ranges);
    let serve = move |_, range: Option<String>| {
        seen.lock().push(range.clone());
        let start = range
            .and_then(|range| {
                range
                    .strip_prefix("bytes=")?
                    .strip_suffix('-')?
                    .parse()
                    .ok()
            })
            .unwrap_or(0_usize);
        let end = (start + 7).min(whole.len());
        let part = whole[start..end].to_vec();
        let status = if start == 0 {
            http::StatusCode::OK
        } else {
            http::StatusCode::PARTIAL_CONTENT
        };
        // No length, so that the end of the body looks like an end.
        let stream = futures::stream::iter([Ok::<_, std::io::Error>(part)]);
        (status, axum::body::Body::from_stream(stream)).into_response()
    };
    let (address, requests, server) = odd_registry(&bytes, serve, None).await?;
    let folder = tempfile::tempdir()?;
    let store = open(&folder).await?;
    let image = store
        .pull(
            &format!("{address}/a:v1").parse()?,
            Auth::Anonymous,
            Variant::None,
        )
        .await?;
    assert_eq!(std::fs::read(&image.artifact.path)?, bytes);
    assert_eq!(requests.load(Ordering::SeqCst), 3);
    assert_eq!(
        *ranges.lock(),
        [
            None,
            Some("bytes=7-".to_owned()),
            Some("bytes=14-".to_owned())
        ]
    );
    server.abort();
    Ok(())
}

#[tokio::test]
async fn many_who_want_one_image_share_one_transfer() -> Outcome {
    let bytes = module("shared");
    let whole = bytes.clone();
    let gate = Arc::new(Notify::new());
    let (address, requests, server) = odd_registry(
        &bytes,
        move |_, _| whole.clone().into_response(),
        Some(Arc::clone(&gate)),
    )
    .await?;
    let folder = tempfile::tempdir()?;
    let store = open(&folder).await?;
    let reference: Reference = format!("{address}/a:v1").parse()?;
    let pulls = futures::future::join_all(
        (0..50).map(|_| store.pull(&reference, Auth::Anonymous, Variant::None)),
    );
    let (results, ()) = tokio::join!(pulls, async { gate.notify_one() });
    let images = results.into_iter().collect::<Result<Vec<_>, _>>()?;
    assert_eq!(images.len(), 50);
    assert_eq!(requests.load(Ordering::SeqCst), 1);
    server.abort();
    Ok(())
}
