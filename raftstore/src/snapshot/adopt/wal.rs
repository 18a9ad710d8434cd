//! Reading etcd's log: frames with a chained CRC-32C, over several files. Only what adopting needs is kept of the entries.
//!
//! A frame is 8 bytes, little endian, with the record's length in the lower 56 bits and the padding in the upper 8, then a
//! `walpb.Record`. Files are longer than what was written: a length of 0 ends one. Source: etcd's `server/storage/wal`.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use hydrofoil_etcd_wire::files::{Entry, EntryType, HardState, Metadata, Record};
use prost::Message;

use super::super::SnapshotError;

const METADATA: i64 = 1;
const ENTRY: i64 = 2;
const STATE: i64 = 3;
const CRC: i64 = 4;
const SNAPSHOT: i64 = 5;

/// A write to disk is whole or not by pieces of this many bytes.
const SECTOR_BYTES: u64 = 512;
/// Bytes of a frame's head.
const HEAD_BYTES: u64 = 8;
/// Most entries that are kept; the rest of a log that has more cannot matter.
const MAX_ENTRIES: usize = 10_000_000;
/// Most bytes of requests that are kept. etcd writes its database ten times a second: what it lacks is little.
const MAX_REQUEST_BYTES: usize = 1 << 30;

/// What is kept of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It does nothing.
    Empty,
    /// A request: the entry's data, or nothing if the database holds what it did.
    Request(Bytes),
    /// A change of the members: the entry's data.
    ConfChange(Vec<u8>),
    /// A change of the members in raft's second form, which etcd does not write.
    ConfChangeV2,
}

/// What a log holds.
#[derive(Clone, Debug, Default)]
pub struct Wal {
    /// Whose log it is.
    pub metadata: Option<Metadata>,
    /// Raft's last hard state.
    pub hard_state: HardState,
    /// The entries by index, with their terms.
    pub entries: BTreeMap<u64, (u64, Kept)>,
    /// The last entry that the database holds.
    held: u64,
    /// Bytes of requests that were kept so far.
    request_bytes: usize,
}

/// Reads the log in `dir`, with the data of requests behind the entry `held`.
pub fn read(dir: &Path, held: u64) -> Result<Wal, SnapshotError> {
    let files = files(dir)?;
    let mut wal = Wal {
        held,
        ..Default::default()
    };
    let mut crc = 0;
    for (n, path) in files.iter().enumerate() {
        let mut frames = Frames::open(path, n + 1 == files.len())?;
        while let Some(record) = frames.next(&mut crc)? {
            wal.take(record).map_err(|what| frames.damaged(what))?;
        }
    }
    Ok(wal)
}

/// The log's files in order.
fn files(dir: &Path) -> Result<Vec<PathBuf>, SnapshotError> {
    let failed = |error| SnapshotError::io("reading", dir, error);
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let number = name
            .strip_suffix(".wal")
            .and_then(|name| name.split_once('-'))
            .and_then(|(number, _)| u64::from_str_radix(number, 16).ok());
        if let Some(number) = number {
            files.insert(number, path);
        }
    }
    let gap = files
        .keys()
        .zip(files.keys().skip(1))
        .find(|(a, b)| **a + 1 != **b);
    if let Some((before, _)) = gap {
        let what = format!(
            "{}: the file after number {before:x} is missing",
            dir.display()
        );
        return Err(SnapshotError::Refused(what));
    }
    if files.is_empty() {
        let what = format!("{}: there is no log", dir.display());
        return Err(SnapshotError::Refused(what));
    }
    Ok(files.into_values().collect())
}

