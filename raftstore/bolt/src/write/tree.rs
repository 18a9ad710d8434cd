//! Filling the pages of one bucket from left to right: leaves as entries come, and a branch page at each level above, which
//! takes the first key of every page that is completed below it.
//!
//! Both passes run this code; the first knows lengths alone, and completes pages by counting them.

use super::Out;
use crate::format::{ELEMENT_BYTES, HEADER_BYTES, Header, Kind};

/// A key or value; in the first pass only its length.
#[derive(Clone, Copy, Debug)]
pub enum Data<'a> {
    /// All of it.
    Bytes(&'a [u8]),
    /// How many bytes it has.
    Length(usize),
}

impl Data<'_> {
    pub fn len(self) -> usize {
        match self {
            Data::Bytes(bytes) => bytes.len(),
            Data::Length(len) => len,
        }
    }

    fn append(self, to: &mut Vec<u8>) {
        if let Data::Bytes(bytes) = self {
            to.extend_from_slice(bytes);
        }
    }
}

/// The numbering of pages.
#[derive(Debug)]
pub struct Pages {
    /// Bytes of a page.
    pub page_size: usize,
    /// The next page's number.
    pub next: u64,
}

/// The pages of one bucket that are not full yet.
#[derive(Debug, Default)]
pub struct Tree {
    leaf: Fill,
    /// The branches, from the one above the leaves up.
    branches: Vec<Level>,
}

/// A level of branches. Two pages are open, so that none is completed before the next has two children: bbolt merges a branch
/// of one.
#[derive(Debug, Default)]
struct Level {
    filling: Fill,
    next: Fill,
}

/// A page being filled.
#[derive(Debug, Default)]
struct Fill {
    elements: Vec<Element>,
    /// Keys and values one after the other; empty in the first pass.
    data: Vec<u8>,
    /// Bytes of keys and values.
    data_len: usize,
}

#[derive(Debug)]
struct Element {
    key_len: usize,
    /// Of a leaf's element, the value's length.
    value_len: usize,
    /// Of a leaf's element, its flags; of a branch's, the page below.
    mark: u64,
}

/// The first key of a page and its number, on the way to the branch above.
struct Child {
    key: Vec<u8>,
    key_len: usize,
    page: u64,
}

/// Fewest children of a branch, as in bbolt.
const MIN_CHILDREN: usize = 2;
/// Most pages of a leaf that overflows although no entry of it would have to: with values of a quarter of a page, one page
/// would be a fifth empty, and so would be the file.
const MAX_LEAF_PAGES: usize = 4;
/// The part of a page that may stay empty without that.
const MOST_WASTE: usize = 8;

impl Fill {
    fn size(&self) -> usize {
        HEADER_BYTES + self.elements.len() * ELEMENT_BYTES + self.data_len
    }

    fn has_room(&self, bytes: usize, page_size: usize) -> bool {
        self.size() + ELEMENT_BYTES + bytes <= self.run(page_size) * page_size
    }

    /// How many pages it needs as it is.
    fn run(&self, page_size: usize) -> usize {
        self.size().div_ceil(page_size)
    }

    /// Whether completing the page now would waste so much of it that it had better overflow.
    fn is_wasteful(&self, page_size: usize) -> bool {
        let run = self.run(page_size);
        run < MAX_LEAF_PAGES && run * page_size - self.size() > page_size / MOST_WASTE
    }

    fn push(&mut self, key: Data<'_>, value: Data<'_>, mark: u64) {
        key.append(&mut self.data);
        value.append(&mut self.data);
        self.data_len += key.len() + value.len();
        self.elements.push(Element {
            key_len: key.len(),
            value_len: value.len(),
            mark,
        });
    }

    /// Appends the page's elements and data.
    fn encode(&self, kind: Kind, out: &mut Vec<u8>) {
        let mut position = self.elements.len() * ELEMENT_BYTES;
        for element in &self.elements {
            if kind == Kind::Leaf {
                out.extend_from_slice(&(element.mark as u32).to_le_bytes());
            }
            out.extend_from_slice(&(position as u32).to_le_bytes());
            out.extend_from_slice(&(element.key_len as u32).to_le_bytes());
            if kind == Kind::Leaf {
                out.extend_from_slice(&(element.value_len as u32).to_le_bytes());
            } else {
                out.extend_from_slice(&element.mark.to_le_bytes());
            }
            position += element.key_len + element.value_len;
            // Positions are counted from their own element.
            position -= ELEMENT_BYTES;
        }
        out.extend_from_slice(&self.data);
    }

