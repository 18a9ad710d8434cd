//! Checksums over what the store holds, by which members and backups are compared.
//!
//! [`hash_kv`] is etcd's number to the bit: CRC-32C over the name of etcd's bucket, and over the key and the value of each of
//! its rows up to a revision, as etcd would have stored the same history. [`hash`] covers everything that a snapshot would
//! hold, as etcd computes it of its own file; it is the same on members that agree.
//!
//! Both read an image of the file, row by row; nobody who writes waits for them.

mod compaction;

use std::{collections::HashSet, ops::Bound, sync::Arc, time::Instant};

use bytes::Bytes;

use crate::{
    Error,
    backend::{Image, tables::State},
    core::Core,
    mvcc::{space::NOT_COMPACTED, version::Rev},
    rpc::ResponseHeader,
    snapshot::{facts::Facts, key_value, schema},
};

pub use self::compaction::{Compaction, Hasher, Remembered};

/// Keys of the index that are looked at under one hold of the lock.
const STEP: usize = 4_096;
/// How often a hash is begun anew because history was compacted under it.
const MAX_ATTEMPTS: usize = 16;

/// Answer to a hash, as `etcdserverpb.HashResponse`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HashResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// The hash.
    pub hash: u32,
}

/// Answer to a hash of keys, as `etcdserverpb.HashKVResponse`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HashKvResponse {
    /// Who answered, when.
    pub header: ResponseHeader,
    /// The hash.
    pub hash: u32,
    /// The compacted revision that it depends on; -1 if nothing was compacted.
    pub compact_revision: i64,
    /// The revision up to which it is.
    pub hash_revision: i64,
}