impl Wal {
    fn take(&mut self, record: Record) -> Result<(), &'static str> {
        let data = record.data.unwrap_or_default();
        match record.r#type {
            METADATA => {
                let metadata = Metadata::decode(data).map_err(|_| "it is no metadata")?;
                if self
                    .metadata
                    .as_ref()
                    .is_some_and(|before| *before != metadata)
                {
                    return Err("conflicting metadata found");
                }
                self.metadata = Some(metadata);
            }
            ENTRY => {
                let entry = Entry::decode(data).map_err(|_| "it is no entry")?;
                // An entry of a newer leader takes the place of what came after it.
                self.entries.split_off(&entry.index);
                if self.entries.len() >= MAX_ENTRIES {
                    return Err("more entries than are believed");
                }
                let kept = kept(&entry, self.held);
                if let Kept::Request(data) = &kept {
                    self.request_bytes += data.len();
                    if self.request_bytes > MAX_REQUEST_BYTES {
                        return Err(
                            "more bytes of requests that the database lacks than are taken",
                        );
                    }
                }
                self.entries.insert(entry.index, (entry.term, kept));
            }
            STATE => self.hard_state = HardState::decode(data).map_err(|_| "it is no state")?,
            CRC | SNAPSHOT => {}
            _ => return Err("a record of an unknown kind"),
        }
        Ok(())
    }
}

fn kept(entry: &Entry, held: u64) -> Kept {
    let data = entry.data.clone().unwrap_or_default();
    match entry.r#type() {
        EntryType::EntryConfChange => Kept::ConfChange(data.to_vec()),
        EntryType::EntryConfChangeV2 => Kept::ConfChangeV2,
        EntryType::EntryNormal if data.is_empty() => Kept::Empty,
        EntryType::EntryNormal if entry.index <= held => Kept::Request(Bytes::new()),
        EntryType::EntryNormal => Kept::Request(data),
    }
}

/// The frames of one file.
struct Frames {
    path: PathBuf,
    reader: BufReader<fs::File>,
    len: u64,
    offset: u64,
    is_last: bool,
}

impl Frames {
    fn open(path: &Path, is_last: bool) -> Result<Frames, SnapshotError> {
        let failed = |error| SnapshotError::io("reading", path, error);
        let file = fs::File::open(path).map_err(failed)?;
        let len = file.metadata().map_err(failed)?.len();
        Ok(Frames {
            path: path.to_owned(),
            reader: BufReader::new(file),
            len,
            offset: 0,
            is_last,
        })
    }

    fn damaged(&self, what: &str) -> SnapshotError {
        let (path, offset) = (self.path.display(), self.offset);
        SnapshotError::Refused(format!("{path}, before offset {offset}: {what}"))
    }

    fn fill(&mut self, out: &mut [u8]) -> Result<(), SnapshotError> {
        self.reader
            .read_exact(out)
            .map_err(|error| SnapshotError::io("reading", &self.path, error))
    }

    /// The next record, checked against the running checksum; `None` at the end of what was written.
    fn next(&mut self, crc: &mut u32) -> Result<Option<Record>, SnapshotError> {
        if self.offset + HEAD_BYTES > self.len {
            return Ok(None);
        }
        let mut head = [0; HEAD_BYTES as usize];
        self.fill(&mut head)?;
        let head = u64::from_le_bytes(head);
        if head == 0 {
            return Ok(None);
        }
        let bytes = head & ((1 << 56) - 1);
        let padding = if head >> 63 == 1 { (head >> 56) & 7 } else { 0 };
        let begin = self.offset + HEAD_BYTES;
        if bytes + padding > self.len - begin {
            // The last write of a crash is cut off where the file ends.
            return if self.is_last {
                Ok(None)
            } else {
                Err(self.damaged("a record is longer than its file"))
            };
        }
        let mut frame = vec![0; (bytes + padding) as usize];
        self.fill(&mut frame)?;
        let torn = self.is_last && is_torn(&frame, begin);
        let Ok(record) = Record::decode(&frame[..bytes as usize]) else {
            return if torn {
                Ok(None)
            } else {
                Err(self.damaged("it is no record"))
            };
        };
        if record.r#type == CRC {
            if *crc != 0 && record.crc != *crc {
                return Err(self.damaged("crc mismatch"));
            }
            *crc = record.crc;
        } else {
            let sum = crc32c::crc32c_append(*crc, record.data.as_deref().unwrap_or_default());
            if record.crc != sum {
                return if torn {
                    Ok(None)
                } else {
                    Err(self.damaged("crc mismatch"))
                };
            }
            *crc = sum;
        }
        self.offset = begin + bytes + padding;
        Ok(Some(record))
    }
}

