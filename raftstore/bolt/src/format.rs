//! Numbers of the format, and the two structures at fixed places: a page's header and a meta.
//!
//! Everything is little-endian: bbolt writes the machine's own order, and etcd runs on little-endian machines (and on s390x,
//! whose files are not portable; bbolt says so).

/// First bytes of a meta.
pub const MAGIC: u32 = 0xED0C_DAED;
/// The version of the format.
pub const VERSION: u32 = 2;
/// Bytes of a page's header.
pub const HEADER_BYTES: usize = 16;
/// Bytes of a meta without its header, checksum included.
pub const META_BYTES: usize = 64;
/// Bytes of an element of a leaf or a branch, its key and value not counted.
pub const ELEMENT_BYTES: usize = 16;
/// Bytes of a bucket's header: its root page and its sequence.
pub const BUCKET_BYTES: usize = 16;
/// In place of the free list's page: the list was not written and follows from the pages.
pub const NO_FREELIST: u64 = u64::MAX;
/// In place of a count of free pages: the count did not fit and is the first entry.
pub const COUNT_BEYOND: u16 = 0xFFFF;
/// Marks a leaf's element as a bucket.
pub const BUCKET_FLAG: u32 = 1;

/// Smallest page; bbolt looks for its second meta from here on.
pub const MIN_PAGE_SIZE: u32 = 1 << 10;
/// Largest page that bbolt looks for.
pub const MAX_PAGE_SIZE: u32 = 1 << 24;
/// Longest key, as in bbolt.
pub const MAX_KEY_BYTES: usize = 32_768;
/// Longest value, as in bbolt.
pub const MAX_VALUE_BYTES: usize = (1 << 31) - 2;

/// What a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Keys and pages below.
    Branch,
    /// Keys and values.
    Leaf,
    /// One of the first two pages.
    Meta,
    /// The free pages.
    Freelist,
}

impl Kind {
    /// The header's flags.
    pub fn flags(self) -> u16 {
        match self {
            Kind::Branch => 0x01,
            Kind::Leaf => 0x02,
            Kind::Meta => 0x04,
            Kind::Freelist => 0x10,
        }
    }

    fn of(flags: u16) -> Option<Kind> {
        [Kind::Branch, Kind::Leaf, Kind::Meta, Kind::Freelist]
            .into_iter()
            .find(|kind| kind.flags() == flags)
    }
}

/// Reads two bytes.
pub fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Reads four bytes.
pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Reads eight bytes.
pub fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The header of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The page's own number.
    pub id: u64,
    /// What it is.
    pub kind: Kind,
    /// How many elements it has.
    pub count: u16,
    /// How many pages follow it that are its own.
    pub overflow: u32,
}

impl Header {
    /// Reads a header; `None` if the flags are none that bbolt writes.
    pub fn decode(bytes: &[u8]) -> Option<Header> {
        Some(Header {
            id: u64_at(bytes, 0)?,
            kind: Kind::of(u16_at(bytes, 8)?)?,
            count: u16_at(bytes, 10)?,
            overflow: u32_at(bytes, 12)?,
        })
    }

    /// Appends the header.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.id.to_le_bytes());
        out.extend_from_slice(&self.kind.flags().to_le_bytes());
        out.extend_from_slice(&self.count.to_le_bytes());
        out.extend_from_slice(&self.overflow.to_le_bytes());
    }
}

/// What a meta page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Bytes of a page.
    pub page_size: u32,
    /// Root page of the root bucket.
    pub root: u64,
    /// Sequence of the root bucket.
    pub sequence: u64,
    /// First page of the list of free pages, or [`u64::MAX`] if it was not written.
    pub freelist: u64,
    /// How many pages the file has.
    pub high_water: u64,
    /// The transaction that wrote it.
    pub txid: u64,
}

impl Meta {
    /// Reads the meta of a meta page. `None` if it is not one: magic, version or checksum differ.
    pub fn decode(page: &[u8]) -> Option<Meta> {
        let meta = page.get(HEADER_BYTES..HEADER_BYTES + META_BYTES)?;
        let sums = u64_at(meta, 56)? == fnv1a(meta.get(..56)?);
        let ours = u32_at(meta, 0)? == MAGIC && u32_at(meta, 4)? == VERSION;
        if !sums || !ours {
            return None;
        }
        Some(Meta {
            page_size: u32_at(meta, 8)?,
            root: u64_at(meta, 16)?,
            sequence: u64_at(meta, 24)?,
            freelist: u64_at(meta, 32)?,
            high_water: u64_at(meta, 40)?,
            txid: u64_at(meta, 48)?,
        })
    }

    /// Appends the whole page `id`.
    pub fn encode(&self, id: u64, out: &mut Vec<u8>) {
        let begin = out.len();
        let header = Header {
            id,
            kind: Kind::Meta,
            count: 0,
            overflow: 0,
        };
        header.encode(out);
        let meta = out.len();
        out.extend_from_slice(&MAGIC.to_le_bytes());
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&self.page_size.to_le_bytes());
        out.extend_from_slice(&0u32.to_le_bytes()); // flags: none are defined
        for field in [
            self.root,
            self.sequence,
            self.freelist,
            self.high_water,
            self.txid,
        ] {
            out.extend_from_slice(&field.to_le_bytes());
        }
        let sum = fnv1a(&out[meta..]);
        out.extend_from_slice(&sum.to_le_bytes());
        out.resize(begin + self.page_size as usize, 0);
    }
}

/// FNV-1a of 64 bits.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_meta_reads_back_and_one_changed_bit_is_noticed() {
        let meta = Meta {
            page_size: 4096,
            root: 7,
            sequence: 3,
            freelist: NO_FREELIST,
            high_water: 9,
            txid: 2,
        };
        let mut page = Vec::new();
        meta.encode(1, &mut page);
        assert_eq!(page.len(), 4096);
        assert_eq!(Meta::decode(&page), Some(meta));
        for bit in 0..META_BYTES * 8 {
            page[HEADER_BYTES + bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Meta::decode(&page), None, "bit {bit}");
            page[HEADER_BYTES + bit / 8] ^= 1 << (bit % 8);
        }
    }
}
