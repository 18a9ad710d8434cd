//! Going through the versions that an image holds, in the order of revisions: without values, or joined with them. Both tables
//! are walked once, side by side.

use bytes::Bytes;
use redb::{AccessGuard, Range};

use super::{
    FILE, Image,
    tables::{META, VALUES, decode_meta, rev_key, rev_of},
};
use crate::{
    Error,
    mvcc::version::{Meta, Rev},
};

type RevisionKey = (u64, u32);
type Rows = Range<'static, RevisionKey, &'static [u8]>;

/// A version without its value.
#[derive(Debug)]
pub struct StoredVersion {
    /// When it was made.
    pub rev: Rev,
    /// The key.
    pub key: Bytes,
    /// What is known of it; `None` of a tombstone.
    pub meta: Option<Meta>,
}

/// See the module header.
pub struct Versions {
    rows: Option<Rows>,
    values: Option<Rows>,
}

impl std::fmt::Debug for Versions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Versions").finish_non_exhaustive()
    }
}

impl Image {
    /// The versions there are.
    pub fn versions(&self) -> Result<Versions, Error> {
        super::run("reading", || {
            let all = ..;
            Ok(Versions {
                rows: match self.table(META)? {
                    Some(table) => Some(table.range::<RevisionKey>(all)?),
                    None => None,
                },
                values: match self.table(VALUES)? {
                    Some(table) => Some(table.range::<RevisionKey>(all)?),
                    None => None,
                },
            })
        })
    }
}

impl Versions {
    /// The next version without its value.
    pub fn next_version(&mut self) -> Result<Option<StoredVersion>, Error> {
        let row = self.rows.as_mut().and_then(Iterator::next);
        let Some(row) = row else {
            return Ok(None);
        };
        let (rev, row) = super::run("reading", || Ok(row?))?;
        let rev = rev_of(rev.value());
        let (key, meta) =
            decode_meta(row.value()).map_err(|problem| corrupt(rev, &problem.to_string()))?;
        Ok(Some(StoredVersion { rev, key, meta }))
    }

    /// The value of a version, if it has one. Versions must be asked for in order, none with a value left out.
    pub fn value_of(
        &mut self,
        version: &StoredVersion,
    ) -> Result<Option<AccessGuard<'static, &'static [u8]>>, Error> {
        let length = version.meta.map_or(0, |meta| meta.value_len);
        if length == 0 {
            return Ok(None);
        }
        let row = self.values.as_mut().and_then(Iterator::next);
        let row = row.ok_or_else(|| corrupt(version.rev, "its value is missing"))?;
        let (rev, value) = super::run("reading", || Ok(row?))?;
        if rev.value() != rev_key(version.rev) || value.value().len() != length as usize {
            return Err(corrupt(version.rev, "its value is that of another"));
        }
        Ok(Some(value))
    }
}

fn corrupt(rev: Rev, what: &str) -> Error {
    Error::Corrupt {
        file: FILE.to_owned(),
        offset: 0,
        what: format!("the version of revision {}.{}: {what}", rev.main, rev.sub),
    }
}
