//! Writing a file from buckets whose entries come in the order of their keys, in two passes: the first is told lengths alone
//! and finds out how many pages there will be; the second is told the entries and yields the pages in order, metas first.
//! Memory holds one page for each level of a tree, however large the file is.
//!
//! Pages are numbered in the order in which they are full, so a branch comes after what is below it; a file that is read from
//! front to back is read in the order of keys.
//!
//! - `tree`: filling the pages of one bucket.

mod tree;

use self::tree::{Data, Pages, Tree};
use crate::{
    Error, MAX_KEY_BYTES, MAX_PAGE_SIZE, MAX_VALUE_BYTES, MIN_PAGE_SIZE, Meta,
    format::{BUCKET_BYTES, Header, Kind},
};

/// Page of the list of free pages, which is empty.
const FREELIST_PAGE: u64 = 2;
/// First page of a tree.
const FIRST_PAGE: u64 = 3;
/// The transaction of the first meta; the second is of the one before.
const TXID: u64 = 2;

/// What the first pass found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    page_size: u32,
    root: u64,
    pages: u64,
}

impl Layout {
    /// Bytes of the file.
    pub fn total_bytes(&self) -> u64 {
        self.pages * u64::from(self.page_size)
    }
}

/// The first pass.
#[derive(Debug)]
pub struct Plan(Passing);

impl Plan {
    /// A file with pages of `page_size` bytes.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if that is no power of two between [`MIN_PAGE_SIZE`] and 65,536 (a page's count has 16 bits).
    pub fn new(page_size: u32) -> Result<Plan, Error> {
        let largest = MAX_PAGE_SIZE.min(1 << 16);
        if !page_size.is_power_of_two() || !(MIN_PAGE_SIZE..=largest).contains(&page_size) {
            return Err(Error::Unwritable("a page size that no system has"));
        }
        Ok(Plan(Passing::new(page_size)))
    }

    /// Begins a bucket; buckets come in the order of their names.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if the name is empty or too long.
    pub fn bucket(&mut self, name: &[u8]) -> Result<(), Error> {
        self.0.bucket(name, &mut None)
    }

    /// The next entry of the bucket, in bytes.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if bbolt would not take it.
    pub fn entry(&mut self, key: usize, value: usize) -> Result<(), Error> {
        let entry = (Data::Length(key), Data::Length(value));
        self.0.entry(entry.0, entry.1, &mut None)
    }

    /// Ends the pass.
    ///
    /// # Errors
    /// [`Error::Unwritable`] if there is no room for more pages.
    pub fn finish(self) -> Result<Layout, Error> {
        let page_size = self.0.pages.page_size as u32;
        let (root, pages) = self.0.finish(&mut None)?;
        Ok(Layout {
            page_size,
            root,
            pages,
        })
    }
}

/// The second pass. Every call appends the pages that it completes to `out`, which the caller empties when it likes.
#[derive(Debug)]
pub struct Writer {
    passing: Passing,
    layout: Layout,
    last_key: Vec<u8>,
    last_bucket: Vec<u8>,
}

impl Writer {
    /// Begins the file: its metas and its list of free pages.
    pub fn new(layout: Layout, out: &mut Vec<u8>) -> Writer {
        let page_size = layout.page_size;
        for id in [0, 1] {
            let meta = Meta {
                page_size,
                root: layout.root,
                sequence: 0,
                freelist: FREELIST_PAGE,
                high_water: layout.pages,
                txid: TXID - id,
            };
            meta.encode(id, out);
        }
        let begin = out.len();
        let header = Header {
            id: FREELIST_PAGE,
            kind: Kind::Freelist,
            count: 0,
            overflow: 0,
        };
        header.encode(out);
        out.resize(begin + page_size as usize, 0);
        Writer {
            passing: Passing::new(page_size),
            layout,
            last_key: Vec::new(),
            last_bucket: Vec::new(),
        }
    }

    /// Begins a bucket.
    ///
    /// # Errors
    /// [`Error::LayoutBroken`] if the order of names is broken, or more pages come than were laid out.
    pub fn bucket(&mut self, name: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        if name <= self.last_bucket.as_slice() {
            return Err(Error::LayoutBroken("buckets are not in the order of names"));
        }
        replace(&mut self.last_bucket, name);
        self.last_key.clear();
        self.passing.bucket(name, &mut Some(out))?;
        self.in_bounds()
    }

