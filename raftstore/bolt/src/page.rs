//! One branch or leaf page in memory, its overflow pages included. Its elements are checked when it is read, so that looking at
//! them cannot go astray.

use crate::{
    Error,
    format::{BUCKET_FLAG, ELEMENT_BYTES, HEADER_BYTES, Header, Kind, u32_at, u64_at},
};

/// Most bytes that a page and its overflow pages may have. bbolt keeps at most a handful of values in a page that overflows,
/// and etcd's requests are of 1.5 MiB unless that is changed; the bound keeps a flipped bit from asking for the whole memory.
pub const MAX_RUN_BYTES: u64 = 256 << 20;

/// A branch or leaf page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its number; 0 of an inline bucket's page.
    pub id: u64,
    /// Branch or leaf.
    pub kind: Kind,
    count: usize,
    bytes: Vec<u8>,
}

/// One element of a leaf.
#[derive(Clone, Copy, Debug)]
pub struct Leaf<'a> {
    /// Whether the value is a bucket's header.
    pub is_bucket: bool,
    /// The key.
    pub key: &'a [u8],
    /// The value.
    pub value: &'a [u8],
}

/// One element of a branch.
#[derive(Clone, Copy, Debug)]
pub struct Branch<'a> {
    /// The least key below.
    pub key: &'a [u8],
    /// The page below.
    pub child: u64,
}

impl Page {
    /// Takes a page's bytes, header and overflow pages included.
    pub fn parse(header: Header, bytes: Vec<u8>) -> Result<Page, Error> {
        if !matches!(header.kind, Kind::Branch | Kind::Leaf) {
            let what = format!(
                "is a {:?} page where a branch or leaf is wanted",
                header.kind
            );
            return Err(Error::page(header.id, what));
        }
        let page = Page {
            id: header.id,
            kind: header.kind,
            count: header.count.into(),
            bytes,
        };
        for index in 0..page.count {
            if !page.element_fits(index) {
                let what = format!("element {index} of {} lies outside of it", page.count);
                return Err(Error::page(header.id, what));
            }
        }
        Ok(page)
    }

    /// How many elements there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many pages it takes in a file with pages of this size.
    pub fn run(&self, page_size: u32) -> u64 {
        self.bytes.len() as u64 / u64::from(page_size)
    }

    /// An element of a leaf, if there is one of that index.
    pub fn leaf(&self, index: usize) -> Option<Leaf<'_>> {
        if self.kind != Kind::Leaf || index >= self.count {
            return None;
        }
        let at = HEADER_BYTES + index * ELEMENT_BYTES;
        let flags = u32_at(&self.bytes, at)?;
        if flags & !BUCKET_FLAG != 0 {
            return None;
        }
        let key_len = u32_at(&self.bytes, at + 8)? as usize;
        let value_len = u32_at(&self.bytes, at + 12)? as usize;
        let data = self.data(index, at, u32_at(&self.bytes, at + 4)?)?;
        let (key, rest) = data.split_at_checked(key_len)?;
        Some(Leaf {
            is_bucket: flags & BUCKET_FLAG != 0,
            key,
            value: rest.get(..value_len)?,
        })
    }

    /// An element of a branch, if there is one of that index.
    pub fn branch(&self, index: usize) -> Option<Branch<'_>> {
        if self.kind != Kind::Branch || index >= self.count {
            return None;
        }
        let at = HEADER_BYTES + index * ELEMENT_BYTES;
        let key_len = u32_at(&self.bytes, at + 4)? as usize;
        let data = self.data(index, at, u32_at(&self.bytes, at)?)?;
        Some(Branch {
            key: data.get(..key_len)?,
            child: u64_at(&self.bytes, at + 8)?,
        })
    }

    /// The key of any element.
    pub fn key(&self, index: usize) -> Option<&[u8]> {
        match self.kind {
            Kind::Branch => self.branch(index).map(|element| element.key),
            _ => self.leaf(index).map(|element| element.key),
        }
    }

    /// Whether keys and values lie one after the other behind the elements, which is how every bbolt writes them. An element
    /// count that lost a bit shows in nothing else.
    pub fn is_packed(&self) -> bool {
        let mut expected = HEADER_BYTES + self.count * ELEMENT_BYTES;
        (0..self.count).all(|index| {
            let at = HEADER_BYTES + index * ELEMENT_BYTES;
            let (position, lengths) = match self.kind {
                Kind::Branch => (at, at + 4..at + 8),
                _ => (at + 4, at + 8..at + 16),
            };
            let begins = u32_at(&self.bytes, position).map(|position| at + position as usize);
            let packed = begins == Some(expected);
            expected += lengths
                .step_by(4)
                .filter_map(|length| u32_at(&self.bytes, length))
                .map(|length| length as usize)
                .sum::<usize>();
            packed
        })
    }

    /// What begins `position` bytes after the element at `at`. It must lie behind the last element.
    fn data(&self, index: usize, at: usize, position: u32) -> Option<&[u8]> {
        let position = position as usize;
        if position < (self.count - index) * ELEMENT_BYTES {
            return None;
        }
        self.bytes.get(at.checked_add(position)?..)
    }

    fn element_fits(&self, index: usize) -> bool {
        match self.kind {
            Kind::Branch => self.branch(index).is_some(),
            _ => self.leaf(index).is_some(),
        }
    }
}
