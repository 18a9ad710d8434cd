//! Opening a file: which meta counts, how large a page is, and reading pages within the file's bounds.

use crate::{
    Bucket, Cursor, Error, Meta, ReadAt,
    format::{HEADER_BYTES, Header, Kind, MAX_PAGE_SIZE, META_BYTES, MIN_PAGE_SIZE, NO_FREELIST},
    freelist,
    page::{MAX_RUN_BYTES, Page},
};

/// A file, open for reading.
#[derive(Debug)]
pub struct Db<S> {
    source: S,
    meta: Meta,
}

impl<S: ReadAt> Db<S> {
    /// Finds the meta that counts: the valid one with the higher transaction id. What follows the last page, such as the hash
    /// of an etcd snapshot, is not looked at.
    ///
    /// # Errors
    /// [`Error::NotBolt`] if no meta is valid, [`Error::Truncated`] if the file is shorter than the meta says.
    pub fn open(source: S) -> Result<Db<S>, Error> {
        let len = source.len()?;
        let first = read_meta(&source, 0, len)?;
        let page_size = match first {
            Some(meta) => meta.page_size,
            None => {
                find_second(&source, len)?
                    .ok_or(Error::NotBolt("both meta pages are invalid"))?
                    .page_size
            }
        };
        if !page_size.is_power_of_two() || !(MIN_PAGE_SIZE..=MAX_PAGE_SIZE).contains(&page_size) {
            return Err(Error::NotBolt("a page size that no system has"));
        }
        let second = read_meta(&source, u64::from(page_size), len)?;
        let meta = [first, second]
            .into_iter()
            .flatten()
            .max_by_key(|meta| meta.txid)
            .ok_or(Error::NotBolt("both meta pages are invalid"))?;
        let meta = Meta { page_size, ..meta };
        let needed = meta.high_water.checked_mul(u64::from(page_size));
        match needed {
            Some(needed) if needed <= len => {}
            _ => {
                return Err(Error::Truncated {
                    pages: meta.high_water,
                    page_size,
                    needed: needed.unwrap_or(u64::MAX),
                    len,
                });
            }
        }
        if meta.root < 2 || meta.root >= meta.high_water {
            return Err(Error::NotBolt("the root bucket lies outside of the file"));
        }
        Ok(Db { source, meta })
    }

    /// The meta that counts.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Bytes of all pages; what bbolt calls the size of a transaction.
    pub fn size(&self) -> u64 {
        self.meta.high_water * u64::from(self.meta.page_size)
    }

    /// The bucket of buckets.
    pub fn root(&self) -> Bucket {
        Bucket::at(self.meta.root, self.meta.sequence)
    }

    /// A bucket of the root bucket, if there is one of that name.
    ///
    /// # Errors
    /// A page that is not what it should be.
    pub fn bucket(&self, name: &[u8]) -> Result<Option<Bucket>, Error> {
        let root = self.root();
        let mut cursor = Cursor::new(self, &root);
        while let Some(item) = cursor.next()? {
            if item.key == name {
                return Ok(item.bucket);
            }
        }
        Ok(None)
    }

    /// A branch or leaf page.
    pub(crate) fn page(&self, id: u64) -> Result<Page, Error> {
        let (header, bytes) = self.run(id)?;
        Page::parse(header, bytes)
    }

    /// The free pages, if their list was written.
    ///
    /// # Errors
    /// The list is not one.
    pub fn free_pages(&self) -> Result<Option<Vec<u64>>, Error> {
        if self.meta.freelist == NO_FREELIST {
            return Ok(None);
        }
        let (header, bytes) = self.run(self.meta.freelist)?;
        freelist::parse(header, &bytes).map(Some)
    }

    /// Reads a page with its overflow pages.
    pub(crate) fn run(&self, id: u64) -> Result<(Header, Vec<u8>), Error> {
        if id < 2 || id >= self.meta.high_water {
            let last = self.meta.high_water;
            return Err(Error::page(id, format!("out of bounds: {last}")));
        }
        let page_size = u64::from(self.meta.page_size);
        let mut bytes = vec![0; self.meta.page_size as usize];
        self.source.read_exact_at(&mut bytes, id * page_size)?;
        let header = Header::decode(&bytes).ok_or_else(|| Error::page(id, "invalid type"))?;
        if header.id != id {
            return Err(Error::page(id, format!("says it is page {}", header.id)));
        }
        if header.kind == Kind::Meta {
            return Err(Error::page(id, "a meta page in the middle"));
        }
        let pages = u64::from(header.overflow) + 1;
        if pages > self.meta.high_water - id {
            return Err(Error::page(
                id,
                "its overflow pages lie outside of the file",
            ));
        }
        if pages * page_size > MAX_RUN_BYTES.max(page_size) {
            return Err(Error::page(id, "more overflow pages than are believed"));
        }
        if header.overflow > 0 {
            let first = bytes.len();
            bytes.resize((pages * page_size) as usize, 0);
            self.source
                .read_exact_at(&mut bytes[first..], (id + 1) * page_size)?;
        }
        Ok((header, bytes))
    }
}

/// The meta at `offset`, if a valid one is there.
fn read_meta(source: &impl ReadAt, offset: u64, len: u64) -> Result<Option<Meta>, Error> {
    let mut page = [0; HEADER_BYTES + META_BYTES];
    if offset + page.len() as u64 > len {
        return Ok(None);
    }
    source.read_exact_at(&mut page, offset)?;
    Ok(Meta::decode(&page))
}

/// The second meta of a file whose first is damaged: it is somewhere at a page size.
fn find_second(source: &impl ReadAt, len: u64) -> Result<Option<Meta>, Error> {
    let mut page_size = MIN_PAGE_SIZE;
    while page_size <= MAX_PAGE_SIZE {
        let found = read_meta(source, u64::from(page_size), len)?;
        if found.is_some_and(|meta| meta.page_size == page_size) {
            return Ok(found);
        }
        page_size *= 2;
    }
    Ok(None)
}
