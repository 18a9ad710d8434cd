//! Buckets as plain maps, written by our writer and read by our reader. Shared by the tests of this crate.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "only tests use it")]

use std::collections::BTreeMap;

use hydrofoil_bolt::{Bucket, Cursor, Db, Error, Plan, ReadAt, Writer};

/// Entries by key.
pub type Entries = BTreeMap<Vec<u8>, Vec<u8>>;
/// Buckets by name.
pub type Contents = BTreeMap<Vec<u8>, Entries>;

/// A file with these contents.
pub fn write(contents: &Contents, page_size: u32) -> Vec<u8> {
    let mut plan = Plan::new(page_size).unwrap();
    for (name, entries) in contents {
        plan.bucket(name).unwrap();
        for (key, value) in entries {
            plan.entry(key.len(), value.len()).unwrap();
        }
    }
    let layout = plan.finish().unwrap();
    let mut file = Vec::new();
    let mut writer = Writer::new(layout, &mut file);
    for (name, entries) in contents {
        writer.bucket(name, &mut file).unwrap();
        for (key, value) in entries {
            writer.entry(key, value, &mut file).unwrap();
        }
    }
    writer.finish(&mut file).unwrap();
    assert_eq!(file.len() as u64, layout.total_bytes());
    file
}

/// A bucket of a file; nested buckets count as entries without a value.
pub fn entries<S: ReadAt>(db: &Db<S>, bucket: &Bucket) -> Result<Entries, Error> {
    let mut entries = Entries::new();
    let mut cursor = Cursor::new(db, bucket);
    let mut last = Vec::new();
    while let Some(item) = cursor.next()? {
        assert!(last.as_slice() < item.key, "keys come in order");
        last = item.key.to_vec();
        entries.insert(item.key.to_vec(), item.value.to_vec());
    }
    Ok(entries)
}

/// All contents of a file that has buckets alone in its root bucket.
pub fn read<S: ReadAt>(source: S) -> Result<Contents, Error> {
    let db = Db::open(source)?;
    let mut names = Vec::new();
    let root = db.root();
    let mut cursor = Cursor::new(&db, &root);
    while let Some(item) = cursor.next()? {
        names.push((item.key.to_vec(), item.bucket.expect("a bucket")));
    }
    names
        .into_iter()
        .map(|(name, bucket)| Ok((name, entries(&db, &bucket)?)))
        .collect()
}
