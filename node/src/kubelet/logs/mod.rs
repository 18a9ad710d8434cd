//! Container logs: the files the runtime writes in CRI's format, read, followed and rotated.

pub(crate) mod follow;
pub(crate) mod reader;
pub(crate) mod rotate;