    /// Completes the page: numbers it, writes it in the second pass, and empties it.
    fn complete(&mut self, kind: Kind, pages: &mut Pages, out: &mut Out<'_>) -> Child {
        let run = self.run(pages.page_size);
        let page = pages.next;
        pages.next += run as u64;
        if let Some(out) = out {
            let begin = out.len();
            out.reserve(run * pages.page_size);
            let header = Header {
                id: page,
                kind,
                count: self.elements.len() as u16,
                overflow: (run - 1) as u32,
            };
            header.encode(out);
            self.encode(kind, out);
            out.resize(begin + run * pages.page_size, 0);
        }
        let key_len = self.elements.first().map_or(0, |first| first.key_len);
        let child = Child {
            key: self.data.get(..key_len).unwrap_or_default().to_vec(),
            key_len,
            page,
        };
        self.elements.clear();
        self.data.clear();
        self.data_len = 0;
        child
    }

    fn add_child(&mut self, child: &Child, out: &Out<'_>) {
        let key = match out {
            Some(_) => Data::Bytes(&child.key),
            None => Data::Length(child.key_len),
        };
        self.push(key, Data::Length(0), child.page);
    }
}

impl Tree {
    /// Adds an entry.
    pub fn add(
        &mut self,
        key: Data<'_>,
        value: Data<'_>,
        is_bucket: bool,
        pages: &mut Pages,
        out: &mut Out<'_>,
    ) {
        let bytes = key.len() + value.len();
        let full =
            !self.leaf.has_room(bytes, pages.page_size) && !self.leaf.is_wasteful(pages.page_size);
        if !self.leaf.elements.is_empty() && full {
            let child = self.leaf.complete(Kind::Leaf, pages, out);
            self.rise(0, child, pages, out);
        }
        self.leaf.push(key, value, u64::from(is_bucket));
    }

    /// Gives a completed page to the branch above it.
    fn rise(&mut self, level: usize, child: Child, pages: &mut Pages, out: &mut Out<'_>) {
        if self.branches.len() == level {
            self.branches.push(Level::default());
        }
        let branch = &mut self.branches[level];
        let full = branch.filling.elements.len() >= MIN_CHILDREN
            && !branch.filling.has_room(child.key_len, pages.page_size);
        if !full && branch.next.elements.is_empty() {
            branch.filling.add_child(&child, out);
            return;
        }
        branch.next.add_child(&child, out);
        if branch.next.elements.len() >= MIN_CHILDREN {
            let done = branch.filling.complete(Kind::Branch, pages, out);
            std::mem::swap(&mut branch.filling, &mut branch.next);
            self.rise(level + 1, done, pages, out);
        }
    }

    /// The one page of a bucket so small that it belongs into its parent's leaf: in the first pass zeros of the same length.
    /// The rule is bbolt's: one leaf without buckets, of at most a quarter of a page.
    pub fn inline(&self, page_size: usize) -> Option<Vec<u8>> {
        let buckets = self.leaf.elements.iter().any(|element| element.mark != 0);
        if !self.branches.is_empty() || buckets || self.leaf.size() > page_size / 4 {
            return None;
        }
        let mut page = Vec::with_capacity(self.leaf.size());
        let header = Header {
            id: 0,
            kind: Kind::Leaf,
            count: self.leaf.elements.len() as u16,
            overflow: 0,
        };
        header.encode(&mut page);
        self.leaf.encode(Kind::Leaf, &mut page);
        page.resize(self.leaf.size(), 0);
        Some(page)
    }

    /// Completes what is open. Returns the root page.
    pub fn finish(mut self, pages: &mut Pages, out: &mut Out<'_>) -> u64 {
        let mut top = self.leaf.complete(Kind::Leaf, pages, out);
        let mut level = 0;
        while level < self.branches.len() {
            self.rise(level, top, pages, out);
            let branch = &mut self.branches[level];
            // At most one child waits in the second page: it overflows the first rather than be alone.
            for element in std::mem::take(&mut branch.next.elements) {
                let data = std::mem::take(&mut branch.next.data);
                let key = match out {
                    Some(_) => Data::Bytes(&data),
                    None => Data::Length(element.key_len),
                };
                branch.filling.push(key, Data::Length(0), element.mark);
            }
            top = branch.filling.complete(Kind::Branch, pages, out);
            level += 1;
        }
        top.page
    }
}
