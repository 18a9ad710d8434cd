//! The registry's files.
//!
//! ```text
//! blobs/sha256/HEX                              every blob once, verified
//! repositories/NAME/_blobs/sha256/HEX           a hard link to a blob that the repository has
//! repositories/NAME/_manifests/sha256/HEX       a manifest's bytes
//! repositories/NAME/_manifests/sha256/HEX.json  its record: description and subject
//! repositories/NAME/_referrers/sha256/SUBJECT/sha256-HEX   the description of a manifest that refers to SUBJECT
//! repositories/NAME/_tags/TAG                   a digest
//! ```
//! A file appears whole, by rename or link. A blob that the last repository has let go is deleted: its file then has one link.
//! All functions block; they are called from blocking threads.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::manifest::{Description, Pushed};
use crate::image::content::Content;
use crate::image::{Algorithm, Digest, valid_repository, valid_tag};

/// The most repositories that are listed or searched.
pub const MAX_REPOSITORIES: usize = 100_000;

/// The folder.
pub struct Storage {
    /// All blobs.
    pub content: Content,
    repositories: PathBuf,
    /// Held while links to blobs come and go, so that none is made to a blob that is being deleted.
    links: Mutex<()>,
}

/// A manifest as stored.
#[derive(Debug)]
pub struct Stored {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its description.
    pub description: Description,
}

impl Storage {
    /// Opens or makes the folder.
    pub fn open(root: &Path) -> io::Result<Self> {
        let repositories = root.join("repositories");
        fs::create_dir_all(&repositories)?;
        let content = Content::open(root)?;
        // A blob that was finished and not yet linked when the registry was killed.
        for digest in content.digests()? {
            if fs::metadata(content.path(&digest))?.nlink() == 1 {
                content.remove(&digest);
            }
        }
        Ok(Self {
            content,
            repositories,
            links: Mutex::new(()),
        })
    }

    fn repository(&self, name: &str) -> PathBuf {
        self.repositories.join(name)
    }

    fn blob_link(&self, name: &str, digest: &Digest) -> PathBuf {
        self.repository(name).join("_blobs").join(relative(digest))
    }

    fn manifest_file(&self, name: &str, digest: &Digest) -> PathBuf {
        self.repository(name)
            .join("_manifests")
            .join(relative(digest))
    }

    fn tag_file(&self, name: &str, tag: &str) -> PathBuf {
        self.repository(name).join("_tags").join(tag)
    }

    fn referrers(&self, name: &str, subject: &Digest) -> PathBuf {
        self.repository(name)
            .join("_referrers")
            .join(relative(subject))
    }

    /// Whether anything was ever pushed to the repository.
    pub fn exists(&self, name: &str) -> bool {
        let folder = self.repository(name);
        ["_blobs", "_manifests", "_tags"]
            .iter()
            .any(|part| folder.join(part).is_dir())
    }

    /// The blob's file and size, if the repository has it.
    pub fn blob(&self, name: &str, digest: &Digest) -> io::Result<Option<(PathBuf, u64)>> {
        let path = self.blob_link(name, digest);
        Ok(optional(fs::metadata(&path))?.map(|metadata| (path, metadata.len())))
    }

