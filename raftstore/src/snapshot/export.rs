//! Writing an image of our state as an etcd snapshot: first a pass over keys that lays the file out, then one that writes it,
//! then the hash. Memory holds a few pages, whatever the size.

use bytes::Bytes;
use hydrofoil_bolt::{Layout, Plan, Writer};
use sha2::{Digest, Sha256};

use super::{
    SnapshotError,
    facts::{Buckets, Facts},
    file::HASH_BYTES,
    key_value, schema,
};
use crate::backend::Image;

/// Bytes of a page of the files that we write; etcd's on most machines.
const PAGE_BYTES: u32 = 4096;
/// Most bytes of a chunk, as etcd sends them.
pub const CHUNK_BYTES: usize = 32 << 10;

/// A part of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotChunk {
    /// Its bytes.
    pub blob: Bytes,
    /// Bytes of the database that come after it; the hash, which comes last, is not counted.
    pub remaining_bytes: u64,
}

/// An image that is laid out.
#[derive(Debug)]
pub struct Export {
    image: Image,
    buckets: Buckets,
    layout: Layout,
}

impl Export {
    /// Lays an image out.
    ///
    /// # Errors
    /// The image cannot be read.
    pub fn new(image: Image, facts: &Facts) -> Result<Export, SnapshotError> {
        let buckets = facts.buckets();
        let mut plan = Plan::new(PAGE_BYTES)?;
        for name in schema::BUCKETS {
            plan.bucket(name.as_bytes())?;
            if name == schema::KEY {
                plan_versions(&image, &mut plan)?;
            } else {
                for (key, value) in buckets.get(name).into_iter().flatten() {
                    plan.entry(key.len(), value.len())?;
                }
            }
        }
        Ok(Export {
            image,
            buckets,
            layout: plan.finish()?,
        })
    }

    /// Bytes of the database, the hash not counted.
    pub fn database_bytes(&self) -> u64 {
        self.layout.total_bytes()
    }

    /// Writes it. `send` is given every chunk in turn; when it says stop (`false`), nobody wants more.
    ///
    /// # Errors
    /// The image cannot be read.
    pub fn write(&self, send: &mut dyn FnMut(SnapshotChunk) -> bool) -> Result<(), SnapshotError> {
        let mut output = Output {
            page: Vec::with_capacity(2 * CHUNK_BYTES),
            hash: Sha256::new(),
            left: self.database_bytes(),
            send,
        };
        if self.write_database(&mut output)? {
            let hash: [u8; HASH_BYTES as usize] = output.hash.finalize().into();
            (output.send)(SnapshotChunk {
                blob: Bytes::copy_from_slice(&hash),
                remaining_bytes: 0,
            });
        }
        Ok(())
    }

    /// Returns whether somebody wants all of it.
    fn write_database(&self, output: &mut Output<'_>) -> Result<bool, SnapshotError> {
        let mut writer = Writer::new(self.layout, &mut output.page);
        for name in schema::BUCKETS {
            writer.bucket(name.as_bytes(), &mut output.page)?;
            if name == schema::KEY {
                if !self.write_versions(&mut writer, output)? {
                    return Ok(false);
                }
                continue;
            }
            for (key, value) in self.buckets.get(name).into_iter().flatten() {
                writer.entry(key, value, &mut output.page)?;
                if !output.pass_on() {
                    return Ok(false);
                }
            }
        }
        writer.finish(&mut output.page)?;
        Ok(output.pass_all_on())
    }

    fn write_versions(
        &self,
        writer: &mut Writer,
        output: &mut Output<'_>,
    ) -> Result<bool, SnapshotError> {
        let mut versions = self.image.versions()?;
        let (mut key, mut row) = (Vec::new(), Vec::new());
        while let Some(version) = versions.next_version()? {
            let meta = version.meta.as_ref();
            let value = versions.value_of(&version)?;
            let value = value.as_ref().map_or(&[][..], |value| value.value());
            schema::version_key(version.rev, meta.is_none(), &mut key);
            key_value::encode(&version.key, version.rev.main, meta, value, &mut row);
            writer.entry(&key, &row, &mut output.page)?;
            if !output.pass_on() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn plan_versions(image: &Image, plan: &mut Plan) -> Result<(), SnapshotError> {
    let mut versions = image.versions()?;
    while let Some(version) = versions.next_version()? {
        let meta = version.meta.as_ref();
        plan.entry(
            schema::version_key_len(meta.is_none()),
            key_value::encoded_len(version.key.len(), version.rev.main, meta),
        )?;
    }
    Ok(())
}

/// Pages that were written and not handed on yet.
struct Output<'a> {
    page: Vec<u8>,
    hash: Sha256,
    left: u64,
    send: &'a mut dyn FnMut(SnapshotChunk) -> bool,
}

impl Output<'_> {
    /// Hands chunks on if there is enough for one.
    fn pass_on(&mut self) -> bool {
        self.page.len() < CHUNK_BYTES || self.pass_all_on()
    }

    fn pass_all_on(&mut self) -> bool {
        let page = std::mem::replace(&mut self.page, Vec::with_capacity(2 * CHUNK_BYTES));
        let mut page = Bytes::from(page);
        self.hash.update(&page);
        while !page.is_empty() {
            let blob = page.split_to(page.len().min(CHUNK_BYTES));
            self.left = self.left.saturating_sub(blob.len() as u64);
            let chunk = SnapshotChunk {
                blob,
                remaining_bytes: self.left,
            };
            if !(self.send)(chunk) {
                return false;
            }
        }
        true
    }
}
