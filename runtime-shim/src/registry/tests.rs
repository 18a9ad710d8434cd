//! The registry over loopback, end point by end point. `oci-client` drives it too: see the tests of `image`.

use http::StatusCode;
use http::header::{CONTENT_RANGE, CONTENT_TYPE, LINK, LOCATION, RANGE};
use serde_json::{Value, json};

use super::*;
use crate::image::Digest;

type Outcome = Result<(), Box<dyn std::error::Error>>;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

struct Bench {
    registry: Registry,
    http: reqwest::Client,
    folder: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Result<Self, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        Self::over(folder).await
    }

    async fn over(folder: tempfile::TempDir) -> Result<Self, Box<dyn std::error::Error>> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let registry = start(Config {
            listen: ([127, 0, 0, 1], 0).into(),
            root: folder.path().to_owned(),
        })
        .await?;
        Ok(Self {
            registry,
            http: reqwest::Client::builder().no_proxy().build()?,
            folder,
        })
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.registry.local_addr())
    }

    async fn get(&self, path: &str) -> reqwest::Result<reqwest::Response> {
        self.http.get(self.url(path)).send().await
    }

    /// Pushes a blob in one request and returns its digest.
    async fn blob(
        &self,
        name: &str,
        bytes: &'static [u8],
    ) -> Result<Digest, Box<dyn std::error::Error>> {
        let digest = Digest::of(bytes);
        let url = self.url(&format!("/v2/{name}/blobs/uploads/?digest={digest}"));
        let response = self.http.post(url).body(bytes).send().await?;
        assert_eq!(response.status(), StatusCode::CREATED);
        Ok(digest)
    }

    async fn start_upload(&self, name: &str) -> Result<String, Box<dyn std::error::Error>> {
        let response = self
            .http
            .post(self.url(&format!("/v2/{name}/blobs/uploads/")))
            .send()
            .await?;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        Ok(header(&response, &LOCATION).to_owned())
    }

    async fn manifest(
        &self,
        name: &str,
        reference: &str,
        manifest: &Value,
    ) -> reqwest::Result<reqwest::Response> {
        self.http
            .put(self.url(&format!("/v2/{name}/manifests/{reference}")))
            .header(CONTENT_TYPE, MANIFEST)
            .body(manifest.to_string())
            .send()
            .await
    }

    async fn simple_manifest(&self, name: &str) -> Result<Value, Box<dyn std::error::Error>> {
        let config = self.blob(name, b"{}").await?;
        Ok(json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": { "mediaType": "application/x.config", "digest": config, "size": 2 },
            "layers": [],
        }))
    }
}

fn header<'a>(response: &'a reqwest::Response, name: &http::HeaderName) -> &'a str {
    response
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

async fn code(
    response: reqwest::Response,
) -> Result<(StatusCode, String), Box<dyn std::error::Error>> {
    let status = response.status();
    let body: Value = response.json().await?;
    Ok((
        status,
        body["errors"][0]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    ))
}

