//! Watches: from a change to everyone who asked for it, without copying.
//!
//! - `events`: what a response holds.
//! - `hub`: who wants to know of which keys; called with each change.
//! - `group`: many watches that one task receives from.
//! - `handle`: what is asked of a watch by who does not wait for it.
//! - `watcher`: one watch as its user sees it; follows the hub, and history when it starts in the past or falls behind.
//!
//! The one confusing thing: a watch is either in step, and the hub puts changes into its inbox, or it is behind, and the hub
//! leaves it alone while it reads history. It gets in step under the key space's lock, so nothing falls between.

pub mod events;
pub mod group;
pub mod handle;
pub mod hub;
pub mod watcher;

pub use events::{Events, Remembered};
pub use group::WatchGroup;
pub use handle::{Reached, WatchHandle};
pub use watcher::Watcher;