/// Calls `visit` with every row of etcd's `key` bucket, in its order, until it fails: the revision, whether it is a deletion, key, value.
fn each_row(
    image: &Image,
    mut visit: impl FnMut(Rev, bool, &[u8], &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let (mut key, mut row) = (Vec::new(), Vec::new());
    let mut versions = image.versions()?;
    while let Some(version) = versions.next_version()? {
        let value = versions.value_of(&version)?;
        let value = value.as_ref().map_or(&[][..], |value| value.value());
        let (rev, meta) = (version.rev, version.meta.as_ref());
        schema::version_key(rev, meta.is_none(), &mut key);
        key_value::encode(&version.key, rev.main, meta, value, &mut row);
        visit(rev, meta.is_none(), &key, &row)?;
    }
    Ok(())
}

/// Which of the versions at or before the compacted revision count.
enum Kept {
    /// All that are there.
    All,
    /// These.
    These(HashSet<Rev>),
}

/// The hash of keys up to `revision`, as etcd computes it.
fn hash_rows(image: &Image, compacted: i64, revision: i64, kept: &Kept) -> Result<u32, Error> {
    let mut crc = crc32c::crc32c(schema::KEY.as_bytes());
    each_row(image, |rev, tombstone, key, value| {
        let skipped = match kept {
            _ if rev.main > revision => true,
            // Versions of etcd differ in whether they keep such a deletion; their hash does not.
            _ if tombstone && rev.main == compacted => true,
            Kept::These(kept) if rev.main <= compacted => !kept.contains(&rev),
            _ => false,
        };
        if !skipped {
            crc = crc32c::crc32c_append(crc32c::crc32c_append(crc, key), value);
        }
        Ok(())
    })?;
    Ok(crc)
}

/// The versions at or before the compacted revision that a reader at `revision` sees. `None`: history was compacted meanwhile.
fn kept(core: &Core, compacted: i64, revision: i64) -> Option<Kept> {
    if compacted == NOT_COMPACTED {
        return Some(Kept::All);
    }
    let mut kept = HashSet::new();
    let mut any = false;
    let mut from: Option<Bytes> = None;
    loop {
        let space = core.space.read();
        if space.compacted != compacted {
            return None;
        }
        let start = from.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        from = space.visit_histories(start, STEP, |history| {
            if let Some(version) = history.at(revision)
                && version.is_live()
            {
                any = true;
                if version.rev.main <= compacted {
                    kept.insert(version.rev);
                }
            }
        });
        if from.is_none() {
            // etcd's rule when no key is left at all: whatever the bucket still holds counts.
            return Some(if any { Kept::These(kept) } else { Kept::All });
        }
    }
}

/// The file with everything applied in it and what compaction forgets gone from it.
async fn settled(core: &Core) -> Result<(State, Image), Error> {
    let mut before = None;
    loop {
        core.pending.compact();
        let (state, image) = core.pending.flush().await?;
        if before == Some(state.compacted) {
            return Ok((state, image));
        }
        before = Some(state.compacted);
    }
}

/// See the module header. A `revision` of 0 is the current one. At exactly a revision that was compacted since the store was
/// opened, the answer is what the compaction is [remembered](`Remembered`) by, as in etcd.
///
/// # Errors
/// [`Error::Compacted`], [`Error::FutureRev`].
pub async fn hash_kv(core: &Arc<Core>, revision: i64) -> Result<HashKvResponse, Error> {
    let begun = Instant::now();
    if let Some(known) = core.compactions.at(revision) {
        return Ok(HashKvResponse {
            header: core.header(core.revision()),
            hash: known.hash,
            compact_revision: known.before,
            hash_revision: revision,
        });
    }
    for _ in 0..MAX_ATTEMPTS {
        let (state, image) = settled(core).await?;
        let (compacted, current) = (state.compacted, state.revision);
        if revision > 0 && revision < compacted {
            return Err(Error::Compacted);
        }
        if revision > 0 && revision > current {
            return Err(Error::FutureRev);
        }
        let revision = if revision <= 0 { current } else { revision };
        let hashing = Arc::clone(core);
        let hashed = tokio::task::spawn_blocking(move || {
            let Some(kept) = kept(&hashing, compacted, revision) else {
                return Ok(None);
            };
            let hash = hash_rows(&image, compacted, revision, &kept)?;
            Ok::<_, Error>(Some(HashKvResponse {
                header: hashing.header(current),
                hash,
                compact_revision: compacted,
                hash_revision: revision,
            }))
        });
        let hashed = hashed.await.map_err(|e| Error::Internal(e.to_string()))??;
        if let Some(response) = hashed {
            core.metrics
                .hash_rev_seconds
                .observe(begun.elapsed().as_secs_f64());
            return Ok(response);
        }
    }
    Err(Error::Timeout)
}

/// See the module header.
pub async fn hash(core: &Arc<Core>) -> Result<HashResponse, Error> {
    let begun = Instant::now();
    let (state, image) = settled(core).await?;
    let header = core.header(state.revision);
    let hash = tokio::task::spawn_blocking(move || hash_image(&state, &image))
        .await
        .map_err(|e| Error::Internal(e.to_string()))??;
    core.metrics
        .hash_seconds
        .observe(begun.elapsed().as_secs_f64());
    Ok(HashResponse { header, hash })
}

/// The buckets that a snapshot would have, in the order of their names, each with its rows.
fn hash_image(state: &State, image: &Image) -> Result<u32, Error> {
    let buckets = Facts::of(state, image)?.buckets();
    let mut crc = 0;
    for name in schema::BUCKETS {
        crc = crc32c::crc32c_append(crc, name.as_bytes());
        if name == schema::KEY {
            each_row(image, |_, _, key, value| {
                crc = crc32c::crc32c_append(crc32c::crc32c_append(crc, key), value);
                Ok(())
            })?;
        }
        for (key, value) in buckets.get(name).into_iter().flatten() {
            // How far a member has come differs between members that agree.
            let own = name == schema::META
                && [schema::CONSISTENT_INDEX, schema::TERM].contains(&key.as_slice());
            if !own {
                crc = crc32c::crc32c_append(crc32c::crc32c_append(crc, key), value);
            }
        }
    }
    Ok(crc)
}
