//! Uploads in progress. They live in memory and in unfinished files: a restart of the registry ends them, and clients start again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use uuid::Uuid;

use super::error::{Error, Result};
use crate::image::content::Writer;

/// The most uploads at the same time.
pub const MAX_UPLOADS: usize = 1024;
/// How long an upload may see no request before it is dropped.
pub const IDLE_LIMIT: Duration = Duration::from_secs(60 * 60);

/// One upload. `None` once it is finished or broken.
pub type Session = Arc<tokio::sync::Mutex<Option<Writer>>>;

/// All uploads.
#[derive(Default)]
pub struct Uploads {
    open: Mutex<HashMap<Uuid, Entry>>,
}

struct Entry {
    repository: String,
    session: Session,
    used: Instant,
}

impl Uploads {
    /// Opens an upload to `repository`.
    pub fn start(&self, repository: &str, writer: Writer, now: Instant) -> Result<Uuid> {
        let mut open = self.open.lock();
        if open.len() >= MAX_UPLOADS {
            open.retain(|_, entry| now.duration_since(entry.used) < IDLE_LIMIT);
        }
        if open.len() >= MAX_UPLOADS {
            return Err(Error::too_many(format!("{MAX_UPLOADS} uploads are open")));
        }
        let id = Uuid::new_v4();
        open.insert(
            id,
            Entry {
                repository: repository.to_owned(),
                session: Arc::new(tokio::sync::Mutex::new(Some(writer))),
                used: now,
            },
        );
        Ok(id)
    }

    /// The upload of this id, if it is one to `repository`.
    pub fn get(&self, repository: &str, id: &str, now: Instant) -> Result<(Uuid, Session)> {
        let mut open = self.open.lock();
        id.parse()
            .ok()
            .and_then(|id: Uuid| Some((id, open.get_mut(&id)?)))
            .filter(|(_, entry)| entry.repository == repository)
            .map(|(id, entry)| {
                entry.used = now;
                (id, Arc::clone(&entry.session))
            })
            .ok_or_else(|| Error::upload_unknown(id))
    }

    /// Ends an upload; what was written is deleted with it unless it was committed.
    pub fn end(&self, id: &Uuid) {
        self.open.lock().remove(id);
    }

    /// Drops uploads that saw no request for [`IDLE_LIMIT`].
    pub fn expire(&self, now: Instant) {
        self.open
            .lock()
            .retain(|_, entry| now.duration_since(entry.used) < IDLE_LIMIT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Algorithm;
    use crate::image::content::Content;

    #[tokio::test]
    async fn idle_uploads_end() -> std::result::Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let content = Content::open(folder.path())?;
        let uploads = Uploads::default();
        let begin = Instant::now();
        let start = async |now| -> std::io::Result<_> {
            let writer = content.writer(Algorithm::Sha256).await?;
            let id = uploads.start("a", writer, now);
            Ok(id
                .map_err(|e| std::io::Error::other(format!("{e:?}")))?
                .to_string())
        };
        let first = start(begin).await?;
        let second = start(begin + IDLE_LIMIT / 2).await?;
        let end = begin + IDLE_LIMIT;
        uploads.expire(end);
        assert!(uploads.get("a", &first, end).is_err());
        assert!(uploads.get("b", &second, end).is_err());
        assert!(uploads.get("a", "no uuid", end).is_err());
        assert!(uploads.get("a", &second, end).is_ok());
        assert_eq!(
            std::fs::read_dir(folder.path().join("unfinished"))?.count(),
            1
        );
        Ok(())
    }
}
