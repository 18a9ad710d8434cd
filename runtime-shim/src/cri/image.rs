//! The ImageService, over the image store.

use std::collections::HashMap;
use std::sync::Arc;

use hydrofoil_cri::v1::{
    FilesystemIdentifier, FilesystemUsage, Image as Entry, ImageFilter, ImageFsInfoRequest,
    ImageFsInfoResponse, ImageSpec, ImageStatusRequest, ImageStatusResponse, ListImagesRequest,
    ListImagesResponse, PullImageRequest, PullImageResponse, RemoveImageRequest,
    RemoveImageResponse, UInt64Value,
};

use super::query::info;
use super::{CriError, CriResult, Runtime};
use crate::clock;
use crate::image::{Auth, Cause, Image, PullError, Reference};

impl Runtime {
    /// Images that fit a filter.
    pub async fn list_images(
        self: &Arc<Self>,
        request: ListImagesRequest,
    ) -> CriResult<ListImagesResponse> {
        Ok(ListImagesResponse {
            images: self.images_like(request.filter),
        })
    }

    /// Images that fit a filter.
    pub(super) fn images_like(&self, filter: Option<ImageFilter>) -> Vec<Entry> {
        let wanted = filter
            .and_then(|f| f.image)
            .map(|spec| spec.image)
            .filter(|name| !name.is_empty());
        match wanted {
            Some(name) => self.images.get(&name).iter().map(|i| entry(i)).collect(),
            None => self.images.list().iter().map(|i| entry(i)).collect(),
        }
    }

    /// One image; none is no error.
    pub async fn image_status(
        self: &Arc<Self>,
        request: ImageStatusRequest,
    ) -> CriResult<ImageStatusResponse> {
        let image = self.images.get(&name(request.image)?);
        let verbose = match &image {
            Some(image) if request.verbose => info(&serde_json::json!({
                "wasm": {
                    "digest": image.artifact.digest,
                    "kind": image.artifact.kind,
                    "size": image.artifact.size,
                },
                "annotations": image.annotations,
            })),
            _ => HashMap::new(),
        };
        Ok(ImageStatusResponse {
            image: image.map(|i| entry(&i)),
            info: verbose,
        })
    }

    /// Pulls an image.
    pub async fn pull_image(
        self: &Arc<Self>,
        request: PullImageRequest,
    ) -> CriResult<PullImageResponse> {
        let text = name(request.image)?;
        let reference: Reference =
            text.parse()
                .map_err(|error: crate::image::ReferenceError| {
                    PullError::new(&text, Cause::InvalidReference(error.to_string()))
                })?;
        let auth = Auth::from_cri(request.auth.as_ref())
            .map_err(|error| CriError::Invalid(format!("credentials for {text:?}: {error}")))?;
        let image = self.images.pull(&reference, auth).await?;
        Ok(PullImageResponse {
            image_ref: image.id.clone(),
        })
    }

    /// Removes an image; one that is not there is no error.
    pub async fn remove_image(
        self: &Arc<Self>,
        request: RemoveImageRequest,
    ) -> CriResult<RemoveImageResponse> {
        self.images.remove(&name(request.image)?).await?;
        Ok(RemoveImageResponse {})
    }

    /// What images take on disk.
    pub async fn image_fs_info(
        self: &Arc<Self>,
        _request: ImageFsInfoRequest,
    ) -> CriResult<ImageFsInfoResponse> {
        let usage = self.images.fs_usage();
        let filesystem = FilesystemUsage {
            timestamp: clock::now_nanos(),
            fs_id: Some(FilesystemIdentifier {
                mountpoint: self.images.root().display().to_string(),
            }),
            used_bytes: Some(UInt64Value { value: usage.bytes }),
            inodes_used: Some(UInt64Value {
                value: usage.inodes,
            }),
        };
        Ok(ImageFsInfoResponse {
            image_filesystems: vec![filesystem.clone()],
            container_filesystems: vec![filesystem],
        })
    }
}

fn name(spec: Option<ImageSpec>) -> CriResult<String> {
    spec.map(|spec| spec.image)
        .filter(|name| !name.is_empty())
        .ok_or_else(|| CriError::Invalid("no image is named".to_owned()))
}

fn entry(image: &Image) -> Entry {
    let mut annotations: HashMap<_, _> = image.annotations.clone().into_iter().collect();
    // The runtime's own word, whatever the manifest says.
    annotations.insert(
        hydrofoil_cri::SEES_FILES.to_owned(),
        image.artifact.sees_files.to_string(),
    );
    Entry {
        id: image.id.clone(),
        repo_tags: image.repo_tags.clone(),
        repo_digests: image.repo_digests.clone(),
        size: image.size,
        uid: None,
        username: String::new(),
        spec: Some(ImageSpec {
            image: image.id.clone(),
            annotations,
            ..ImageSpec::default()
        }),
        pinned: false,
    }
}
