//! The ImageService, over the image store.

use std::collections::HashMap;
use std::sync::Arc;

use hydrofoil_cri::v1::{
    FilesystemIdentifier, FilesystemUsage, Image as Entry, ImageFilter, ImageFsInfoRequest,
    ImageFsInfoResponse, ImageSpec, ImageStatusRequest, ImageStatusResponse, ListImagesRequest,
    ListImagesResponse, PullImageRequest, PullImageResponse, RemoveImageRequest,
    RemoveImageResponse, UInt64Value,
};

use super::front::RUNC;
use super::query::info;
use super::{CriError, CriResult, Runtime};
use crate::clock;
use crate::containerd::{Containerd, or_gone};
use crate::image::{Auth, Cause, Image, PullError, Reference, Variant};

impl Runtime {
    /// Images that fit a filter.
    pub async fn list_images(
        self: &Arc<Self>,
        request: ListImagesRequest,
    ) -> CriResult<ListImagesResponse> {
        Ok(ListImagesResponse {
            images: self.all_images(request.filter).await?,
        })
    }

    /// Images of ours that fit a filter.
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
        let image = self.images.get(&name(request.image.clone())?);
        if image.is_none()
            && let Some(containerd) = &self.containerd
        {
            let mut client = containerd.images();
            return Ok(containerd.ask(client.image_status(request)).await?);
        }
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

    /// Pulls an image: by what it is to us or to containerd. An image that is both is containerd's for a pod that containerd runs, or
    /// when its handler is named.
    pub async fn pull_image(
        self: &Arc<Self>,
        request: PullImageRequest,
    ) -> CriResult<PullImageResponse> {
        if let Some(containerd) = &self.containerd
            && self.is_pulled_elsewhere(containerd, &request).await?
        {
            return pull_elsewhere(containerd, request).await;
        }
        let text = name(request.image.clone())?;
        let reference: Reference =
            text.parse()
                .map_err(|error: crate::image::ReferenceError| {
                    PullError::new(&text, Cause::InvalidReference(error.to_string()))
                })?;
        let auth = Auth::from_cri(request.auth.as_ref())
            .map_err(|error| CriError::Invalid(format!("credentials for {text:?}: {error}")))?;
        let pod = request.sandbox_config.iter();
        let wanted = request.image.iter().flat_map(|spec| &spec.annotations);
        let variant = Variant::of(wanted.chain(pod.flat_map(|config| &config.annotations)));
        let pulled = self.images.pull(&reference, auth, variant).await;
        match (pulled, &self.containerd) {
            (Ok(image), _) => Ok(PullImageResponse {
                image_ref: image.id.clone(),
            }),
            (Err(error), Some(containerd)) if matches!(error.cause, Cause::Container(_)) => {
                pull_elsewhere(containerd, request).await
            }
            (Err(error), _) => Err(error.into()),
        }
    }

    async fn is_pulled_elsewhere(
        &self,
        containerd: &Containerd,
        request: &PullImageRequest,
    ) -> CriResult<bool> {
        let handler = request.image.as_ref().map(|spec| &spec.runtime_handler);
        if let Some(handler) = handler.filter(|handler| !handler.is_empty()) {
            return Ok(handler == RUNC);
        }
        let pod = request.sandbox_config.as_ref();
        match pod.and_then(|config| config.metadata.as_ref()) {
            Some(pod) => self.is_elsewhere(containerd, pod).await,
            None => Ok(false),
        }
    }

    /// Removes an image; one that is not there is no error.
    pub async fn remove_image(
        self: &Arc<Self>,
        request: RemoveImageRequest,
    ) -> CriResult<RemoveImageResponse> {
        let ours = self.images.remove(&name(request.image.clone())?).await?;
        if let Some(containerd) = self.containerd.as_ref().filter(|_| !ours) {
            let mut client = containerd.images();
            return Ok(or_gone(containerd.ask(client.remove_image(request)).await)?);
        }
        Ok(RemoveImageResponse {})
    }

    /// What images take on disk.
    pub async fn image_fs_info(
        self: &Arc<Self>,
        request: ImageFsInfoRequest,
    ) -> CriResult<ImageFsInfoResponse> {
        // containerd's come first: a kubelet looks at the first alone, and containers' images are the larger.
        let mut all = match &self.containerd {
            Some(containerd) => {
                let mut client = containerd.images();
                containerd.ask(client.image_fs_info(request)).await?
            }
            None => ImageFsInfoResponse::default(),
        };
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
        all.image_filesystems.push(filesystem.clone());
        all.container_filesystems.push(filesystem);
        Ok(all)
    }
}

async fn pull_elsewhere(
    containerd: &Containerd,
    request: PullImageRequest,
) -> CriResult<PullImageResponse> {
    let mut client = containerd.images();
    Ok(containerd.ask(client.pull_image(request)).await?)
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