#[tokio::test]
async fn base_and_unknown_things() -> Outcome {
    let bench = Bench::new().await?;
    let base = bench.get("/v2/").await?;
    assert_eq!(base.status(), StatusCode::OK);
    assert_eq!(base.text().await?, "{}");
    let digest = Digest::of(b"nothing");
    for (path, status, expected) in [
        (
            "/v2/a/manifests/latest".to_owned(),
            StatusCode::NOT_FOUND,
            "MANIFEST_UNKNOWN",
        ),
        (
            format!("/v2/a/blobs/{digest}"),
            StatusCode::NOT_FOUND,
            "BLOB_UNKNOWN",
        ),
        (
            "/v2/a/tags/list".to_owned(),
            StatusCode::NOT_FOUND,
            "NAME_UNKNOWN",
        ),
        (
            "/v2/A/tags/list".to_owned(),
            StatusCode::BAD_REQUEST,
            "NAME_INVALID",
        ),
        (
            "/v2/a/blobs/sha256:1".to_owned(),
            StatusCode::BAD_REQUEST,
            "DIGEST_INVALID",
        ),
        (
            "/v2/a/blobs/uploads/7".to_owned(),
            StatusCode::NOT_FOUND,
            "BLOB_UPLOAD_UNKNOWN",
        ),
        ("/other".to_owned(), StatusCode::NOT_FOUND, "UNSUPPORTED"),
    ] {
        assert_eq!(
            code(bench.get(&path).await?).await?,
            (status, expected.to_owned()),
            "{path}"
        );
    }
    let wrong = bench.http.post(bench.url("/v2/a/tags/list")).send().await?;
    assert_eq!(
        code(wrong).await?,
        (StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED".to_owned())
    );
    Ok(())
}

#[tokio::test]
async fn chunks_arrive_in_order_or_not_at_all() -> Outcome {
    let bench = Bench::new().await?;
    let location = bench.start_upload("a/b").await?;
    let chunk = async |range: &str, bytes: &'static [u8]| {
        bench
            .http
            .patch(bench.url(&location))
            .header(CONTENT_RANGE, range)
            .body(bytes)
            .send()
            .await
    };
    assert_eq!(chunk("0-3", b"abcd").await?.status(), StatusCode::ACCEPTED);
    assert_eq!(
        chunk("0-3", b"abcd").await?.status(),
        StatusCode::RANGE_NOT_SATISFIABLE
    );
    assert_eq!(
        chunk("9-10", b"xy").await?.status(),
        StatusCode::RANGE_NOT_SATISFIABLE
    );
    let status = bench.get(&location).await?;
    assert_eq!(status.status(), StatusCode::NO_CONTENT);
    assert_eq!(header(&status, &RANGE), "0-3");
    assert_eq!(header(&chunk("4-5", b"ef").await?, &RANGE), "0-5");
    let digest = Digest::of(b"abcdefgh");
    let done = bench
        .http
        .put(bench.url(&format!("{location}?digest={digest}")))
        .header(CONTENT_RANGE, "6-7")
        .body("gh")
        .send()
        .await?;
    assert_eq!(done.status(), StatusCode::CREATED);
    let place = header(&done, &LOCATION).to_owned();
    assert_eq!(place, format!("/v2/a/b/blobs/{digest}"));
    assert_eq!(bench.get(&place).await?.text().await?, "abcdefgh");
    assert_eq!(bench.get(&location).await?.status(), StatusCode::NOT_FOUND);
    Ok(())
}

#[tokio::test]
async fn wrong_bytes_are_not_kept() -> Outcome {
    let bench = Bench::new().await?;
    let digest = Digest::of(b"right");
    let location = bench.start_upload("a").await?;
    let put = bench
        .http
        .put(bench.url(&format!("{location}?digest={digest}")))
        .body("wrong")
        .send()
        .await?;
    assert_eq!(
        code(put).await?,
        (StatusCode::BAD_REQUEST, "DIGEST_INVALID".to_owned())
    );
    assert_eq!(
        bench.get(&format!("/v2/a/blobs/{digest}")).await?.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        std::fs::read_dir(bench.folder.path().join("unfinished"))?.count(),
        0
    );

    let location = bench.start_upload("a").await?;
    let cancelled = bench.http.delete(bench.url(&location)).send().await?;
    assert_eq!(cancelled.status(), StatusCode::NO_CONTENT);
    assert_eq!(
        std::fs::read_dir(bench.folder.path().join("unfinished"))?.count(),
        0
    );
    Ok(())
}

#[tokio::test]
async fn other_algorithms_are_hashed_again() -> Outcome {
    let bench = Bench::new().await?;
    let mut hasher = crate::image::Hasher::new(crate::image::Algorithm::Sha512);
    hasher.update(b"abc");
    let digest = hasher.finish();
    let location = bench.start_upload("a").await?;
    let put = bench
        .http
        .put(bench.url(&format!("{location}?digest={digest}")))
        .body("abc")
        .send()
        .await?;
    assert_eq!(put.status(), StatusCode::CREATED);
    assert_eq!(
        bench
            .get(&format!("/v2/a/blobs/{digest}"))
            .await?
            .text()
            .await?,
        "abc"
    );
    Ok(())
}

