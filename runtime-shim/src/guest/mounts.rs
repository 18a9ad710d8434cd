//! A container's mounts as WASI preopens: what a guest can see of the file system, and nothing else.
//!
//! A mounted folder is a preopen; symlinks inside it work as far as they stay inside (wasmtime resolves paths beneath the folder's handle).
//! WASI can preopen folders only, so files that are mounted one by one (`subPath`, /etc/hosts, the termination log) are linked into a folder
//! of the container's own, one per parent path, made when the first instance needs it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hydrofoil_cri::v1::Mount;
use parking_lot::Mutex;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

/// Mounts one container may have.
pub const MAX_MOUNTS: usize = 512;

/// A mount that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum MountError {
    /// The host's side is missing or unreadable.
    #[error("mount {guest}: {}: {source}", host.display())]
    Host {
        /// Path in the container.
        guest: String,
        /// Path on the host.
        host: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something this runtime does not do.
    #[error("mount {guest}: {what}")]
    Unsupported {
        /// Path in the container.
        guest: String,
        /// What is asked for.
        what: &'static str,
    },
    /// More than [`MAX_MOUNTS`].
    #[error("{0} mounts: at most {MAX_MOUNTS} are taken")]
    TooMany(usize),
}

#[derive(Debug)]
struct Preopen {
    guest: String,
    host: PathBuf,
    read_only: bool,
}

/// A folder made of single files.
#[derive(Debug)]
struct Gathered {
    guest: String,
    files: Vec<FileMount>,
}

#[derive(Debug)]
struct FileMount {
    name: String,
    host: PathBuf,
    read_only: bool,
}

/// What one container may see of the file system.
#[derive(Debug)]
pub struct Mounts {
    folders: Vec<Preopen>,
    gathered: Vec<Gathered>,
    /// Where gathered folders are made.
    staging: PathBuf,
    made: Mutex<Option<Vec<Preopen>>>,
}

impl Mounts {
    /// Checks the mounts. Nothing is made yet; `staging` is a path that only this container uses.
    pub fn new(mounts: &[Mount], staging: PathBuf) -> Result<Self, MountError> {
        if mounts.len() > MAX_MOUNTS {
            return Err(MountError::TooMany(mounts.len()));
        }
        let mut folders: Vec<Preopen> = Vec::new();
        let mut files: BTreeMap<String, Vec<FileMount>> = BTreeMap::new();
        for mount in mounts {
            let guest = normal(&mount.container_path);
            if mount.image.is_some() {
                return Err(MountError::Unsupported {
                    guest,
                    what: "an image cannot be mounted into a Wasm container",
                });
            }
            let host = PathBuf::from(&mount.host_path);
            let found = fs::metadata(&host).map_err(|source| MountError::Host {
                guest: guest.clone(),
                host: host.clone(),
                source,
            })?;
            if found.is_dir() {
                // A later mount of the same path covers the earlier one.
                folders.retain(|f| f.guest != guest);
                folders.push(Preopen {
                    guest,
                    host,
                    read_only: mount.readonly,
                });
            } else if let Some((parent, name)) = guest.rsplit_once('/') {
                let parent = if parent.is_empty() { "/" } else { parent };
                let of_parent = files.entry(parent.to_owned()).or_default();
                of_parent.retain(|f| f.name != name);
                of_parent.push(FileMount {
                    name: name.to_owned(),
                    host,
                    read_only: mount.readonly,
                });
            }
        }
        let mut gathered = Vec::new();
        for (guest, files) in files {
            if folders.iter().any(|f| f.guest == guest) {
                tracing::warn!(
                    folder = guest,
                    "files mounted over a mounted folder are not visible to Wasm guests"
                );
            } else {
                gathered.push(Gathered { guest, files });
            }
        }
        Ok(Self {
            folders,
            gathered,
            staging,
            made: Mutex::new(None),
        })
    }

    /// For a guest that can see no files: the mounts were checked, and none is opened for its instances. Making folders costs more than
    /// all the rest of a start.
    pub fn unseen(mut self) -> Self {
        self.folders.clear();
        self.gathered.clear();
        self
    }

    /// Adds the preopens for one instance.
    pub fn apply(&self, builder: &mut WasiCtxBuilder) -> Result<(), MountError> {
        for folder in &self.folders {
            folder.open(builder)?;
        }
        if self.gathered.is_empty() {
            return Ok(());
        }
        let mut made = self.made.lock();
        if made.is_none() {
            *made = Some(self.gather()?);
        }
        for folder in made.iter().flatten() {
            folder.open(builder)?;
        }
        Ok(())
    }

    /// Removes what was made on disk.
    pub fn clean(&self) {
        if self.made.lock().take().is_some()
            && let Err(error) = fs::remove_dir_all(&self.staging)
        {
            tracing::warn!(path = %self.staging.display(), %error, "cannot remove a container's folder");
        }
    }

