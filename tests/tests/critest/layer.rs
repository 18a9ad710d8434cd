//! A layer of an image: files of this machine, as a tar archive that is the same whenever they are.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use tar::{EntryType, Header};

use crate::inside;

/// See the module header. Paths have no leading slash.
#[derive(Clone, Default)]
pub struct Layer {
    folders: BTreeMap<String, u32>,
    files: BTreeMap<String, (u32, Vec<u8>)>,
    links: BTreeMap<String, String>,
}

impl Layer {
    /// An empty folder; those of files come by themselves.
    pub fn folder(&mut self, path: &str, mode: u32) {
        self.folders.insert(path.to_owned(), mode);
    }

    /// A file.
    pub fn file(&mut self, path: &str, mode: u32, content: impl Into<Vec<u8>>) {
        self.files.insert(path.to_owned(), (mode, content.into()));
    }

    /// A second name of a file: a hard link, so that it can be masked by itself.
    pub fn link(&mut self, path: &str, file: &str) {
        if !self.files.contains_key(path) {
            self.links.insert(path.to_owned(), file.to_owned());
        }
    }

    /// A program of this machine, or a module of one, with the shared libraries that it needs, which stay where they are.
    pub fn program(&mut self, path: &str, here: &str) -> anyhow::Result<()> {
        self.copy(path, here)?;
        let listed = inside::output(Command::new("ldd").arg(here))?;
        for library in listed.lines().filter_map(library) {
            self.copy(library.trim_start_matches('/'), library)?;
        }
        Ok(())
    }

    fn copy(&mut self, path: &str, here: &str) -> anyhow::Result<()> {
        let content =
            std::fs::read(here).with_context(|| format!("{here}: `tests/run` installs it"))?;
        self.file(path, 0o755, content);
        Ok(())
    }

    /// The archive.
    pub fn tar(&self) -> anyhow::Result<Vec<u8>> {
        let mut archive = tar::Builder::new(Vec::new());
        let mut folders = self.folders.clone();
        for path in self.files.keys().chain(self.links.keys()) {
            for above in Path::new(path).ancestors().skip(1) {
                let above = above.to_str().unwrap_or_default();
                if !above.is_empty() && !folders.contains_key(above) {
                    folders.insert(above.to_owned(), 0o755);
                }
            }
        }
        for (path, mode) in folders {
            let mut header = header(EntryType::Directory, mode, 0);
            archive.append_data(&mut header, format!("{path}/"), &[][..])?;
        }
        for (path, (mode, content)) in &self.files {
            let mut header = header(EntryType::Regular, *mode, content.len());
            archive.append_data(&mut header, path, &content[..])?;
        }
        for (path, file) in &self.links {
            archive.append_link(&mut header(EntryType::Link, 0o755, 0), path, file)?;
        }
        Ok(archive.into_inner()?)
    }
}

fn header(kind: EntryType, mode: u32, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size as u64);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

/// The path in a line of `ldd`: `name => /path (address)`, or `/path (address)` for the loader.
fn library(line: &str) -> Option<&str> {
    let found = line.split("=>").last()?.split_whitespace().next()?;
    found.starts_with('/').then_some(found)
}

#[test]
fn libraries_are_read_from_what_ldd_prints() {
    let found = |line| library(line);
    assert_eq!(
        found("\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)"),
        Some("/lib/x86_64-linux-gnu/libc.so.6")
    );
    assert_eq!(
        found("\t/lib64/ld-linux-x86-64.so.2 (0x00007f)"),
        Some("/lib64/ld-linux-x86-64.so.2")
    );
    assert_eq!(found("\tlinux-vdso.so.1 (0x00007f)"), None);
    assert_eq!(found("\tstatically linked"), None);
}
