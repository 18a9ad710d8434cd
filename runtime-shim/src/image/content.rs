//! Content on disk, one file per digest: `blobs/<algorithm>/<hex>`.
//!
//! A file under its digest's name is complete and was verified when it got there: it is written elsewhere, synced, and renamed.

use std::path::{Path, PathBuf};

use tokio::fs::File;
use tokio::io::{AsyncWriteExt, BufWriter};

use super::digest::{Algorithm, Digest, Hasher};

/// How much is collected before the file is written, in bytes.
const WRITE_BUFFER_BYTES: usize = 256 << 10;

/// The folder of content.
#[derive(Clone, Debug)]
pub struct Content {
    blobs: PathBuf,
    unfinished: PathBuf,
}

/// Why a blob could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The bytes are not those of the digest.
    #[error("content has digest {actual}, expected {expected}")]
    Digest {
        /// What was asked for.
        expected: Digest,
        /// What came.
        actual: Digest,
    },
    /// The disk.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Content {
    /// Opens `root`, making what is missing and deleting what an earlier process left unfinished.
    pub fn open(root: &Path) -> std::io::Result<Self> {
        let content = Self {
            blobs: root.join("blobs"),
            unfinished: root.join("unfinished"),
        };
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            std::fs::create_dir_all(content.blobs.join(algorithm.name()))?;
        }
        match std::fs::remove_dir_all(&content.unfinished) {
            Ok(()) => {}
            Err(gone) if gone.kind() == std::io::ErrorKind::NotFound => {}
            Err(other) => return Err(other),
        }
        std::fs::create_dir_all(&content.unfinished)?;
        Ok(content)
    }

    /// Where the content of `digest` is, or would be.
    pub fn path(&self, digest: &Digest) -> PathBuf {
        self.blobs
            .join(digest.algorithm().name())
            .join(digest.hex())
    }

    /// The size of the content in bytes, if it is here.
    pub fn size(&self, digest: &Digest) -> Option<u64> {
        std::fs::metadata(self.path(digest))
            .ok()
            .map(|metadata| metadata.len())
    }

    /// Every digest that is here.
    pub fn digests(&self) -> std::io::Result<Vec<Digest>> {
        let mut digests = Vec::new();
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            for entry in std::fs::read_dir(self.blobs.join(algorithm.name()))? {
                let name = entry?.file_name();
                if let Some(hex) = name.to_str()
                    && let Ok(digest) = format!("{}:{hex}", algorithm.name()).parse()
                {
                    digests.push(digest);
                }
            }
        }
        Ok(digests)
    }

    /// Deletes the content of `digest`, if it is here.
    pub fn remove(&self, digest: &Digest) {
        if let Err(error) = std::fs::remove_file(self.path(digest))
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%digest, %error, "content stays on disk");
        }
    }

    /// Keeps small content that is already in memory.
    pub async fn put(&self, bytes: &[u8]) -> Result<Digest, CommitError> {
        let digest = Digest::of(bytes);
        if self.size(&digest) == Some(bytes.len() as u64) {
            return Ok(digest);
        }
        let mut writer = self.writer(Algorithm::Sha256).await?;
        writer.write(bytes).await?;
        writer.commit(&digest).await?;
        Ok(digest)
    }

    /// Starts new content.
    pub async fn writer(&self, algorithm: Algorithm) -> std::io::Result<Writer> {
        let (file, path) = self.unfinished_file()?;
        Ok(Writer {
            content: self.clone(),
            file: BufWriter::with_capacity(WRITE_BUFFER_BYTES, File::from_std(file)),
            path,
            algorithm,
            hasher: Hasher::new(algorithm),
            written: 0,
        })
    }

    /// A new empty file that is deleted unless [`Content::adopt`] keeps it.
    pub fn unfinished_file(&self) -> std::io::Result<(std::fs::File, tempfile::TempPath)> {
        Ok(tempfile::NamedTempFile::new_in(&self.unfinished)?.into_parts())
    }

    /// Makes a finished file, whose digest the caller has computed, the content of `digest`.
    pub fn adopt(
        &self,
        file: &std::fs::File,
        path: tempfile::TempPath,
        digest: &Digest,
    ) -> std::io::Result<()> {
        file.sync_data()?;
        path.persist(self.path(digest)).map_err(|error| error.error)
    }
}