/// Whether a frame that begins at `offset` was not wholly written: one of its sectors is still all zero.
fn is_torn(frame: &[u8], offset: u64) -> bool {
    let first = (SECTOR_BYTES - offset % SECTOR_BYTES).min(frame.len() as u64) as usize;
    let (first, rest) = frame.split_at(first);
    let zero = |sector: &[u8]| !sector.is_empty() && sector.iter().all(|byte| *byte == 0);
    zero(first) || rest.chunks(SECTOR_BYTES as usize).any(zero)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A log of one file.
    fn write(records: &[(i64, Vec<u8>)]) -> Vec<u8> {
        let (mut file, mut crc) = (Vec::new(), 0);
        for (kind, data) in records {
            crc = crc32c::crc32c_append(crc, data);
            let record = Record {
                r#type: *kind,
                crc,
                data: Some(data.clone().into()),
            };
            let bytes = record.encode_to_vec();
            let padding = (8 - bytes.len() % 8) % 8;
            let mark = if padding == 0 {
                0
            } else {
                0x80 | padding as u64
            };
            file.extend_from_slice(&(bytes.len() as u64 | mark << 56).to_le_bytes());
            file.extend_from_slice(&bytes);
            file.resize(file.len() + padding, 0);
        }
        file.resize(file.len() + 4096, 0);
        file
    }

    fn sample() -> Vec<u8> {
        let entry = |index, term, data: &[u8]| {
            let entry = Entry {
                r#type: 0,
                term,
                index,
                data: Some(data.to_vec().into()),
            };
            (ENTRY, entry.encode_to_vec())
        };
        let metadata = Metadata {
            node_id: 1,
            cluster_id: 2,
        };
        let state = HardState {
            term: 3,
            vote: 1,
            commit: 2,
        };
        write(&[
            (METADATA, metadata.encode_to_vec()),
            entry(1, 1, b""),
            entry(2, 1, b"lost"),
            entry(3, 1, b"lost"),
            (STATE, state.encode_to_vec()),
            entry(2, 3, b"request"),
        ])
    }

    fn parse(file: &[u8]) -> Result<Wal, SnapshotError> {
        let dir = tempfile::tempdir().unwrap();
        let name = "0000000000000000-0000000000000000.wal";
        fs::write(dir.path().join(name), file).unwrap();
        read(dir.path(), 0)
    }

    #[test]
    fn a_newer_entry_takes_the_place_of_older_ones() {
        let wal = parse(&sample()).unwrap();
        assert_eq!(wal.metadata.unwrap().cluster_id, 2);
        assert_eq!(wal.hard_state.term, 3);
        let entries: Vec<_> = wal.entries.into_iter().collect();
        let request = Kept::Request("request".into());
        assert_eq!(entries, [(1, (1, Kept::Empty)), (2, (3, request))]);
    }

    #[test]
    fn a_changed_request_is_noticed() {
        let mut file = sample();
        let at = file.windows(7).position(|part| part == b"request").unwrap();
        file[at] ^= 1;
        let error = parse(&file).unwrap_err().to_string();
        assert!(error.contains("crc mismatch"), "{error}");
    }

    proptest! {
        #![proptest_config(crate::tests::fuzz::cases(200))]
        #[test]
        fn any_damage(
            hits in prop::collection::vec((0usize..300, any::<u8>()), 1..6),
            length in 0usize..5000,
        ) {
            let mut file = sample();
            for (at, byte) in hits {
                file[at] = byte;
            }
            file.truncate(length);
            drop(parse(&file));
        }
    }
}
