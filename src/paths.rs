//! Where a cluster keeps its files: one data dir, and what lies in it.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// A path of a unix socket may be so long, its final zero included (`sockaddr_un.sun_path` on Linux).
const MAX_SOCKET_PATH: usize = 108;

/// The data dir of one cluster and the places in it.
#[derive(Clone, Debug)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// The dir that the user named, or `hydrofoil` under the user's XDG data folder.
    pub fn resolve(named: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(dir) = named {
            let dir = std::path::absolute(dir)
                .with_context(|| format!("--data-dir {}", dir.display()))?;
            return Ok(Self(dir));
        }
        let xdg = std::env::var_os("XDG_DATA_HOME")
            .map(PathBuf::from)
            .filter(|p| p.is_absolute());
        let base = match xdg {
            Some(base) => base,
            None => std::env::home_dir()
                .context("--data-dir is not given, and there is no home folder to default to")?
                .join(".local/share"),
        };
        Ok(Self(base.join("hydrofoil")))
    }

    /// The dir itself.
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// The store's files.
    pub fn store(&self) -> PathBuf {
        self.0.join("store")
    }

    /// Certificates and keys.
    pub fn pki(&self) -> PathBuf {
        self.0.join("pki")
    }

    /// The embedded registry's blobs.
    pub fn registry(&self) -> PathBuf {
        self.0.join("registry")
    }

    /// The runtime's images, compiled code and sandboxes.
    pub fn runtime(&self) -> PathBuf {
        self.0.join("runtime")
    }

    /// The kubelet's volumes and pod logs.
    pub fn kubelet(&self) -> PathBuf {
        self.0.join("kubelet")
    }

    /// The admin's kubeconfig.
    pub fn kubeconfig(&self) -> PathBuf {
        self.0.join("kubeconfig")
    }

    /// The addresses that the parts listen on, as JSON, for programs.
    pub fn addresses(&self) -> PathBuf {
        self.0.join("addresses.json")
    }

    /// Takes the data dir for this process alone; the lock goes with the process, however it ends.
    pub fn take(&self) -> anyhow::Result<File> {
        let path = self.lock();
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(file),
            Err(rustix::io::Errno::WOULDBLOCK) => {
                bail!(
                    "--data-dir {}: another hydrofoil uses it",
                    self.root().display()
                )
            }
            Err(error) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
        }
    }

    /// The file whose lock says that a process uses this dir.
    fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }

    /// The runtime's CRI socket: in the data dir, or, where that path is too long for a socket, in a private folder of the
    /// user's under the runtime or temporary folder, named after the data dir.
    pub fn cri_socket(&self) -> PathBuf {
        let here = self.0.join("runtime.sock");
        if here.as_os_str().len() < MAX_SOCKET_PATH {
            return here;
        }
        use std::hash::{Hash as _, Hasher as _};
        let mut hasher = std::hash::DefaultHasher::new();
        self.0.hash(&mut hasher);
        let base =
            std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        base.join(format!("hydrofoil-{:016x}", hasher.finish()))
            .join("runtime.sock")
    }
}

/// Makes a folder that only its owner may enter.
pub fn make_private(dir: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("cannot make {}", dir.display()))
}

/// Writes a file of the owner's alone, whole or not at all.
pub fn write_private(path: &Path, contents: &[u8]) -> anyhow::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut new = path.as_os_str().to_owned();
    new.push(format!(".new-{}", std::process::id()));
    let new = PathBuf::from(new);
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(contents)?;
        file.sync_all()?;
        std::fs::rename(&new, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_path_never_exceeds_what_a_socket_can_bind() {
        for depth in [1, 10, 40] {
            let dir = DataDir(PathBuf::from("/").join("a-long-folder/".repeat(depth)));
            let socket = dir.cri_socket();
            assert!(
                socket.as_os_str().len() < MAX_SOCKET_PATH,
                "{}",
                socket.display()
            );
        }
    }

    #[test]
    fn two_long_data_dirs_have_two_sockets() {
        let long = |tail: &str| {
            DataDir(
                PathBuf::from("/")
                    .join("a-long-folder/".repeat(20))
                    .join(tail),
            )
            .cri_socket()
        };
        assert_ne!(long("a"), long("b"));
    }

    #[test]
    fn a_private_file_is_replaced_whole_and_is_the_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("kubeconfig");
        write_private(&path, b"one").expect("written");
        write_private(&path, b"two").expect("written again");
        assert_eq!(std::fs::read(&path).expect("readable"), b"two");
        assert_eq!(
            std::fs::metadata(&path)
                .expect("there")
                .permissions()
                .mode()
                & 0o777,
            0o600
        );
        assert_eq!(std::fs::read_dir(dir.path()).expect("listed").count(), 1);
    }
}