    /// The next entry of the bucket.
    ///
    /// # Errors
    /// [`Error::LayoutBroken`] if the order of keys is broken, or more pages come than were laid out.
    pub fn entry(&mut self, key: &[u8], value: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        if key <= self.last_key.as_slice() {
            return Err(Error::LayoutBroken("entries are not in the order of keys"));
        }
        replace(&mut self.last_key, key);
        let entry = (Data::Bytes(key), Data::Bytes(value));
        self.passing.entry(entry.0, entry.1, &mut Some(out))?;
        self.in_bounds()
    }

    /// Ends the file.
    ///
    /// # Errors
    /// [`Error::LayoutBroken`] if it did not become what was laid out: the file is then worthless.
    pub fn finish(self, out: &mut Vec<u8>) -> Result<(), Error> {
        let (root, pages) = self.passing.finish(&mut Some(out))?;
        if (root, pages) != (self.layout.root, self.layout.pages) {
            return Err(Error::LayoutBroken("there are fewer entries"));
        }
        Ok(())
    }

    fn in_bounds(&self) -> Result<(), Error> {
        if self.passing.pages.next > self.layout.pages {
            return Err(Error::LayoutBroken("there are more or longer entries"));
        }
        Ok(())
    }
}

fn replace(kept: &mut Vec<u8>, new: &[u8]) {
    kept.clear();
    kept.extend_from_slice(new);
}

/// What both passes do.
#[derive(Debug)]
struct Passing {
    pages: Pages,
    root: Tree,
    /// The bucket under way and its name.
    current: Option<(Vec<u8>, Tree)>,
}

/// Where completed pages go; nowhere in the first pass.
type Out<'a> = Option<&'a mut Vec<u8>>;

impl Passing {
    fn new(page_size: u32) -> Passing {
        Passing {
            pages: Pages {
                page_size: page_size as usize,
                next: FIRST_PAGE,
            },
            root: Tree::default(),
            current: None,
        }
    }

    fn bucket(&mut self, name: &[u8], out: &mut Out<'_>) -> Result<(), Error> {
        check_key(name.len())?;
        self.end_bucket(out)?;
        self.current = Some((name.to_vec(), Tree::default()));
        Ok(())
    }

    fn entry(&mut self, key: Data<'_>, value: Data<'_>, out: &mut Out<'_>) -> Result<(), Error> {
        check_key(key.len())?;
        if value.len() > MAX_VALUE_BYTES {
            return Err(Error::Unwritable("a value that is too long"));
        }
        let Some((_, tree)) = &mut self.current else {
            return Err(Error::Unwritable("an entry outside of a bucket"));
        };
        tree.add(key, value, false, &mut self.pages, out);
        Ok(())
    }

    /// Puts the bucket under way, if there is one, into the root bucket.
    fn end_bucket(&mut self, out: &mut Out<'_>) -> Result<(), Error> {
        let Some((name, tree)) = self.current.take() else {
            return Ok(());
        };
        let mut value = Vec::with_capacity(BUCKET_BYTES);
        if let Some(inline) = tree.inline(self.pages.page_size) {
            // Root page 0, sequence 0, then the page itself.
            value.resize(BUCKET_BYTES, 0);
            value.extend_from_slice(&inline);
        } else {
            let root = tree.finish(&mut self.pages, out);
            value.extend_from_slice(&root.to_le_bytes());
            value.resize(BUCKET_BYTES, 0);
        }
        let entry = (Data::Bytes(&name), Data::Bytes(&value));
        self.root.add(entry.0, entry.1, true, &mut self.pages, out);
        Ok(())
    }

    /// Returns the root bucket's root page, and how many pages there are.
    fn finish(mut self, out: &mut Out<'_>) -> Result<(u64, u64), Error> {
        self.end_bucket(out)?;
        let root = self.root.finish(&mut self.pages, out);
        Ok((root, self.pages.next))
    }
}

fn check_key(len: usize) -> Result<(), Error> {
    match len {
        0 => Err(Error::Unwritable("an empty key")),
        len if len > MAX_KEY_BYTES => Err(Error::Unwritable("a key that is too long")),
        _ => Ok(()),
    }
}
