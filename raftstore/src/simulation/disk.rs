//! A disk that forgets: what was not flushed may be lost, wholly or in part, when it crashes.
//!
//! Each file has what the process sees and what the platter has. A flush copies the first to the second. A crash throws away
//! the first, after some of the writes since the last flush, chosen by a seed, in whole sectors or torn, reached the platter.
//! Creations and removals count from `sync_dir` on; a new name may be there before.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::wal::disk::{Disk, DiskFile};

const SECTOR: usize = 512;

#[derive(Clone, Debug, Default)]
struct Image {
    seen: Vec<u8>,
    platter: Vec<u8>,
    /// Writes and changes of length since the last flush, in order.
    unsynced: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

#[derive(Debug, Default)]
struct Files {
    seen: BTreeMap<String, Arc<Mutex<Image>>>,
    platter: BTreeMap<String, Arc<Mutex<Image>>>,
    /// New names since the last `sync_dir`: from, to, the file.
    renamed: Vec<(String, String, Arc<Mutex<Image>>)>,
}

/// See the module header. Clones are the same disk.
#[derive(Clone, Debug)]
pub struct Forgetful {
    files: Arc<Mutex<Files>>,
    /// Operations done that change something; at `fail_at` the power goes off.
    operations: Arc<AtomicU64>,
    fail_at: Arc<AtomicU64>,
}

impl Default for Forgetful {
    fn default() -> Self {
        Forgetful {
            files: Arc::default(),
            operations: Arc::default(),
            fail_at: Arc::new(AtomicU64::new(u64::MAX)),
        }
    }
}

impl Forgetful {
    /// A new disk, whose power stays on.
    pub fn new() -> Self {
        Forgetful::default()
    }

    /// Lets the power go off `operations` changes from now.
    pub fn fail_after(&self, operations: u64) {
        let now = self.operations.load(Ordering::SeqCst);
        self.fail_at.store(now + operations, Ordering::SeqCst);
    }

    /// The disk after a crash: what was flushed, and of the rest what the seed lets reach the platter.
    pub fn crashed(&self, seed: u64) -> Forgetful {
        let mut rng = StdRng::seed_from_u64(seed);
        let files = self.files.lock();
        let disk = Forgetful::new();
        let mut platter = files.platter.clone();
        for (from, to, image) in &files.renamed {
            if rng.random_bool(0.5) {
                platter.remove(from);
                platter.insert(to.clone(), Arc::clone(image));
            }
        }
        for (name, image) in &platter {
            let image = image.lock();
            let mut platter = image.platter.clone();
            for change in &image.unsynced {
                settle(&mut platter, change, &mut rng);
            }
            let image = Image {
                seen: platter.clone(),
                platter,
                unsynced: Vec::new(),
            };
            let image = Arc::new(Mutex::new(image));
            let mut files = disk.files.lock();
            files.seen.insert(name.clone(), Arc::clone(&image));
            files.platter.insert(name.clone(), image);
        }
        disk
    }

    /// Flips a bit of a file, on the platter as well.
    pub fn damage(&self, name: &str, offset: usize) {
        let files = self.files.lock();
        let mut image = files.seen[name].lock();
        image.seen[offset] ^= 1;
        image.platter[offset] ^= 1;
    }

    /// A file's bytes.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        self.files.lock().seen[name].lock().seen.clone()
    }

    fn change(&self) -> io::Result<()> {
        let n = self.operations.fetch_add(1, Ordering::SeqCst);
        if n >= self.fail_at.load(Ordering::SeqCst) {
            return Err(io::Error::other("the power is off"));
        }
        Ok(())
    }
}

/// Lets a change reach the platter, or not, or in part.
fn settle(platter: &mut Vec<u8>, change: &Change, rng: &mut StdRng) {
    match change {
        Change::Length(length) => {
            if rng.random_bool(0.5) {
                platter.resize(*length as usize, 0);
            }
        }
        Change::Write(offset, data) => match rng.random_range(0..3) {
            0 => {}
            1 => write(platter, *offset as usize, data),
            _ => {
                for (n, sector) in data.chunks(SECTOR).enumerate() {
                    if rng.random_bool(0.5) {
                        let torn = if rng.random_bool(0.2) {
                            rng.random_range(0..=sector.len())
                        } else {
                            sector.len()
                        };
                        write(platter, *offset as usize + n * SECTOR, &sector[..torn]);
                    }
                }
            }
        },
    }
}

fn write(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    if bytes.len() < offset + data.len() {
        bytes.resize(offset + data.len(), 0);
    }
    bytes[offset..offset + data.len()].copy_from_slice(data);
}

#[derive(Debug)]
struct File {
    disk: Forgetful,
    image: Arc<Mutex<Image>>,
}

impl DiskFile for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.image.lock().seen.len() as u64)
    }

    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<()> {
        let image = self.image.lock();
        let offset = offset as usize;
        let bytes = image
            .seen
            .get(offset..offset + out.len())
            .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn write_at(&self, data: &[u8], offset: u64) -> io::Result<()> {
        self.disk.change()?;
        let mut image = self.image.lock();
        write(&mut image.seen, offset as usize, data);
        image.unsynced.push(Change::Write(offset, data.to_vec()));
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.change()?;
        let mut image = self.image.lock();
        image.seen.resize(len as usize, 0);
        image.unsynced.push(Change::Length(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.change()?;
        let mut image = self.image.lock();
        image.platter = image.seen.clone();
        image.unsynced.clear();
        Ok(())
    }
}

impl Disk for Forgetful {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.files.lock().seen.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut files = self.files.lock();
        let image = files.seen.entry(name.to_owned()).or_default();
        Ok(Box::new(File {
            disk: self.clone(),
            image: Arc::clone(image),
        }))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.change()?;
        self.files.lock().seen.remove(name);
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.change()?;
        let mut files = self.files.lock();
        let image = files.seen.remove(from);
        let image = image.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        files.seen.insert(to.to_owned(), Arc::clone(&image));
        files.renamed.push((from.to_owned(), to.to_owned(), image));
        Ok(())
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.change()?;
        let mut files = self.files.lock();
        files.platter = files.seen.clone();
        files.renamed.clear();
        Ok(())
    }

    fn describe(&self, name: &str) -> String {
        name.to_owned()
    }
}