#[tokio::test]
async fn blobs_are_read_in_parts_mounted_and_deleted() -> Outcome {
    let bench = Bench::new().await?;
    let digest = bench.blob("a", b"0123456789").await?;
    let path = format!("/v2/a/blobs/{digest}");
    let part = bench
        .http
        .get(bench.url(&path))
        .header(RANGE, "bytes=2-4")
        .send()
        .await?;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(header(&part, &CONTENT_RANGE), "bytes 2-4/10");
    assert_eq!(part.text().await?, "234");
    let beyond = bench
        .http
        .get(bench.url(&path))
        .header(RANGE, "bytes=10-")
        .send()
        .await?;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    let head = bench.http.head(bench.url(&path)).send().await?;
    assert_eq!(header(&head, &http::header::CONTENT_LENGTH), "10");

    let mount = |to: &str, from: &str| {
        bench
            .http
            .post(bench.url(&format!(
                "/v2/{to}/blobs/uploads/?mount={digest}&from={from}"
            )))
            .send()
    };
    assert_eq!(mount("c", "a").await?.status(), StatusCode::CREATED);
    assert_eq!(mount("d", "nowhere").await?.status(), StatusCode::ACCEPTED);
    assert_eq!(
        bench.http.delete(bench.url(&path)).send().await?.status(),
        StatusCode::ACCEPTED
    );
    assert_eq!(bench.get(&path).await?.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        bench
            .get(&format!("/v2/c/blobs/{digest}"))
            .await?
            .text()
            .await?,
        "0123456789"
    );
    Ok(())
}

#[tokio::test]
async fn manifests_need_their_blobs_and_the_right_digest() -> Outcome {
    let bench = Bench::new().await?;
    let missing = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
        "config": { "mediaType": "x/y", "digest": Digest::of(b"gone"), "size": 4 },
    });
    let refused = bench.manifest("a", "v1", &missing).await?;
    assert_eq!(
        code(refused).await?,
        (StatusCode::NOT_FOUND, "MANIFEST_BLOB_UNKNOWN".to_owned())
    );
    let manifest = bench.simple_manifest("a").await?;
    let wrong = bench
        .manifest("a", Digest::of(b"other").as_str(), &manifest)
        .await?;
    assert_eq!(
        code(wrong).await?,
        (StatusCode::BAD_REQUEST, "DIGEST_INVALID".to_owned())
    );
    let bad_tag = bench.manifest("a", ".bad", &manifest).await?;
    assert_eq!(
        code(bad_tag).await?,
        (StatusCode::BAD_REQUEST, "MANIFEST_INVALID".to_owned())
    );
    let large = bench
        .http
        .put(bench.url("/v2/a/manifests/v1"))
        .header(CONTENT_TYPE, MANIFEST)
        .body(vec![b' '; MAX_MANIFEST_BYTES + 1])
        .send()
        .await?;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);

    assert_eq!(
        bench.manifest("a", "v1", &manifest).await?.status(),
        StatusCode::CREATED
    );
    let digest = Digest::of(manifest.to_string().as_bytes());
    let got = bench.get("/v2/a/manifests/v1").await?;
    assert_eq!(header(&got, &CONTENT_TYPE), MANIFEST);
    assert_eq!(
        header(
            &got,
            &http::HeaderName::from_static("docker-content-digest")
        ),
        digest.as_str()
    );
    assert_eq!(got.text().await?, manifest.to_string());
    assert_eq!(
        bench
            .get(&format!("/v2/a/manifests/{digest}"))
            .await?
            .status(),
        StatusCode::OK
    );

    let untag = bench
        .http
        .delete(bench.url("/v2/a/manifests/v1"))
        .send()
        .await?;
    assert_eq!(untag.status(), StatusCode::ACCEPTED);
    assert_eq!(
        bench.get("/v2/a/manifests/v1").await?.status(),
        StatusCode::NOT_FOUND
    );
    let delete = bench
        .http
        .delete(bench.url(&format!("/v2/a/manifests/{digest}")))
        .send()
        .await?;
    assert_eq!(delete.status(), StatusCode::ACCEPTED);
    assert_eq!(
        bench
            .get(&format!("/v2/a/manifests/{digest}"))
            .await?
            .status(),
        StatusCode::NOT_FOUND
    );
    Ok(())
}

