//! Which images there are and what they are called: the store's state as plain values, and its file.
//!
//! Pure but for [`load`] and [`save`]. An image lives as long as a name or a digest of it; content lives as long as an image or a
//! pull in progress uses it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::error::StoreError;
use super::reference::Reference;
use super::store::Image;

/// The form of the file. A store of another version is not read.
const VERSION: u32 = 1;

/// All images, by id.
#[derive(Clone, Debug, Default)]
pub struct Index {
    images: BTreeMap<String, Arc<Image>>,
}

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    images: Vec<Arc<Image>>,
}

impl Index {
    /// Adds what a pull of `reference` found; the reference's tag moves to it from any other image. Returns the image as kept.
    pub fn add(&mut self, reference: &Reference, mut image: Image) -> Arc<Image> {
        if let Some(known) = self.images.get(&image.id) {
            image.repo_tags.clone_from(&known.repo_tags);
            image.repo_digests.clone_from(&known.repo_digests);
        }
        if let Some(tag) = reference.tagged() {
            self.untag(&tag, &image.id);
            insert_sorted(&mut image.repo_tags, tag);
        }
        insert_sorted(
            &mut image.repo_digests,
            reference.with_digest(image.manifest.clone()).to_string(),
        );
        let image = Arc::new(image);
        self.images.insert(image.id.clone(), Arc::clone(&image));
        image
    }

    /// Takes `tag` away from every image but `keep`. An image without tags stays: it still has digests.
    fn untag(&mut self, tag: &str, keep: &str) {
        for image in self.images.values_mut() {
            if image.id != keep && image.repo_tags.iter().any(|t| t == tag) {
                Arc::make_mut(image).repo_tags.retain(|t| t != tag);
            }
        }
    }

    /// Looks an image up by id (with or without `sha256:`) or by any reference that leads to it.
    pub fn get(&self, name: &str) -> Option<&Arc<Image>> {
        if let Some(image) = self.images.get(name) {
            return Some(image);
        }
        if let Some(image) = self.images.get(&format!("sha256:{name}")) {
            return Some(image);
        }
        let reference: Reference = name.parse().ok()?;
        self.find(&reference)
    }

    /// Looks an image up by reference.
    pub fn find(&self, reference: &Reference) -> Option<&Arc<Image>> {
        if let Some(digest) = reference.digest() {
            let wanted = reference.with_digest(digest.clone()).to_string();
            return self
                .images
                .values()
                .find(|image| image.repo_digests.contains(&wanted));
        }
        let wanted = reference.tagged()?;
        self.images
            .values()
            .find(|image| image.repo_tags.contains(&wanted))
    }

    /// The image with this manifest, whatever it is called.
    pub fn by_manifest(&self, manifest: &Digest) -> Option<&Arc<Image>> {
        self.images
            .values()
            .find(|image| image.manifest == *manifest)
    }

    /// Removes an image with all its names.
    pub fn remove(&mut self, id: &str) -> Option<Arc<Image>> {
        self.images.remove(id)
    }

    /// Keeps the images that `keep` wants.
    pub fn retain(&mut self, keep: impl Fn(&Image) -> bool) {
        self.images.retain(|_, image| keep(image));
    }

    /// Fills in where each artifact is: the file does not say, so that the store can move.
    pub fn set_paths(&mut self, path: impl Fn(&Digest) -> std::path::PathBuf) {
        for image in self.images.values_mut() {
            let image = Arc::make_mut(image);
            image.artifact.path = path(&image.artifact.digest);
        }
    }

    /// All images, in the order of their ids.
    pub fn images(&self) -> impl Iterator<Item = &Arc<Image>> {
        self.images.values()
    }

    /// All content that some image uses.
    pub fn content(&self) -> BTreeSet<&Digest> {
        self.images
            .values()
            .flat_map(|image| image.content())
            .collect()
    }

    /// The file's bytes.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&File {
            version: VERSION,
            images: self.images.values().cloned().collect(),
        })
    }
}

