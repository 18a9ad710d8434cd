//! `--auto-compaction-mode` and `--auto-compaction-retention`.

use std::time::Duration;

use super::{value, values::Values};

/// How much history is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compaction {
    /// All of it.
    Off,
    /// That of the last while.
    Periodic(Duration),
    /// That of the last so many revisions.
    Revision(i64),
}

/// What is to be kept.
///
/// # Errors
/// etcd's words.
pub fn from_values(values: &Values) -> Result<Compaction, String> {
    let mode = values.text("auto-compaction-mode");
    if !matches!(mode, "" | "periodic" | "revision") {
        return Err(format!("unknown auto-compaction-mode {mode:?}"));
    }
    let retention = match values.text("auto-compaction-retention") {
        "" => "0",
        text => text,
    };
    let failed = |error: String| format!("error parsing CompactionRetention: {error}");
    let plain = retention.parse::<i64>().ok().filter(|number| *number >= 0);
    match (mode, plain) {
        (_, Some(0)) | ("", _) => Ok(Compaction::Off),
        ("revision", Some(revisions)) => Ok(Compaction::Revision(revisions)),
        ("revision", None) => Err(failed(format!(
            "a number of revisions is wanted in mode \"revision\", not {retention:?}"
        ))),
        (_, Some(hours)) => u64::try_from(hours)
            .ok()
            .and_then(|hours| hours.checked_mul(3600))
            .map(|seconds| Compaction::Periodic(Duration::from_secs(seconds)))
            .ok_or_else(|| failed(format!("{retention} hours are too many"))),
        (_, None) => match value::duration(retention).map_err(failed)? {
            Duration::ZERO => Ok(Compaction::Off),
            keep => Ok(Compaction::Periodic(keep)),
        },
    }
}
