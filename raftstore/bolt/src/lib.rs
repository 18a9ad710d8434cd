//! bbolt's file format, version 2, which is how etcd keeps its database and what an etcd snapshot is: a reader, a checker as
//! strict as bbolt's own, and a writer that lays a file out before it writes the first byte.
//!
//! A file is a row of pages of one size. Pages 0 and 1 are metas (the valid one with the higher transaction id counts); a
//! meta names the root bucket's root page, the list of free pages, and how many pages the file has (the high water mark). A
//! bucket is a B+tree of branch and leaf pages; a bucket that is small lies inline in its parent's leaf. A page that needs
//! more than one page's room is followed by overflow pages, which have no header.
//!
//! Pure: no clock, no socket, no thread; bytes come through [`ReadAt`]. Nothing that is read is believed: every offset is
//! checked against the file, a page tree that loops is an error, and no allocation is larger than [`MAX_RUN_BYTES`].
//!
//! Source of the format: bbolt's `internal/common` (`page.go`, `meta.go`, `bucket.go`, `inode.go`).

mod bucket;
mod check;
mod error;
mod format;
mod freelist;
mod open;
mod page;
mod source;
mod write;

pub use bucket::{Bucket, Cursor, Item};
pub use check::{MAX_PROBLEMS, Report};
pub use error::Error;
pub use format::{MAX_KEY_BYTES, MAX_PAGE_SIZE, MAX_VALUE_BYTES, MIN_PAGE_SIZE, Meta};
pub use open::Db;
pub use page::MAX_RUN_BYTES;
pub use source::ReadAt;
pub use write::{Layout, Plan, Writer};
