//! Who speaks and whom it means, in the metadata of every call between members.
//!
//! A call of another cluster is refused, and so is one from a member that was removed, from a known member whose disk is not
//! the one it was known with, and to a member or a disk that is not the one meant. The last two keep a member that lost its
//! disk from voting twice and from acknowledging what it will not have: it promised things that it does not remember.

use tonic::{Code, Status, metadata::MetadataMap};

use crate::core::Core;

const CLUSTER: &str = "hydrofoil-cluster";
const FROM: &str = "hydrofoil-from";
const FROM_DISK: &str = "hydrofoil-from-disk";
const TO: &str = "hydrofoil-to";
const TO_DISK: &str = "hydrofoil-to-disk";

/// What a member that was removed is told, in etcd's words.
pub const REMOVED: &str = "the member has been permanently removed from the cluster";
/// What a member without its disk is told.
pub const LOST_DISK: &str = "the member's data directory is not the one that it was known with: remove the member and add it as a new one";

/// This member, as it tells others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// The cluster's id.
    pub cluster: u64,
    /// The member's id.
    pub member: u64,
    /// The id of its data directory.
    pub disk: u64,
}

/// Puts who calls and who is meant into a call's metadata. `disk` is the disk that the callee is known with; 0 if none is.
pub fn sign(metadata: &mut MetadataMap, local: Local, to: u64, disk: u64) {
    for (name, id) in [
        (CLUSTER, local.cluster),
        (FROM, local.member),
        (FROM_DISK, local.disk),
        (TO, to),
        (TO_DISK, disk),
    ] {
        // Hexadecimal digits are always a metadata value.
        if let Ok(value) = format!("{id:x}").parse() {
            metadata.insert(name, value);
        }
    }
}

fn id(metadata: &MetadataMap, name: &'static str) -> Result<u64, Status> {
    metadata
        .get(name)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| u64::from_str_radix(value, 16).ok())
        .ok_or_else(|| Status::invalid_argument(format!("the call says no {name}")))
}

/// Who calls, as it says itself.
pub fn caller(headers: &http::HeaderMap) -> Option<u64> {
    let text = headers.get(FROM)?.to_str().ok()?;
    u64::from_str_radix(text, 16).ok()
}

/// Whether a call may be answered here. Returns the member that calls.
pub fn check(metadata: &MetadataMap, local: Local, core: &Core) -> Result<u64, Status> {
    let cluster = id(metadata, CLUSTER)?;
    if cluster != local.cluster {
        return Err(Status::failed_precondition(
            crate::Error::ClusterIdMismatch.to_string(),
        ));
    }
    let (from, disk) = (id(metadata, FROM)?, id(metadata, FROM_DISK)?);
    let roster = core.roster.read();
    if roster.removed.contains(&from) {
        return Err(Status::permission_denied(REMOVED));
    }
    let known = roster.disk(from);
    if known != 0 && known != disk {
        return Err(Status::permission_denied(LOST_DISK));
    }
    drop(roster);
    let (to, to_disk) = (id(metadata, TO)?, id(metadata, TO_DISK)?);
    if to != local.member || (to_disk != 0 && to_disk != local.disk) {
        return Err(Status::failed_precondition(format!(
            "member {to:x} is not here any more"
        )));
    }
    Ok(from)
}

/// Why this member must stop, if that is what a peer's answer says.
pub fn must_stop(status: &Status) -> Option<&'static str> {
    if status.code() != Code::PermissionDenied {
        return None;
    }
    [REMOVED, LOST_DISK]
        .into_iter()
        .find(|words| status.message() == *words)
}
