//! Buckets, and going through their entries in the order of keys.

use std::fmt;

use crate::{
    Db, Error, ReadAt,
    format::{BUCKET_BYTES, Header, Kind, u64_at},
    page::Page,
};

/// Deepest tree that is followed. A tree of two children a branch with as many leaves as there can be pages is less deep.
pub(crate) const MAX_DEPTH: usize = 64;

/// A bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Root page; 0 if the bucket lies inline.
    pub(crate) root: u64,
    /// The counter that bbolt keeps for `NextSequence`.
    pub sequence: u64,
    pub(crate) inline: Option<Page>,
}

impl Bucket {
    pub(crate) fn at(root: u64, sequence: u64) -> Bucket {
        Bucket {
            root,
            sequence,
            inline: None,
        }
    }

    /// Reads the value of a bucket's element; `page` is where it was found.
    pub(crate) fn parse(page: u64, value: &[u8]) -> Result<Bucket, Error> {
        let short = || Error::page(page, "a bucket's header is cut short");
        let root = u64_at(value, 0).ok_or_else(short)?;
        let sequence = u64_at(value, 8).ok_or_else(short)?;
        if root != 0 {
            return Ok(Bucket::at(root, sequence));
        }
        let bytes = value.get(BUCKET_BYTES..).ok_or_else(short)?;
        let header = Header::decode(bytes).ok_or_else(short)?;
        if header.kind != Kind::Leaf || header.overflow != 0 {
            return Err(Error::page(page, "an inline bucket that is not one leaf"));
        }
        let inline = Page::parse(Header { id: page, ..header }, bytes.to_vec())?;
        Ok(Bucket {
            root,
            sequence,
            inline: Some(inline),
        })
    }
}

/// An entry of a bucket.
#[derive(Debug)]
pub struct Item<'a> {
    /// The key.
    pub key: &'a [u8],
    /// The value; empty of a bucket.
    pub value: &'a [u8],
    /// The bucket, if the entry is one.
    pub bucket: Option<Bucket>,
}

/// Goes through a bucket's entries in the order of their keys.
pub struct Cursor<'d, S> {
    db: &'d Db<S>,
    /// From the root down: a page, and which of its elements comes next.
    path: Vec<(Page, usize)>,
    /// A page to go to first.
    next: Option<u64>,
    /// Pages that may still be read: a tree that needs more than the file has goes in circles.
    left: u64,
}

impl<S> fmt::Debug for Cursor<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursor").finish_non_exhaustive()
    }
}

impl<'d, S: ReadAt> Cursor<'d, S> {
    /// Before the first entry.
    pub fn new(db: &'d Db<S>, bucket: &Bucket) -> Self {
        Cursor {
            db,
            path: bucket.inline.iter().map(|page| (page.clone(), 0)).collect(),
            next: bucket.inline.is_none().then_some(bucket.root),
            left: db.meta().high_water,
        }
    }

    /// The next entry; `None` after the last.
    ///
    /// # Errors
    /// A page that is not what it should be, or a tree that goes in circles.
    #[expect(
        clippy::should_implement_trait,
        reason = "what it returns is borrowed from it"
    )]
    pub fn next(&mut self) -> Result<Option<Item<'_>>, Error> {
        loop {
            if let Some(id) = self.next.take() {
                self.descend(id)?;
            }
            let Some((page, index)) = self.path.last_mut() else {
                return Ok(None);
            };
            if *index >= page.count() {
                self.path.pop();
                continue;
            }
            *index += 1;
            match page.branch(*index - 1) {
                Some(branch) => self.next = Some(branch.child),
                None => break,
            }
        }
        let Some((page, index)) = self.path.last() else {
            return Ok(None);
        };
        let leaf = page
            .leaf(*index - 1)
            .ok_or_else(|| Error::page(page.id, "an element that is none"))?;
        let bucket = leaf
            .is_bucket
            .then(|| Bucket::parse(page.id, leaf.value))
            .transpose()?;
        Ok(Some(Item {
            key: leaf.key,
            value: if leaf.is_bucket { &[] } else { leaf.value },
            bucket,
        }))
    }

    fn descend(&mut self, id: u64) -> Result<(), Error> {
        if self.path.len() >= MAX_DEPTH || self.left == 0 {
            return Err(Error::page(id, "the tree above goes in circles"));
        }
        self.left -= 1;
        self.path.push((self.db.page(id)?, 0));
        Ok(())
    }
}
