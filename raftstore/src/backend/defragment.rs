//! Giving space back to the file system: everything is written into a new file, which then takes the name of the old one.
//!
//! Until the new name is on disk the old file is there, whole, and nothing is written to the new one that is not in the old
//! one, so a crash at any point leaves one of two files that say the same.

use super::{Backend, FILE, db::Open, run};
use crate::Error;

/// Name of the file while it is written.
pub const NEW_FILE: &str = "state.redb.new";

/// Why the file was not defragmented.
#[derive(Debug)]
pub enum Failure {
    /// The file is as it was.
    Unchanged(Error),
    /// Which of the files has the name after a crash is not known: nothing may be written to either.
    Unknown(Error),
}

impl Backend {
    /// Writes the file anew. The caller keeps everybody else from writing.
    pub fn defragment(&self) -> Result<(), Failure> {
        let Some(disk) = &self.disk else {
            let what = "a file that does not know where it lies cannot be defragmented";
            return Err(Failure::Unchanged(Error::Internal(what.into())));
        };
        let rewrite = || {
            disk.remove(NEW_FILE)
                .map_err(|e| Error::io(format!("removing {NEW_FILE}"), e))?;
            let new = Open::at(&**disk, NEW_FILE, self.cache_bytes)?;
            let image = self.image()?;
            run("defragmenting", || {
                let mut txn = new.db.begin_write()?;
                txn.set_quick_repair(true);
                image.copy_into(&txn)?;
                txn.commit()?;
                Ok(())
            })?;
            Ok(new)
        };
        let new = rewrite().map_err(Failure::Unchanged)?;
        let failed = |e| Error::io(format!("giving {NEW_FILE} its name"), e);
        disk.rename(NEW_FILE, FILE)
            .map_err(|e| Failure::Unchanged(failed(e)))?;
        disk.sync_dir().map_err(|e| Failure::Unknown(failed(e)))?;
        self.db.exchange(new);
        self.note_size();
        Ok(())
    }
}
