//! Files that change all at once: they are written into a new directory named by the time, and one rename of the `..data` link makes
//! them the current ones. A reader sees the old set or the new one, never a mixture (upstream: `pkg/volume/util/atomic_writer.go`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use jiff::Timestamp;

const DATA: &str = "..data";
const NEW_DATA: &str = "..data_tmp";
/// Longest path of a file, in bytes (upstream: `maxPathLength`).
const MAX_PATH: usize = 4096;
/// Longest name in a path, in bytes (upstream: `maxFileNameLength`).
const MAX_NAME: usize = 255;

/// One file to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    pub data: Vec<u8>,
    /// Permission bits.
    pub mode: u32,
}

/// Files by their path under the volume.
pub(crate) type Payload = BTreeMap<String, File>;

/// Makes `payload` the content of `dir`. Does nothing when it is already. Says whether anything was written.
pub(crate) fn write(dir: &Path, payload: &Payload, now: Timestamp) -> io::Result<bool> {
    for path in payload.keys() {
        check_path(path)?;
    }
    let current = fs::read_link(dir.join(DATA)).ok();
    if let Some(current) = &current
        && same(&dir.join(current), payload)
    {
        return Ok(false);
    }
    let fresh = fresh_directory(dir, now)?;
    write_files(&dir.join(&fresh), payload)?;
    let staged = dir.join(NEW_DATA);
    match fs::remove_file(&staged) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    symlink(&fresh, &staged)?;
    fs::rename(&staged, dir.join(DATA))?;
    link_names(dir, payload)?;
    if let Some(current) = current {
        fs::remove_dir_all(dir.join(current)).or_else(absent_is_fine)?;
    }
    Ok(true)
}

fn absent_is_fine(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound {
        Ok(())
    } else {
        Err(error)
    }
}

/// A path must stay under the volume and must not use names that this writer uses.
fn check_path(path: &str) -> io::Result<()> {
    let invalid = |why: &str| {
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("invalid path {path:?}: {why}"),
        ))
    };
    if path.is_empty() {
        return invalid("must not be empty");
    }
    if path.len() > MAX_PATH {
        return invalid("must not be longer than 4096 bytes");
    }
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) if name.len() > MAX_NAME => {
                return invalid("a name is longer than 255 bytes");
            }
            Component::Normal(_) => {}
            Component::CurDir => {}
            _ => return invalid("must be a relative path without '..'"),
        }
    }
    if path.starts_with("..") {
        return invalid("must not start with '..'");
    }
    Ok(())
}

fn fresh_directory(dir: &Path, now: Timestamp) -> io::Result<PathBuf> {
    /// Tries before giving up on a free name.
    const TRIES: u32 = 100;
    let stamp = now.strftime("..%Y_%m_%d_%H_%M_%S");
    for attempt in 0..TRIES {
        let name = PathBuf::from(format!(
            "{stamp}.{:09}",
            now.subsec_nanosecond().unsigned_abs() + attempt
        ));
        match fs::DirBuilder::new().mode(0o755).create(dir.join(&name)) {
            Ok(()) => return Ok(name),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        "no free directory name",
    ))
}

fn write_files(dir: &Path, payload: &Payload) -> io::Result<()> {
    for (path, file) in payload {
        let path = dir.join(path);
        if let Some(parent) = path.parent() {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o755)
                .create(parent)?;
        }
        let mut open = fs::OpenOptions::new();
        let mut written = open
            .write(true)
            .create_new(true)
            .mode(file.mode | 0o200)
            .open(&path)?;
        written.write_all(&file.data)?;
        // The mode as asked, whatever the umask says.
        written.set_permissions(fs::Permissions::from_mode(file.mode))?;
    }
    Ok(())
}

/// Whether a directory holds exactly these files.
fn same(dir: &Path, payload: &Payload) -> bool {
    let Ok(present) = files_under(dir) else {
        return false;
    };
    present.len() == payload.len()
        && payload.iter().all(|(path, file)| {
            let path = dir.join(path);
            let mode = fs::metadata(&path).map(|meta| meta.permissions().mode() & 0o7777);
            mode.is_ok_and(|mode| mode == file.mode)
                && fs::read(&path).is_ok_and(|data| data == file.data)
        })
}

fn files_under(dir: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    let mut left = vec![dir.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(&next)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                left.push(entry.path());
            } else {
                found.insert(entry.path());
            }
        }
    }
    Ok(found)
}

/// Links every first name of the payload to its place under `..data`, and removes links to what is gone.
fn link_names(dir: &Path, payload: &Payload) -> io::Result<()> {
    let wanted: BTreeSet<&str> = payload
        .keys()
        .map(|path| path.trim_start_matches("./"))
        .map(|path| path.split_once('/').map_or(path, |(first, _)| first))
        .collect();
    for name in &wanted {
        match symlink(Path::new(DATA).join(name), dir.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if !name.starts_with("..") && !wanted.contains(name) && entry.file_type()?.is_symlink() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(files: &[(&str, &str, u32)]) -> Payload {
        files
            .iter()
            .map(|(path, data, mode)| {
                let file = File {
                    data: data.as_bytes().to_vec(),
                    mode: *mode,
                };
                ((*path).to_owned(), file)
            })
            .collect()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn files_are_links_into_the_current_directory() {
        let dir = tempfile::tempdir().unwrap();
        let first = payload(&[("a", "1", 0o644), ("sub/b", "2", 0o400)]);
        assert!(write(dir.path(), &first, at(1)).unwrap());
        assert_eq!(fs::read_to_string(dir.path().join("a")).unwrap(), "1");
        assert_eq!(fs::read_to_string(dir.path().join("sub/b")).unwrap(), "2");
        assert_eq!(
            fs::read_link(dir.path().join("a")).unwrap(),
            Path::new("..data/a")
        );
        let mode = fs::metadata(dir.path().join("sub/b"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o400);
    }

    #[test]
    fn an_update_replaces_everything_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        write(
            dir.path(),
            &payload(&[("a", "1", 0o644), ("gone", "x", 0o644)]),
            at(1),
        )
        .unwrap();
        let next = payload(&[("a", "2", 0o644)]);
        assert!(write(dir.path(), &next, at(1)).unwrap());
        assert!(!write(dir.path(), &next, at(3)).unwrap());
        assert_eq!(fs::read_to_string(dir.path().join("a")).unwrap(), "2");
        let mut names: Vec<String> = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names.len(), 3, "{names:?}");
        assert!(
            names[0].starts_with("..") && names[1] == "..data" && names[2] == "a",
            "{names:?}"
        );
    }

    #[test]
    fn a_changed_mode_is_a_change() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &payload(&[("a", "1", 0o644)]), at(1)).unwrap();
        assert!(write(dir.path(), &payload(&[("a", "1", 0o600)]), at(2)).unwrap());
    }

    #[test]
    fn paths_that_leave_the_volume_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        for path in ["../a", "/etc/passwd", "a/../../b", "..data", ""] {
            assert!(
                write(dir.path(), &payload(&[(path, "1", 0o644)]), at(1)).is_err(),
                "{path}"
            );
        }
    }
}