/// Content on its way in. Dropped before [`Writer::commit`], it leaves nothing.
pub struct Writer {
    content: Content,
    file: BufWriter<File>,
    path: tempfile::TempPath,
    algorithm: Algorithm,
    hasher: Hasher,
    written: u64,
}

impl Writer {
    /// Bytes so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Adds the next bytes.
    pub async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.hasher.update(bytes);
        self.written += bytes.len() as u64;
        self.file.write_all(bytes).await
    }

    /// Forgets what was written.
    pub async fn restart(&mut self) -> std::io::Result<()> {
        use tokio::io::AsyncSeekExt;
        self.file.flush().await?;
        self.file.get_mut().set_len(0).await?;
        self.file
            .get_mut()
            .seek(std::io::SeekFrom::Start(0))
            .await?;
        self.hasher = Hasher::new(self.algorithm);
        self.written = 0;
        Ok(())
    }

    /// Checks the digest and moves the file into place. A digest of another algorithm than the one hashed with on the way costs a
    /// second reading.
    pub async fn commit(mut self, expected: &Digest) -> Result<(), CommitError> {
        self.file.flush().await?;
        self.file.get_ref().sync_data().await?;
        let actual = if expected.algorithm() == self.algorithm {
            self.hasher.finish()
        } else {
            rehash(self.path.to_path_buf(), expected.algorithm()).await?
        };
        if actual != *expected {
            return Err(CommitError::Digest {
                expected: expected.clone(),
                actual,
            });
        }
        self.path
            .persist(self.content.path(expected))
            .map_err(|error| error.error)?;
        Ok(())
    }
}

async fn rehash(path: PathBuf, algorithm: Algorithm) -> std::io::Result<Digest> {
    let hash = move || {
        let mut hasher = Hasher::new(algorithm);
        let mut file = std::fs::File::open(path)?;
        let mut buffer = vec![0; WRITE_BUFFER_BYTES];
        loop {
            match std::io::Read::read(&mut file, &mut buffer)? {
                0 => return Ok(hasher.finish()),
                read => hasher.update(&buffer[..read]),
            }
        }
    };
    tokio::task::spawn_blocking(hash)
        .await
        .map_err(std::io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    #[tokio::test]
    async fn only_the_right_bytes_get_a_name() -> Outcome {
        let folder = tempfile::tempdir()?;
        let content = Content::open(folder.path())?;
        let digest = Digest::of(b"abc");
        let mut writer = content.writer(Algorithm::Sha256).await?;
        writer.write(b"ab").await?;
        assert!(matches!(
            writer.commit(&digest).await,
            Err(CommitError::Digest { .. })
        ));
        assert_eq!(content.size(&digest), None);

        let mut writer = content.writer(Algorithm::Sha256).await?;
        writer.write(b"wrong").await?;
        writer.restart().await?;
        writer.write(b"abc").await?;
        writer.commit(&digest).await?;
        assert_eq!(content.size(&digest), Some(3));
        assert_eq!(content.digests()?.as_slice(), std::slice::from_ref(&digest));
        assert_eq!(
            std::fs::read_dir(folder.path().join("unfinished"))?.count(),
            0
        );

        content.remove(&digest);
        assert_eq!(content.size(&digest), None);
        Ok(())
    }

    #[tokio::test]
    async fn opening_clears_what_was_unfinished() -> Outcome {
        let folder = tempfile::tempdir()?;
        Content::open(folder.path())?;
        std::fs::write(folder.path().join("unfinished/x"), b"half")?;
        Content::open(folder.path())?;
        assert_eq!(
            std::fs::read_dir(folder.path().join("unfinished"))?.count(),
            0
        );
        Ok(())
    }
}
