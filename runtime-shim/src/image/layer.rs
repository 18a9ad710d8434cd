//! Finds the one WebAssembly file in the tar layers of an OCI image and takes it out.
//!
//! Nothing is unpacked to paths from an archive: only the bytes of the chosen file are copied. Layers are read as the image
//! specification says (layer.md): a higher layer's file hides a lower one's, `.wh.NAME` deletes, `.wh..wh..opq` empties a folder.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};

use super::digest::{Algorithm, Digest, Hasher};
use super::wasm;

/// The most entries in all layers of an image together.
pub const MAX_ENTRIES: usize = 200_000;

const WHITEOUT: &str = ".wh.";
const OPAQUE: &str = ".wh..wh..opq";
const COPY_BUFFER_BYTES: usize = 128 << 10;

/// A layer's file on our disk.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The blob.
    pub path: PathBuf,
    /// Whether it is compressed.
    pub gzip: bool,
}

/// Why no module came out.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// There is none, or it is not clear which.
    #[error("{0}")]
    NotWasm(String),
    /// An archive is broken, or the disk is.
    #[error("layer archive: {0}")]
    Io(#[from] std::io::Error),
    /// A bound was passed.
    #[error("{0}")]
    TooLarge(String),
}

struct Candidate {
    layer: usize,
    path: String,
}

/// Copies the module into `out` and returns its digest and size. `wanted` are the words of entrypoint and command; a file that one
/// of them names is taken, otherwise there must be exactly one Wasm file. `max_bytes` bounds what is decompressed from one layer.
pub fn extract(
    layers: &[Layer],
    wanted: &[String],
    max_bytes: u64,
    out: &mut File,
) -> Result<(Digest, u64), LayerError> {
    let candidates = find(layers, max_bytes)?;
    let chosen = pick(&candidates, wanted)?;
    let layer = &layers[chosen.layer];
    for entry in archive(layer, max_bytes)?.entries()? {
        let mut entry = entry?;
        if entry.header().entry_type().is_file()
            && normal(&entry.path()?).as_deref() == Some(chosen.path.as_str())
        {
            return copy(&mut entry, out);
        }
    }
    Err(LayerError::Io(std::io::Error::other(format!(
        "{} is gone on second reading",
        chosen.path
    ))))
}

fn copy(from: &mut impl Read, out: &mut File) -> Result<(Digest, u64), LayerError> {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut buffer = vec![0; COPY_BUFFER_BYTES];
    let mut size = 0;
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok((hasher.finish(), size));
        }
        hasher.update(&buffer[..read]);
        out.write_all(&buffer[..read])?;
        size += read as u64;
    }
}

fn pick<'a>(candidates: &'a [Candidate], wanted: &[String]) -> Result<&'a Candidate, LayerError> {
    for word in wanted {
        let Some(path) = normal(Path::new(word)) else {
            continue;
        };
        if let Some(candidate) = candidates.iter().find(|c| c.path == path) {
            return Ok(candidate);
        }
    }
    match candidates {
        [one] => Ok(one),
        [] => Err(LayerError::NotWasm(
            "its layers hold no WebAssembly file".to_owned(),
        )),
        several => {
            let mut names: Vec<&str> = several.iter().map(|c| c.path.as_str()).take(8).collect();
            names.sort_unstable();
            Err(LayerError::NotWasm(format!(
                "its layers hold {} WebAssembly files ({}) and its entrypoint names none of them",
                several.len(),
                names.join(", ")
            )))
        }
    }
}

/// Every Wasm file that no higher layer hides.
fn find(layers: &[Layer], max_bytes: u64) -> Result<Vec<Candidate>, LayerError> {
    let mut candidates = Vec::new();
    let mut hidden = BTreeSet::new();
    let mut opaque = BTreeSet::new();
    let mut entries = 0;
    for (index, layer) in layers.iter().enumerate().rev() {
        let mut here = BTreeSet::new();
        let mut here_opaque = BTreeSet::new();
        for entry in archive(layer, max_bytes)?.entries()? {
            let mut entry = entry?;
            entries += 1;
            if entries > MAX_ENTRIES {
                return Err(LayerError::TooLarge(format!(
                    "its layers hold more than {MAX_ENTRIES} files"
                )));
            }
            let Some(path) = normal(&entry.path()?) else {
                continue;
            };
            let (parent, name) = path.rsplit_once('/').unwrap_or(("", &path));
            if name == OPAQUE {
                here_opaque.insert(parent.to_owned());
            } else if let Some(deleted) = name.strip_prefix(WHITEOUT) {
                here.insert(join(parent, deleted));
            } else if !entry.header().entry_type().is_dir() {
                let visible = !is_hidden(&path, &hidden, &opaque);
                if visible && entry.header().entry_type().is_file() && is_wasm(&mut entry)? {
                    candidates.push(Candidate {
                        layer: index,
                        path: path.clone(),
                    });
                }
                here.insert(path);
            }
        }
        hidden.append(&mut here);
        opaque.append(&mut here_opaque);
    }
    Ok(candidates)
}

fn is_wasm(entry: &mut impl Read) -> std::io::Result<bool> {
    let mut header = Vec::with_capacity(wasm::HEADER_BYTES);
    entry
        .take(wasm::HEADER_BYTES as u64)
        .read_to_end(&mut header)?;
    Ok(wasm::kind(&header).is_ok())
}

