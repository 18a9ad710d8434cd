//! The state machine's file on its way to another member: rows of all tables, in pieces of bounded size, and the file beside
//! our own that they are gathered in.
//!
//! A row is the number of its table (see `each_table`), its key and its value, each as redb keeps them, with their lengths.

use std::{ops::Bound, sync::Arc};

use redb::{
    Database, Durability, ReadOnlyTable, ReadableDatabase, TableDefinition, WriteTransaction,
};
use sha2::{Digest, Sha256};

use super::{
    Image,
    db::Adapter,
    run,
    tables::{State, each_table},
};
use crate::{
    Error,
    codec::{Malformed, Reader, put_bytes},
    wal::disk::Disk,
};

/// Bytes of rows after which a piece is full. One row may be longer.
const PIECE_BYTES: usize = 256 << 10;
/// Name of the file that is gathered.
pub const INCOMING: &str = "incoming.redb";
/// Cache of that file, in bytes: what was not written yet lies there.
const CACHE_BYTES: usize = 8 << 20;

/// How far an image was read.
#[derive(Debug, Default)]
pub struct Cursor {
    table: u8,
    after: Option<Vec<u8>>,
}

/// Adds rows of one table to `out` until it is full. Returns the last key if there is more.
fn take<K: redb::Key + 'static, V: redb::Value + 'static>(
    table: &ReadOnlyTable<K, V>,
    number: u8,
    after: Option<&[u8]>,
    out: &mut Vec<u8>,
) -> Result<Option<Vec<u8>>, redb::Error> {
    let rows = match after {
        None => table.range::<K::SelfType<'_>>(..)?,
        Some(key) => table.range((Bound::Excluded(K::from_bytes(key)), Bound::Unbounded))?,
    };
    for row in rows {
        let (key, value) = row?;
        let (key, value) = (key.value(), value.value());
        let key = K::as_bytes(&key);
        out.push(number);
        put_bytes(out, key.as_ref());
        put_bytes(out, V::as_bytes(&value).as_ref());
        if out.len() >= PIECE_BYTES {
            return Ok(Some(key.as_ref().to_vec()));
        }
    }
    Ok(None)
}

impl Image {
    /// The next rows; empty at the end.
    pub fn piece(&self, cursor: &mut Cursor) -> Result<Vec<u8>, Error> {
        run("reading", || {
            let mut out = Vec::new();
            macro_rules! take_table {
                ($number:literal, $table:expr) => {
                    if cursor.table == $number {
                        let more = match self.table($table)? {
                            Some(table) => {
                                take(&table, $number, cursor.after.as_deref(), &mut out)?
                            }
                            None => None,
                        };
                        cursor.after = more;
                        if cursor.after.is_some() {
                            return Ok(out);
                        }
                        cursor.table += 1;
                    }
                };
            }
            each_table!(take_table);
            Ok(out)
        })
    }
}

/// A file that is gathered beside our own.
#[derive(Debug)]
pub struct Incoming {
    db: Database,
    disk: Arc<dyn Disk>,
    hash: Sha256,
}

impl Incoming {
    /// Begins one, in the place of what an earlier transfer left.
    pub fn begin(disk: Arc<dyn Disk>) -> Result<Incoming, Error> {
        let failed = |e| Error::io(format!("making {}", disk.describe(INCOMING)), e);
        disk.remove(INCOMING).map_err(failed)?;
        let file = Arc::from(disk.open(INCOMING).map_err(failed)?);
        let db = run("making", || {
            let mut builder = Database::builder();
            builder.set_cache_size(CACHE_BYTES);
            Ok(builder.create_with_backend(Adapter(file))?)
        })?;
        Ok(Incoming {
            db,
            disk,
            hash: Sha256::new(),
        })
    }

    /// Adds a piece.
    pub fn add(&mut self, rows: &[u8]) -> Result<(), Error> {
        self.hash.update(rows);
        let corrupt = |what: Malformed| Error::Corrupt {
            file: INCOMING.into(),
            offset: 0,
            what: what.to_string(),
        };
        let mut txn = run("gathering", || Ok(self.db.begin_write()?))?;
        run("gathering", || {
            // It is worth nothing until it is whole, and then it is copied into our own file.
            Ok(txn.set_durability(Durability::None)?)
        })?;
        let mut reader = Reader::new(rows);
        while !reader.rest().is_empty() {
            let number = reader.u8().map_err(corrupt)?;
            let key = reader.slice().map_err(corrupt)?;
            let value = reader.slice().map_err(corrupt)?;
            let put = put_row(&txn, number, key, value)?;
            put.map_err(corrupt)?;
        }
        run("gathering", || Ok(txn.commit()?))
    }

    /// The file, if it is what was sent.
    pub fn finish(self, sha256: &[u8]) -> Result<(State, Image), Error> {
        if self.hash.clone().finalize().as_slice() != sha256 {
            return Err(Error::Corrupt {
                file: INCOMING.into(),
                offset: 0,
                what: "the checksum of a snapshot does not match".into(),
            });
        }
        let txn = run("reading", || Ok(self.db.begin_read()?))?;
        let image = Image {
            txn: Arc::new(txn),
            _incoming: Some(Arc::new(self)),
        };
        let state = image.state()?.unwrap_or_default();
        Ok((state, image))
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // What stays is removed before the next transfer.
        if let Err(error) = self.disk.remove(INCOMING) {
            tracing::warn!(%error, "a received snapshot that is not needed any more stays");
        }
    }
}

fn put_row(
    txn: &WriteTransaction,
    number: u8,
    key: &[u8],
    value: &[u8],
) -> Result<Result<(), Malformed>, Error> {
    run("gathering", || {
        macro_rules! put_table {
            ($number:literal, $table:expr) => {
                if number == $number {
                    return put(txn, $table, key, value);
                }
            };
        }
        each_table!(put_table);
        Ok(Err(Malformed("a row of a table that is not known")))
    })
}

fn put<K: redb::Key + 'static, V: redb::Value + 'static>(
    txn: &WriteTransaction,
    definition: TableDefinition<'_, K, V>,
    key: &[u8],
    value: &[u8],
) -> Result<Result<(), Malformed>, redb::Error> {
    let fits = |width: Option<usize>, bytes: &[u8]| width.is_none_or(|width| width == bytes.len());
    if !fits(K::fixed_width(), key) || !fits(V::fixed_width(), value) {
        return Ok(Err(Malformed("a row of another length")));
    }
    // What is made of these below would be a panic.
    let is_text = K::type_name() == <&str as redb::Value>::type_name();
    let has_flag = V::type_name() == <(bool, u64) as redb::Value>::type_name();
    if is_text && std::str::from_utf8(key).is_err() {
        return Ok(Err(Malformed("a name that is no text")));
    }
    if has_flag && value.first().is_none_or(|flag| *flag > 1) {
        return Ok(Err(Malformed("a flag that is neither set nor not")));
    }
    txn.open_table(definition)?
        .insert(K::from_bytes(key), V::from_bytes(value))?;
    Ok(Ok(()))
}