#[tokio::test]
async fn tags_come_in_pages() -> Outcome {
    let bench = Bench::new().await?;
    let manifest = bench.simple_manifest("a").await?;
    for tag in ["b", "A", "c", "d"] {
        bench.manifest("a", tag, &manifest).await?;
    }
    let list = async |query: &str| {
        let url = bench.url(&format!("/v2/a/tags/list{query}"));
        let response = bench.http.get(url).send().await?;
        let link = header(&response, &LINK).to_owned();
        let body: Value = response.json().await?;
        Ok::<_, reqwest::Error>((body["tags"].to_string(), link))
    };
    assert_eq!(
        list("").await?,
        (r#"["A","b","c","d"]"#.to_owned(), String::new())
    );
    let (first, link) = list("?n=2").await?;
    assert_eq!(first, r#"["A","b"]"#);
    assert_eq!(link, "</v2/a/tags/list?n=2&last=b>; rel=\"next\"");
    assert_eq!(
        list("?n=2&last=b").await?,
        (r#"["c","d"]"#.to_owned(), String::new())
    );
    assert_eq!(list("?n=0").await?.0, "[]");
    assert_eq!(
        bench.get("/v2/a/tags/list?n=x").await?.status(),
        StatusCode::BAD_REQUEST
    );
    let catalog: Value = bench.get("/v2/_catalog").await?.json().await?;
    assert_eq!(catalog["repositories"], json!(["a"]));
    Ok(())
}

#[tokio::test]
async fn referrers_are_listed_and_filtered() -> Outcome {
    let bench = Bench::new().await?;
    let subject = Digest::of(b"not pushed yet");
    for kind in ["sig/x", "sbom/x"] {
        let mut manifest = bench.simple_manifest("a").await?;
        manifest["subject"] = json!({ "mediaType": MANIFEST, "digest": subject, "size": 1 });
        manifest["artifactType"] = kind.into();
        manifest["annotations"] = json!({ "k": kind });
        let digest = Digest::of(manifest.to_string().as_bytes());
        let put = bench.manifest("a", digest.as_str(), &manifest).await?;
        assert_eq!(
            header(&put, &http::HeaderName::from_static("oci-subject")),
            subject.as_str()
        );
    }
    let all: Value = bench
        .get(&format!("/v2/a/referrers/{subject}"))
        .await?
        .json()
        .await?;
    assert_eq!(all["manifests"].as_array().map(Vec::len), Some(2));
    let some = bench
        .get(&format!("/v2/a/referrers/{subject}?artifactType=sbom%2Fx"))
        .await?;
    assert_eq!(
        header(&some, &http::HeaderName::from_static("oci-filters-applied")),
        "artifactType"
    );
    let some: Value = some.json().await?;
    assert_eq!(some["manifests"][0]["artifactType"], "sbom/x");
    assert_eq!(some["manifests"][0]["annotations"]["k"], "sbom/x");
    let none: Value = bench
        .get(&format!("/v2/zzz/referrers/{subject}"))
        .await?
        .json()
        .await?;
    assert_eq!(none["manifests"], json!([]));
    Ok(())
}

#[tokio::test]
async fn what_was_pushed_is_there_after_a_restart() -> Outcome {
    let bench = Bench::new().await?;
    let manifest = bench.simple_manifest("a").await?;
    bench.manifest("a", "v1", &manifest).await?;
    let Bench {
        registry, folder, ..
    } = bench;
    let address = registry.local_addr();
    registry.shutdown().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    let bench = Bench::over(folder).await?;
    assert_eq!(
        bench.get("/v2/a/manifests/v1").await?.text().await?,
        manifest.to_string()
    );
    let config = Digest::of(b"{}");
    assert_eq!(
        bench
            .get(&format!("/v2/a/blobs/{config}"))
            .await?
            .text()
            .await?,
        "{}"
    );
    Ok(())
}

#[tokio::test]
async fn a_taken_port_is_named() -> Outcome {
    let bench = Bench::new().await?;
    let taken = start(Config {
        listen: bench.registry.local_addr(),
        root: tempfile::tempdir()?.path().to_owned(),
    })
    .await;
    let error = taken.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(
        error.starts_with(&format!(
            "registry: cannot listen on {}",
            bench.registry.local_addr()
        )),
        "{error}"
    );
    Ok(())
}
