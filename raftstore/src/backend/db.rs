//! The file that is open. Defragmenting exchanges it for another one under the feet of everybody: whoever has begun to read
//! goes on reading the one before, which lives as long as its readers.

use std::{io, sync::Arc};

use parking_lot::RwLock;
use redb::{
    Database, ReadTransaction, ReadableDatabase, StorageBackend, TransactionError, WriteTransaction,
};

use super::run;
use crate::{
    Error,
    wal::disk::{Disk, DiskFile},
};

/// Lets redb use a file of our disk.
#[derive(Debug)]
pub struct Adapter(pub Arc<dyn DiskFile>);

impl StorageBackend for Adapter {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read_at(out, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write_at(data, offset)
    }
}

/// A file with its database.
#[derive(Debug)]
pub struct Open {
    /// The database.
    pub db: Database,
    /// The file.
    pub file: Arc<dyn DiskFile>,
}

impl Open {
    /// Opens a file, and makes it if it is missing.
    pub fn at(disk: &dyn Disk, name: &str, cache_bytes: usize) -> Result<Open, Error> {
        let file = disk
            .open(name)
            .map_err(|e| Error::io(format!("opening {}", disk.describe(name)), e))?;
        let file: Arc<dyn DiskFile> = Arc::from(file);
        let db = run("opening", || {
            let mut builder = Database::builder();
            builder.set_cache_size(cache_bytes);
            Ok(builder.create_with_backend(Adapter(Arc::clone(&file)))?)
        })?;
        Ok(Open { db, file })
    }
}

/// See the module header.
#[derive(Debug)]
pub struct Db(RwLock<Arc<Open>>);

impl Db {
    /// Begins with this one.
    pub fn new(open: Open) -> Self {
        Db(RwLock::new(Arc::new(open)))
    }

    /// The one that is open now.
    pub fn now(&self) -> Arc<Open> {
        Arc::clone(&self.0.read())
    }

    /// Takes another one in its place.
    pub fn exchange(&self, open: Open) {
        *self.0.write() = Arc::new(open);
    }

    /// Begins to read.
    pub fn begin_read(&self) -> Result<ReadTransaction, TransactionError> {
        self.0.read().db.begin_read()
    }

    /// Begins to write. Whoever writes must keep the file from being exchanged meanwhile.
    pub fn begin_write(&self) -> Result<WriteTransaction, TransactionError> {
        self.now().db.begin_write()
    }
}
