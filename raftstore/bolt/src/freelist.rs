//! The list of free pages.

use crate::{
    Error,
    format::{COUNT_BEYOND, HEADER_BYTES, Header, Kind, u64_at},
};

/// The free pages that a free list's page (with its overflow pages) names.
pub fn parse(header: Header, bytes: &[u8]) -> Result<Vec<u64>, Error> {
    if header.kind != Kind::Freelist {
        return Err(Error::page(
            header.id,
            format!("is a {:?} page where the free list is wanted", header.kind),
        ));
    }
    let outside = || Error::page(header.id, "the free list is longer than its page");
    let (count, from) = if header.count == COUNT_BEYOND {
        let count = u64_at(bytes, HEADER_BYTES).ok_or_else(outside)?;
        (count, HEADER_BYTES + 8)
    } else {
        (header.count.into(), HEADER_BYTES)
    };
    let list = bytes.get(from..).ok_or_else(outside)?;
    let wanted = count.checked_mul(8).ok_or_else(outside)?;
    if wanted > list.len() as u64 {
        return Err(outside());
    }
    Ok(list[..wanted as usize]
        .chunks_exact(8)
        .filter_map(|id| u64_at(id, 0))
        .collect())
}