    /// Gives the repository a blob that some repository has. `false` if none has it (or not `from`, if that is given).
    pub fn link_blob(&self, name: &str, digest: &Digest, from: Option<&str>) -> io::Result<bool> {
        let link = self.blob_link(name, digest);
        let _links = self.links.lock();
        if let Some(from) = from
            && !self.blob_link(from, digest).exists()
        {
            return Ok(false);
        }
        make_parent(&link)?;
        match fs::hard_link(self.content.path(digest), &link) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Takes a blob from the repository. `false` if it was not there.
    pub fn delete_blob(&self, name: &str, digest: &Digest) -> io::Result<bool> {
        let _links = self.links.lock();
        if optional(fs::remove_file(self.blob_link(name, digest)))?.is_none() {
            return Ok(false);
        }
        if optional(fs::metadata(self.content.path(digest)))?
            .is_some_and(|metadata| metadata.nlink() == 1)
        {
            self.content.remove(digest);
        }
        Ok(true)
    }

    /// Stores a manifest, and points `tag` at it.
    pub fn put_manifest(
        &self,
        name: &str,
        pushed: &Pushed,
        bytes: &[u8],
        tag: Option<&str>,
    ) -> io::Result<()> {
        let digest = &pushed.description.digest;
        let file = self.manifest_file(name, digest);
        if let Some(subject) = &pushed.subject {
            let entry = serde_json::to_vec(&pushed.description)?;
            write(&self.referrers(name, subject).join(flat(digest)), &entry)?;
        }
        let record = Record {
            description: pushed.description.clone(),
            subject: pushed.subject.clone(),
        };
        write(&record_file(&file), &serde_json::to_vec(&record)?)?;
        write(&file, bytes)?;
        match tag {
            Some(tag) => write(&self.tag_file(name, tag), digest.as_str().as_bytes()),
            None => Ok(()),
        }
    }

    /// The digest that a tag points at.
    pub fn tag(&self, name: &str, tag: &str) -> io::Result<Option<Digest>> {
        let text = optional(fs::read_to_string(self.tag_file(name, tag)))?;
        text.map(|text| text.parse().map_err(io::Error::other))
            .transpose()
    }

    /// Whether the repository has this manifest.
    pub fn has_manifest(&self, name: &str, digest: &Digest) -> bool {
        self.manifest_file(name, digest).exists()
    }

    /// A manifest.
    pub fn manifest(&self, name: &str, digest: &Digest) -> io::Result<Option<Stored>> {
        let file = self.manifest_file(name, digest);
        let Some(bytes) = optional(fs::read(&file))? else {
            return Ok(None);
        };
        let Some(record) = optional(fs::read(record_file(&file)))? else {
            return Ok(None);
        };
        let record: Record = serde_json::from_slice(&record)?;
        Ok(Some(Stored {
            bytes,
            description: record.description,
        }))
    }

    /// Deletes a manifest and the tags that point at it. `false` if it was not there.
    pub fn delete_manifest(&self, name: &str, digest: &Digest) -> io::Result<bool> {
        let file = self.manifest_file(name, digest);
        let Some(record) = optional(fs::read(record_file(&file)))? else {
            return Ok(false);
        };
        let record: Record = serde_json::from_slice(&record)?;
        for tag in self.tags(name)? {
            if self.tag(name, &tag)?.as_ref() == Some(digest) {
                self.delete_tag(name, &tag)?;
            }
        }
        optional(fs::remove_file(&file))?;
        if let Some(subject) = &record.subject {
            optional(fs::remove_file(
                self.referrers(name, subject).join(flat(digest)),
            ))?;
        }
        optional(fs::remove_file(record_file(&file)))?;
        Ok(true)
    }

    /// Deletes a tag, not what it points at. `false` if it was not there.
    pub fn delete_tag(&self, name: &str, tag: &str) -> io::Result<bool> {
        Ok(optional(fs::remove_file(self.tag_file(name, tag)))?.is_some())
    }

    /// All tags, in the specification's order: alphanumeric, without regard to case.
    pub fn tags(&self, name: &str) -> io::Result<Vec<String>> {
        let mut tags = names(&self.repository(name).join("_tags"))?;
        tags.retain(|tag| valid_tag(tag));
        tags.sort_by_cached_key(|tag| (tag.to_ascii_lowercase(), tag.clone()));
        Ok(tags)
    }

    /// The manifests that refer to `subject`, in the order of their digests.
    pub fn referring(&self, name: &str, subject: &Digest) -> io::Result<Vec<Description>> {
        let folder = self.referrers(name, subject);
        let mut found = Vec::new();
        let mut files = names(&folder)?;
        files.sort_unstable();
        for file in files.iter().filter(|file| !file.starts_with('.')) {
            let Some(bytes) = optional(fs::read(folder.join(file)))? else {
                continue;
            };
            let description: Description = serde_json::from_slice(&bytes)?;
            // The entry is written before the manifest: without it, the push never finished.
            if self.has_manifest(name, &description.digest) {
                found.push(description);
            }
        }
        Ok(found)
    }

    /// The names of all repositories, sorted.
    pub fn repositories(&self) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        let mut folders = vec![String::new()];
        while let Some(prefix) = folders.pop() {
            for name in names(&self.repositories.join(&prefix))? {
                let full = if prefix.is_empty() {
                    name
                } else {
                    format!("{prefix}/{name}")
                };
                if !valid_repository(&full) || found.len() >= MAX_REPOSITORIES {
                    continue;
                }
                if self.repository(&full).join("_manifests").is_dir() {
                    found.push(full.clone());
                }
                folders.push(full);
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}

fn relative(digest: &Digest) -> PathBuf {
    Path::new(digest.algorithm().name()).join(digest.hex())
}

fn flat(digest: &Digest) -> String {
    format!("{}-{}", digest.algorithm().name(), digest.hex())
}

/// What stands beside a manifest's bytes.
#[derive(Serialize, Deserialize)]
struct Record {
    description: Description,
    subject: Option<Digest>,
}

fn record_file(manifest: &Path) -> PathBuf {
    manifest.with_extension("json")
}

/// The algorithm that blobs are hashed with on the way in.
pub const UPLOAD_ALGORITHM: Algorithm = Algorithm::Sha256;

fn make_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) => fs::create_dir_all(parent),
        None => Ok(()),
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    make_parent(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_data()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let Some(entries) = optional(fs::read_dir(folder))? else {
        return Ok(Vec::new());
    };
    let mut names = Vec::new();
    for entry in entries {
        if let Ok(name) = entry?.file_name().into_string() {
            names.push(name);
        }
    }
    Ok(names)
}

/// Not being there is an answer, not an error.
fn optional<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    #[tokio::test]
    async fn a_blob_lives_as_long_as_a_repository_has_it() -> Outcome {
        let folder = tempfile::tempdir()?;
        let storage = Storage::open(folder.path())?;
        let digest = storage.content.put(b"blob").await?;
        assert!(storage.link_blob("a", &digest, None)?);
        assert!(!storage.link_blob("b", &digest, Some("c"))?);
        assert!(storage.link_blob("b", &digest, Some("a"))?);
        assert!(storage.delete_blob("a", &digest)?);
        assert!(!storage.delete_blob("a", &digest)?);
        assert_eq!(storage.blob("b", &digest)?.map(|(_, size)| size), Some(4));
        assert!(storage.delete_blob("b", &digest)?);
        assert_eq!(storage.content.size(&digest), None);
        assert!(!storage.link_blob("a", &digest, None)?);
        Ok(())
    }

    #[test]
    fn a_deleted_manifest_leaves_no_tag_and_no_referrer() -> Outcome {
        let folder = tempfile::tempdir()?;
        let storage = Storage::open(folder.path())?;
        let subject = Digest::of(b"subject");
        let text = format!(
            r#"{{"mediaType":"m/m","artifactType":"x/y","subject":{{"mediaType":"m/m","digest":"{subject}","size":1}}}}"#
        );
        let digest = Digest::of(text.as_bytes());
        let pushed = super::super::manifest::read(text.as_bytes(), None, digest.clone())?;
        storage.put_manifest("a/b", &pushed, text.as_bytes(), Some("v1"))?;
        storage.put_manifest("a/b", &pushed, text.as_bytes(), Some("V0"))?;
        assert_eq!(storage.tags("a/b")?, ["V0", "v1"]);
        assert_eq!(storage.repositories()?, ["a/b"]);
        assert_eq!(storage.referring("a/b", &subject)?, [pushed.description]);
        assert_eq!(storage.tag("a/b", "v1")?, Some(digest.clone()));
        assert!(storage.delete_tag("a/b", "V0")?);
        assert!(storage.manifest("a/b", &digest)?.is_some());
        assert!(storage.delete_manifest("a/b", &digest)?);
        assert!(!storage.delete_manifest("a/b", &digest)?);
        assert!(storage.tags("a/b")?.is_empty());
        assert!(storage.referring("a/b", &subject)?.is_empty());
        assert_eq!(fs::read_dir(storage.referrers("a/b", &subject))?.count(), 0);
        Ok(())
    }
}
