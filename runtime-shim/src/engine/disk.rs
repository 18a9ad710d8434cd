//! Compiled code on disk, one file per (module, engine settings, CPU), each with the checksum that is verified before anything is loaded.
//!
//! Loading compiled code is trusting it: wasmtime maps it and runs it. So the folder is the owner's alone, a file counts only with its
//! checksum beside it, and a file that does not match, or that wasmtime refuses, is removed and made anew.

use std::fs::{self, File, Permissions};
use std::hash::{Hash, Hasher};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};
use wasmtime::Engine;

use crate::image::{Digest, Kind};

/// Read at once while a file is verified.
const READ_CHUNK: usize = 256 << 10;
const CODE: &str = "cwasm";
const SUM: &str = "sha256";

/// The folder of compiled code.
#[derive(Debug)]
pub struct DiskCache {
    folder: PathBuf,
    /// Engine settings and CPU features, as hex.
    environment: String,
    most_bytes: u64,
}

impl DiskCache {
    /// Opens (or makes) the folder for code of `engine`.
    pub fn open(folder: PathBuf, engine: &Engine, most_bytes: u64) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        fs::set_permissions(&folder, Permissions::from_mode(0o700))?;
        Ok(Self {
            folder,
            environment: environment(engine),
            most_bytes,
        })
    }

    fn path(&self, digest: &Digest, kind: Kind) -> PathBuf {
        let kind = match kind {
            Kind::Component => "component",
            Kind::Module => "module",
        };
        let key = Sha256::new()
            .chain_update(digest.as_str())
            .chain_update([0])
            .chain_update(kind)
            .chain_update([0])
            .chain_update(&self.environment)
            .finalize();
        self.folder.join(format!("{key:x}.{CODE}"))
    }

    /// The verified file for a module, if there is one. Blocking.
    pub fn find(&self, digest: &Digest, kind: Kind) -> Option<PathBuf> {
        let path = self.path(digest, kind);
        let expected = fs::read_to_string(path.with_extension(SUM)).ok()?;
        match checksum(&path) {
            Ok(found) if found == expected.trim() => {
                touch(&path);
                Some(path)
            }
            Ok(_) => {
                tracing::warn!(path = %path.display(), "compiled code does not match its checksum: compiling again");
                self.forget(digest, kind);
                None
            }
            Err(_) => None,
        }
    }

    /// Keeps compiled code and says where. Blocking.
    pub fn keep(&self, digest: &Digest, kind: Kind, code: &[u8]) -> io::Result<PathBuf> {
        let path = self.path(digest, kind);
        write(&path, code)?;
        let sum = format!("{:x}", Sha256::digest(code));
        write(&path.with_extension(SUM), sum.as_bytes())?;
        self.trim(&path);
        Ok(path)
    }

    /// Removes what was kept for a module.
    pub fn forget(&self, digest: &Digest, kind: Kind) {
        let path = self.path(digest, kind);
        let _ = fs::remove_file(path.with_extension(SUM));
        let _ = fs::remove_file(path);
    }

    /// Removes the least recently loaded files until the rest fits. `keep` stays in any case.
    fn trim(&self, keep: &Path) {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return;
        };
        let mut files: Vec<(SystemTime, u64, PathBuf)> = entries
            .filter_map(Result::ok)
            .filter(|e| e.path().extension().is_some_and(|x| x == CODE))
            .filter_map(|e| {
                let meta = e.metadata().ok()?;
                Some((meta.modified().ok()?, meta.len(), e.path()))
            })
            .collect();
        files.sort_unstable_by_key(|(used, _, _)| *used);
        let mut total: u64 = files.iter().map(|(_, size, _)| size).sum();
        for (_, size, path) in files {
            if total <= self.most_bytes {
                break;
            }
            if path != keep {
                let _ = fs::remove_file(path.with_extension(SUM));
                let _ = fs::remove_file(&path);
                total = total.saturating_sub(size);
            }
        }
    }
}

/// The settings that compiled code depends on. wasmtime's hash covers its version, its settings and the instruction-set flags it found in
/// the CPU; the architecture is named beside it for people who look into the folder.
fn environment(engine: &Engine) -> String {
    let mut hasher = Sha256Hasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{}-{:x}", std::env::consts::ARCH, hasher.0.finalize())
}

struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        u64::from_le_bytes(first)
    }
}

fn checksum(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; READ_CHUNK];
    loop {
        let size = file.read(&mut buffer)?;
        if size == 0 {
            return Ok(format!("{:x}", hasher.finalize()));
        }
        hasher.update(&buffer[..size]);
    }
}

/// Marks a file as used now. Failing costs only a worse choice of what to remove.
fn touch(path: &Path) {
    if let Ok(file) = File::open(path) {
        let now = crate::clock::now();
        let _ = file.set_modified(now.into());
    }
}

/// Writes a whole file, or none of it.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(folder: &Path, most: u64) -> DiskCache {
        let engine = crate::engine::Engines::build(32).unwrap().tasks;
        DiskCache::open(folder.to_path_buf(), &engine, most).unwrap()
    }

    #[test]
    fn what_was_kept_is_found_until_a_bit_flips() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(dir.path(), 1 << 20);
        let digest = Digest::of(b"module");
        assert_eq!(cache.find(&digest, Kind::Module), None);
        let path = cache.keep(&digest, Kind::Module, b"code").unwrap();
        assert_eq!(cache.find(&digest, Kind::Module), Some(path.clone()));
        assert_eq!(
            cache.find(&digest, Kind::Component),
            None,
            "the kind is in the key"
        );
        fs::write(&path, b"c0de").unwrap();
        assert_eq!(cache.find(&digest, Kind::Module), None);
        assert!(!path.exists(), "what does not match is removed");
    }

    #[test]
    fn code_without_its_checksum_does_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(dir.path(), 1 << 20);
        let digest = Digest::of(b"module");
        let path = cache.keep(&digest, Kind::Module, b"code").unwrap();
        fs::remove_file(path.with_extension(SUM)).unwrap();
        assert_eq!(cache.find(&digest, Kind::Module), None);
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(dir.path(), 250);
        let digests: Vec<_> = (0..3u8).map(|i| Digest::of(&[i])).collect();
        let age = |path: &Path, seconds: u64| {
            let file = File::open(path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds))
                .unwrap();
        };
        let first = cache.keep(&digests[0], Kind::Module, &[0; 100]).unwrap();
        age(&first, 2);
        let second = cache.keep(&digests[1], Kind::Module, &[0; 100]).unwrap();
        age(&second, 1);
        cache.keep(&digests[2], Kind::Module, &[0; 100]).unwrap();
        let kept: Vec<bool> = digests
            .iter()
            .map(|d| cache.find(d, Kind::Module).is_some())
            .collect();
        assert_eq!(kept, [true, false, true]);
    }
}