fn insert_sorted(list: &mut Vec<String>, item: String) {
    if let Err(at) = list.binary_search(&item) {
        list.insert(at, item);
    }
}

/// Reads the file. One that is not there is an empty index.
pub fn load(path: &Path) -> Result<Index, StoreError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(gone) if gone.kind() == std::io::ErrorKind::NotFound => return Ok(Index::default()),
        Err(other) => return Err(StoreError::io(path, other)),
    };
    let wrong = |detail: String| StoreError::Index {
        path: path.display().to_string(),
        detail,
    };
    let file: File = serde_json::from_slice(&bytes).map_err(|e| wrong(e.to_string()))?;
    if file.version != VERSION {
        return Err(wrong(format!(
            "version {}, expected {VERSION}",
            file.version
        )));
    }
    Ok(Index {
        images: file
            .images
            .into_iter()
            .map(|image| (image.id.clone(), image))
            .collect(),
    })
}

/// Replaces the file in one step.
pub fn save(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        std::io::Write::write_all(&mut file, bytes)?;
        file.as_file().sync_data()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| StoreError::io(path, error))
}

#[cfg(test)]
mod tests {
    use super::super::store::{Image, WasmArtifact};
    use super::super::wasm::Kind;
    use super::*;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    fn image(name: &str) -> Image {
        let digest = Digest::of(name.as_bytes());
        Image {
            id: Digest::of(format!("config of {name}").as_bytes()).to_string(),
            manifest: Digest::of(format!("manifest of {name}").as_bytes()),
            config: Digest::of(format!("config of {name}").as_bytes()),
            repo_tags: Vec::new(),
            repo_digests: Vec::new(),
            size: 1,
            artifact: WasmArtifact {
                digest,
                size: 1,
                kind: Kind::Module,
                sees_files: true,
                path: Default::default(),
            },
            entrypoint: Vec::new(),
            cmd: Vec::new(),
            env: Vec::new(),
            workdir: String::new(),
            annotations: Default::default(),
        }
    }

    #[test]
    fn a_tag_moves() -> Outcome {
        let mut index = Index::default();
        let reference: Reference = "localhost:5000/app:v1".parse()?;
        let first = index.add(&reference, image("one"));
        let second = index.add(&reference, image("two"));
        assert_eq!(
            index.get("localhost:5000/app:v1").map(|i| &i.id),
            Some(&second.id)
        );
        let first = index
            .get(&first.id)
            .cloned()
            .ok_or("the first image stays")?;
        assert!(first.repo_tags.is_empty());
        assert_eq!(first.repo_digests.len(), 1);
        let by_digest = format!("localhost:5000/app@{}", first.manifest);
        assert_eq!(index.get(&by_digest).map(|i| &i.id), Some(&first.id));
        assert!(index.get("localhost:5000/other:v1").is_none());
        let bare = second.id.strip_prefix("sha256:").unwrap_or_default();
        assert!(index.get(bare).is_some());
        Ok(())
    }

    #[test]
    fn names_of_one_image_collect() -> Outcome {
        let mut index = Index::default();
        index.add(&"a.b/x:1".parse()?, image("one"));
        let both = index.add(&"a.b/x:2".parse()?, image("one"));
        assert_eq!(both.repo_tags, ["a.b/x:1", "a.b/x:2"]);
        assert_eq!(both.repo_digests.len(), 1);
        assert_eq!(index.images().count(), 1);
        Ok(())
    }

    #[test]
    fn the_file_reads_back() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("images.json");
        assert_eq!(load(&path)?.images().count(), 0);
        let mut index = Index::default();
        index.add(&"a.b/x:1".parse()?, image("one"));
        save(&path, &index.encode()?)?;
        assert!(load(&path)?.get("a.b/x:1").is_some());
        std::fs::write(&path, b"{\"version\":9,\"images\":[]}")?;
        assert!(matches!(load(&path), Err(StoreError::Index { .. })));
        Ok(())
    }
}