fn is_hidden(path: &str, hidden: &BTreeSet<String>, opaque: &BTreeSet<String>) -> bool {
    if hidden.contains(path) || opaque.contains("") {
        return true;
    }
    path.match_indices('/')
        .map(|(at, _)| &path[..at])
        .any(|parent| hidden.contains(parent) || opaque.contains(parent))
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() {
        name.to_owned()
    } else {
        format!("{parent}/{name}")
    }
}

/// `./a/b`, `/a/b` and `a/b` are the same; what climbs with `..` or is not UTF-8 is nothing we look for.
fn normal(path: &Path) -> Option<String> {
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => return None,
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

type Archive = tar::Archive<Bounded<Box<dyn Read>>>;

fn archive(layer: &Layer, max_bytes: u64) -> std::io::Result<Archive> {
    let file = BufReader::with_capacity(COPY_BUFFER_BYTES, File::open(&layer.path)?);
    let reader: Box<dyn Read> = if layer.gzip {
        Box::new(flate2::bufread::MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    Ok(tar::Archive::new(Bounded {
        inner: reader,
        left: max_bytes,
        max: max_bytes,
    }))
}

/// Fails, and does not end quietly, when more than `max` bytes come out.
struct Bounded<R> {
    inner: R,
    left: u64,
    max: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            std::io::Error::new(
                std::io::ErrorKind::FileTooLarge,
                format!("it unpacks to more than {} bytes", self.max),
            )
        })?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    const MODULE: &[u8] = b"\0asm\x01\0\0\0";
    const MAX: u64 = 1 << 20;

    fn tar(files: &[(&str, &[u8])]) -> std::io::Result<Vec<u8>> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, path, *bytes)?;
        }
        builder.into_inner()
    }

    fn run(
        layers: &[&[(&str, &[u8])]],
        wanted: &[&str],
    ) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let mut files = Vec::new();
        for (index, layer) in layers.iter().enumerate() {
            let path = folder.path().join(index.to_string());
            let gzip = index % 2 == 1;
            let bytes = tar(layer)?;
            if gzip {
                let mut encoder = flate2::write::GzEncoder::new(
                    File::create(&path)?,
                    flate2::Compression::fast(),
                );
                encoder.write_all(&bytes)?;
                encoder.finish()?;
            } else {
                std::fs::write(&path, bytes)?;
            }
            files.push(Layer { path, gzip });
        }
        let out_path = folder.path().join("out");
        let mut out = File::create(&out_path)?;
        let wanted: Vec<String> = wanted.iter().map(|w| (*w).to_owned()).collect();
        let (digest, size) = extract(&files, &wanted, MAX, &mut out)?;
        let bytes = std::fs::read(out_path)?;
        assert_eq!(digest, Digest::of(&bytes));
        assert_eq!(size, bytes.len() as u64);
        Ok(bytes)
    }

    fn error(layers: &[&[(&str, &[u8])]], wanted: &[&str]) -> String {
        run(layers, wanted)
            .err()
            .map(|e| e.to_string())
            .unwrap_or_default()
    }

    fn module(tail: &[u8]) -> Vec<u8> {
        [MODULE, tail].concat()
    }

    #[test]
    fn takes_the_only_module_or_the_one_named() -> Outcome {
        let (a, b) = (module(b"a"), module(b"b"));
        assert_eq!(run(&[&[("etc/x", b"text"), ("./app.wasm", &a)]], &[])?, a);
        let both: &[(&str, &[u8])] = &[("a.wasm", &a), ("bin/b.wasm", &b)];
        assert_eq!(run(&[both], &["/bin/b.wasm", "--flag"])?, b);
        assert_eq!(
            error(&[both], &["/other"]),
            "its layers hold 2 WebAssembly files (a.wasm, bin/b.wasm) and its entrypoint names none of them"
        );
        assert_eq!(
            error(&[&[("x", b"text")]], &[]),
            "its layers hold no WebAssembly file"
        );
        Ok(())
    }

    #[test]
    fn higher_layers_hide_lower_ones() -> Outcome {
        let (old, new) = (module(b"old"), module(b"new"));
        assert_eq!(
            run(&[&[("app.wasm", &old)], &[("app.wasm", &new)]], &[])?,
            new
        );
        assert_eq!(
            run(
                &[
                    &[("a.wasm", &old)],
                    &[(".wh.a.wasm", b""), ("b.wasm", &new)]
                ],
                &[]
            )?,
            new
        );
        assert_eq!(
            run(
                &[
                    &[("d/a.wasm", &old)],
                    &[("d/.wh..wh..opq", b""), ("d/b.wasm", &new)]
                ],
                &[]
            )?,
            new
        );
        assert_eq!(
            run(
                &[&[("d/e/a.wasm", &old)], &[(".wh.d", b""), ("b.wasm", &new)]],
                &[]
            )?,
            new
        );
        assert_eq!(
            run(
                &[
                    &[("app.wasm", &old)],
                    &[("app.wasm", b"text now"), ("b.wasm", &new)]
                ],
                &[]
            )?,
            new
        );
        Ok(())
    }

    #[test]
    fn bombs_and_broken_archives_are_errors() -> Outcome {
        let big = vec![0; MAX as usize + 1];
        assert!(error(&[&[("x", b"")], &[("big", &big)]], &[]).contains("it unpacks to more than"));
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("broken");
        std::fs::write(&path, vec![7; 2000])?;
        let mut out = File::create(folder.path().join("out"))?;
        let broken = extract(&[Layer { path, gzip: false }], &[], MAX, &mut out);
        assert!(matches!(broken, Err(LayerError::Io(_))));
        Ok(())
    }
}
