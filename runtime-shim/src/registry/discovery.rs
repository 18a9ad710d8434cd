//! What there is: the catalog of repositories, the tags of one, and who refers to a manifest.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LINK};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use super::error::{Error, Result};
use super::handlers::{App, Query};
use super::manifest::Description;
use super::storage::Storage;
use crate::image::Digest;

/// The most names in one answer when the client asks for no less.
pub const MAX_PAGE: usize = 10_000;

const FILTERS: HeaderName = HeaderName::from_static("oci-filters-applied");

impl App {
    pub(super) async fn catalog(self: &Arc<Self>, query: &Query) -> Result {
        let all = self.blocking(Storage::repositories).await?;
        let page = Page::of(query)?;
        let (names, more) = page.cut(all, |name, last| name > last);
        let link = more.map(|last| format!("/v2/_catalog?n={}&last={last}", page.size));
        Ok(linked(link, axum::Json(json!({ "repositories": names }))))
    }

    pub(super) async fn tags(self: &Arc<Self>, name: String, query: &Query) -> Result {
        let repository = name.clone();
        let tags = self
            .blocking(move |storage| {
                let known = storage.exists(&repository);
                known.then(|| storage.tags(&repository)).transpose()
            })
            .await?
            .ok_or_else(|| Error::name_unknown(&name))?;
        let page = Page::of(query)?;
        let order = |tag: &str| (tag.to_ascii_lowercase(), tag.to_owned());
        let (tags, more) = page.cut(tags, |tag, last| order(tag) > order(last));
        let link = more.map(|last| format!("/v2/{name}/tags/list?n={}&last={last}", page.size));
        Ok(linked(
            link,
            axum::Json(json!({ "name": name, "tags": tags })),
        ))
    }

    pub(super) async fn referrers(
        self: &Arc<Self>,
        name: String,
        subject: Digest,
        query: &Query,
    ) -> Result {
        let mut found = self
            .blocking(move |storage| storage.referring(&name, &subject))
            .await?;
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/vnd.oci.image.index.v1+json"),
        );
        if let Some(kind) = query.get("artifactType") {
            found.retain(|description: &Description| {
                description.artifact_type.as_deref() == Some(kind)
            });
            headers.insert(FILTERS, HeaderValue::from_static("artifactType"));
        }
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": found,
        });
        Ok((headers, index.to_string()).into_response())
    }
}

fn linked(link: Option<String>, body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    if let Some(link) = link
        && let Ok(value) = HeaderValue::from_str(&format!("<{link}>; rel=\"next\""))
    {
        response.headers_mut().insert(LINK, value);
    }
    response
}

/// Pagination by `n` and `last`.
struct Page {
    size: usize,
    last: Option<String>,
}

impl Page {
    fn of(query: &Query) -> Result<Self> {
        let size = match query.get("n") {
            None => MAX_PAGE,
            Some(text) => text
                .parse::<usize>()
                .map_err(|_| Error::parameter(format!("n is {text:?}, expected a number")))?
                .min(MAX_PAGE),
        };
        Ok(Self {
            size,
            last: query.get("last").map(str::to_owned),
        })
    }

    /// The names of this page, and the last of them if more follow.
    fn cut(
        &self,
        mut names: Vec<String>,
        after: impl Fn(&str, &str) -> bool,
    ) -> (Vec<String>, Option<String>) {
        if let Some(last) = &self.last {
            names.retain(|name| after(name, last));
        }
        let more = names.len() > self.size;
        names.truncate(self.size);
        let last = if more { names.last().cloned() } else { None };
        (names, last)
    }
}