    fn gather(&self) -> Result<Vec<Preopen>, MountError> {
        let mut made = Vec::with_capacity(self.gathered.len());
        for (number, folder) in self.gathered.iter().enumerate() {
            let path = self.staging.join(number.to_string());
            let read_only = folder.files.iter().all(|f| f.read_only);
            let fail = |host: &Path, source| MountError::Host {
                guest: folder.guest.clone(),
                host: host.to_path_buf(),
                source,
            };
            fs::create_dir_all(&path).map_err(|e| fail(&path, e))?;
            for file in &folder.files {
                // In a folder that the guest may write to, a read-only file is a copy: a link would let it be changed.
                let copy = file.read_only && !read_only;
                link(&file.host, &path.join(&file.name), copy).map_err(|e| fail(&file.host, e))?;
            }
            made.push(Preopen {
                guest: folder.guest.clone(),
                host: path,
                read_only,
            });
        }
        Ok(made)
    }
}

impl Preopen {
    fn open(&self, builder: &mut WasiCtxBuilder) -> Result<(), MountError> {
        let permissions = if self.read_only {
            FsPerms::ReadOnly
        } else {
            FsPerms::ReadWrite
        };
        builder
            .preopened_dir(&self.host, &self.guest, permissions)
            .map(drop)
            .map_err(|error| MountError::Host {
                guest: self.guest.clone(),
                host: self.host.clone(),
                source: io::Error::other(format!("{error:#}")),
            })
    }
}

/// Makes `to` the same file as `from`; a copy where asked, or where the two are on different file systems.
fn link(from: &Path, to: &Path, copy: bool) -> io::Result<()> {
    let _ = fs::remove_file(to);
    // What a symlink points to is what was mounted.
    let from = fs::canonicalize(from)?;
    if !copy && fs::hard_link(&from, to).is_ok() {
        return Ok(());
    }
    fs::copy(&from, to).map(drop)
}

/// Without a slash at the end, and with one at the start.
fn normal(path: &str) -> String {
    let trimmed = path.trim_end_matches('/');
    if trimmed.starts_with('/') {
        trimmed.to_owned()
    } else {
        format!("/{trimmed}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(guest: &str, host: &Path, readonly: bool) -> Mount {
        Mount {
            container_path: guest.to_owned(),
            host_path: host.display().to_string(),
            readonly,
            ..Mount::default()
        }
    }

    #[test]
    fn nothing_is_made_for_a_guest_that_sees_no_files() {
        let dir = tempfile::tempdir().unwrap();
        let hosts = dir.path().join("hosts");
        fs::write(&hosts, "127.0.0.1 localhost").unwrap();
        let staging = dir.path().join("staging/c1");
        let mounts = Mounts::new(&[mount("/etc/hosts", &hosts, false)], staging.clone()).unwrap();
        mounts.unseen().apply(&mut WasiCtxBuilder::new()).unwrap();
        assert!(!staging.exists());
        let seen = Mounts::new(&[mount("/etc/hosts", &hosts, false)], staging.clone()).unwrap();
        seen.apply(&mut WasiCtxBuilder::new()).unwrap();
        assert!(staging.join("0/hosts").exists());
    }

    #[test]
    fn files_are_gathered_by_folder_and_writable_ones_stay_the_same_file() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("termination");
        let hosts = dir.path().join("hosts");
        fs::write(&log, "").unwrap();
        fs::write(&hosts, "127.0.0.1 localhost").unwrap();
        let staging = dir.path().join("staging/c1");
        let mounts = Mounts::new(
            &[
                mount("/dev/termination-log", &log, false),
                mount("/dev/fixed", &hosts, true),
                mount("/etc/hosts", &hosts, true),
            ],
            staging.clone(),
        )
        .unwrap();
        mounts.apply(&mut WasiCtxBuilder::new()).unwrap();
        fs::write(staging.join("0/termination-log"), "bye").unwrap();
        assert_eq!(fs::read_to_string(&log).unwrap(), "bye");
        fs::write(staging.join("0/fixed"), "changed").unwrap();
        assert_eq!(
            fs::read_to_string(&hosts).unwrap(),
            "127.0.0.1 localhost",
            "a read-only file in a writable folder is a copy"
        );
        let made = mounts.made.lock();
        let seen: Vec<_> = made
            .iter()
            .flatten()
            .map(|p| (p.guest.as_str(), p.read_only))
            .collect();
        assert_eq!(seen, [("/dev", false), ("/etc", true)]);
        drop(made);
        mounts.clean();
        assert!(!staging.exists());
    }

    #[test]
    fn a_missing_host_path_names_both_sides() {
        let error = Mounts::new(
            &[mount("/data/", Path::new("/nonexistent/volume"), false)],
            PathBuf::new(),
        )
        .unwrap_err()
        .to_string();
        assert!(
            error.starts_with("mount /data: /nonexistent/volume: "),
            "{error}"
        );
    }

    #[test]
    fn images_are_not_mounted() {
        let mut image = mount("/m", Path::new("/"), true);
        image.image = Some(Default::default());
        assert!(matches!(
            Mounts::new(&[image], PathBuf::new()),
            Err(MountError::Unsupported { .. })
        ));
    }
}
