//! Paths of the distribution specification's API. Repository names hold slashes, so a path is read from its end.

use http::Method;

use super::error::{Error, Result};
use crate::image::{Digest, valid_repository, valid_tag};

/// The longest repository name, in bytes.
pub const MAX_NAME_BYTES: usize = 255;

/// A manifest's name within a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// By content.
    Digest(Digest),
    /// By tag.
    Tag(String),
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Digest(digest) => f.write_str(digest.as_str()),
            Self::Tag(tag) => f.write_str(tag),
        }
    }
}

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/v2/`
    Base,
    /// `/v2/_catalog`
    Catalog,
    /// `/v2/NAME/tags/list`
    Tags(String),
    /// `/v2/NAME/manifests/REFERENCE`
    Manifest(String, Target),
    /// `/v2/NAME/blobs/DIGEST`
    Blob(String, Digest),
    /// `/v2/NAME/blobs/uploads/`
    Uploads(String),
    /// `/v2/NAME/blobs/uploads/ID`
    Upload(String, String),
    /// `/v2/NAME/referrers/DIGEST`
    Referrers(String, Digest),
}

impl Route {
    /// Reads a path.
    pub fn parse(method: &Method, path: &str) -> Result<Self> {
        let rest = match path.strip_prefix("/v2") {
            Some("" | "/") => return Ok(Self::Base),
            Some("/_catalog") => return Ok(Self::Catalog),
            Some(rest) => rest.strip_prefix('/').ok_or_else(Error::path)?,
            None => return Err(Error::path()),
        };
        if let Some(name) = rest.strip_suffix("/tags/list") {
            return Ok(Self::Tags(named(name)?));
        }
        if let Some(name) = rest
            .strip_suffix("/blobs/uploads/")
            .or_else(|| rest.strip_suffix("/blobs/uploads"))
        {
            return Ok(Self::Uploads(named(name)?));
        }
        let (front, last) = rest.rsplit_once('/').ok_or_else(Error::path)?;
        if let Some(name) = front.strip_suffix("/blobs/uploads") {
            return Ok(Self::Upload(named(name)?, last.to_owned()));
        }
        if let Some(name) = front.strip_suffix("/blobs") {
            return Ok(Self::Blob(named(name)?, digest(last)?));
        }
        if let Some(name) = front.strip_suffix("/referrers") {
            return Ok(Self::Referrers(named(name)?, digest(last)?));
        }
        if let Some(name) = front.strip_suffix("/manifests") {
            return Ok(Self::Manifest(named(name)?, target(method, last)?));
        }
        Err(Error::path())
    }
}

fn named(name: &str) -> Result<String> {
    if name.len() > MAX_NAME_BYTES || !valid_repository(name) {
        return Err(Error::name_invalid(name));
    }
    Ok(name.to_owned())
}

fn digest(text: &str) -> Result<Digest> {
    text.parse()
        .map_err(|error: crate::image::DigestError| Error::digest_invalid(error.to_string()))
}

fn target(method: &Method, text: &str) -> Result<Target> {
    if text.contains(':') {
        return digest(text).map(Target::Digest);
    }
    if valid_tag(text) {
        return Ok(Target::Tag(text.to_owned()));
    }
    // Readers ask for whatever they like and learn that it is not there; writers learn why it never will be.
    if matches!(*method, Method::GET | Method::HEAD) {
        Err(Error::manifest_unknown(text))
    } else {
        Err(Error::tag_invalid(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str) -> Option<Route> {
        Route::parse(&Method::GET, path).ok()
    }

    #[test]
    fn reads_paths_from_the_end() {
        let digest = Digest::of(b"x");
        assert_eq!(get("/v2/"), Some(Route::Base));
        assert_eq!(get("/v2"), Some(Route::Base));
        assert_eq!(get("/v2/a/b/tags/list"), Some(Route::Tags("a/b".into())));
        assert_eq!(
            get("/v2/manifests/manifests/latest"),
            Some(Route::Manifest(
                "manifests".into(),
                Target::Tag("latest".into())
            ))
        );
        assert_eq!(
            get(&format!("/v2/a/blobs/{digest}")),
            Some(Route::Blob("a".into(), digest.clone()))
        );
        assert_eq!(
            get("/v2/a/blobs/uploads/"),
            Some(Route::Uploads("a".into()))
        );
        assert_eq!(
            get("/v2/a/blobs/uploads/7"),
            Some(Route::Upload("a".into(), "7".into()))
        );
        assert_eq!(
            get(&format!("/v2/a/b/c/referrers/{digest}")),
            Some(Route::Referrers("a/b/c".into(), digest))
        );
    }

    #[test]
    fn refuses_what_could_leave_its_folder() {
        for path in [
            "/v2/../tags/list",
            "/v2/a/../b/tags/list",
            "/v2/_uploads/tags/list",
            "/v2/A/tags/list",
            "/v2/a//b/tags/list",
            "/v2/a/manifests/..",
            "/v2/a/blobs/sha256:../../x",
            "/v3/",
            "/",
        ] {
            assert_eq!(get(path), None, "{path}");
        }
    }
}
