//! What can be wrong with a file, or with what is to be written.

use std::io;

/// Why a file could not be read, or an entry not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Reading failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Neither meta page is one.
    #[error("not a bbolt file: {0}")]
    NotBolt(&'static str),
    /// The file ends before its last page does.
    #[error("truncated: {pages} pages of {page_size} bytes are {needed} bytes, the file has {len}")]
    Truncated {
        /// Pages by the meta's high water mark.
        pages: u64,
        /// Bytes of one.
        page_size: u32,
        /// What that makes.
        needed: u64,
        /// What the file has.
        len: u64,
    },
    /// A page is not what it should be.
    #[error("page {id}: {what}")]
    Page {
        /// Its number; its offset is this times the page size.
        id: u64,
        /// What is wrong.
        what: String,
    },
    /// What is to be written breaks a rule of the format.
    #[error("cannot be written: {0}")]
    Unwritable(&'static str),
    /// The second pass of writing brought other entries than the first announced.
    #[error("what is written is not what was laid out: {0}")]
    LayoutBroken(&'static str),
}

impl Error {
    /// Page `id` is wrong.
    pub(crate) fn page(id: u64, what: impl Into<String>) -> Error {
        Error::Page {
            id,
            what: what.into(),
        }
    }
}
