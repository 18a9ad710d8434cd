//! Keeps container logs small: a file over its size is renamed by the time, the runtime is told to open it anew, and the oldest
//! are removed (upstream: `pkg/kubelet/logs/container_log_manager.go`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::follow::files;

/// Whether a log file is due for rotation.
pub(crate) fn is_due(path: &Path, max_size: u64) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.len() > max_size)
}

/// Moves the current file aside. The runtime must then be told to reopen it; if it cannot be, [`undo`] puts it back.
pub(crate) fn begin(current: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let stamp = now.strftime("%Y%m%d-%H%M%S");
    let aside = PathBuf::from(format!("{}.{stamp}", current.display()));
    if aside.exists() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "rotated within this second",
        ));
    }
    fs::rename(current, &aside)?;
    Ok(aside)
}

/// Puts a file back that the runtime still writes to.
pub(crate) fn undo(current: &Path, aside: &Path) -> io::Result<()> {
    fs::rename(aside, current)
}

/// Removes the oldest files so that, the current one counted, at most `max_files` are left.
pub(crate) fn prune(current: &Path, max_files: u32) -> io::Result<()> {
    let keep = usize::try_from(max_files.max(2) - 1).unwrap_or(1);
    let mut rotated = files(current);
    rotated.pop();
    let surplus = rotated.len().saturating_sub(keep);
    for path in &rotated[..surplus] {
        fs::remove_file(path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_is_moved_aside_and_the_oldest_go() {
        let dir = tempfile::tempdir().unwrap();
        let current = dir.path().join("0.log");
        for second in 0..6 {
            fs::write(&current, format!("{second} 0123456789")).unwrap();
            assert!(is_due(&current, 10));
            begin(
                &current,
                Timestamp::from_second(1_700_000_000 + second).unwrap(),
            )
            .unwrap();
            prune(&current, 3).unwrap();
        }
        assert!(!is_due(&current, 10));
        // The current one is the runtime's to make.
        let left = files(&current);
        assert_eq!(left.len(), 3);
        assert!(fs::read_to_string(&left[0]).unwrap().starts_with('4'));
    }

    #[test]
    fn a_failed_rotation_is_undone() {
        let dir = tempfile::tempdir().unwrap();
        let current = dir.path().join("0.log");
        fs::write(&current, "x").unwrap();
        let aside = begin(&current, Timestamp::from_second(1).unwrap()).unwrap();
        undo(&current, &aside).unwrap();
        assert_eq!(fs::read_to_string(&current).unwrap(), "x");
    }
}
