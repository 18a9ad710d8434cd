//! A sorted map whose copies are cheap: the shape of every snapshot.
//!
//! Entries lie in chunks behind `Arc`s. A copy shares all chunks; changing a copy clones the list of chunks and the chunks
//! that are touched, nothing else. Reads are two binary searches; walking a range is walking slices.

use std::sync::Arc;

use super::Object;

/// A chunk that grows beyond this is split.
const MAX_CHUNK: usize = 128;
/// A chunk that shrinks below this is joined with its neighbour, when both fit.
const MIN_CHUNK: usize = 24;

#[derive(Debug, Clone)]
struct Entry {
    key: Arc<str>,
    object: Arc<Object>,
}

type Chunk = Vec<Entry>;

/// Objects by key, in byte order.
#[derive(Debug, Clone, Default)]
pub struct Sorted {
    chunks: Arc<Vec<Arc<Chunk>>>,
    len: usize,
}

impl Sorted {
    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The object of a key.
    pub fn get(&self, key: &str) -> Option<&Arc<Object>> {
        let chunk = self.chunks.get(self.chunk_of(key))?;
        let at = chunk.binary_search_by(|entry| (*entry.key).cmp(key)).ok()?;
        Some(&chunk[at].object)
    }

    /// Puts an object under a key and gives back what was there.
    pub fn insert(&mut self, key: Arc<str>, object: Arc<Object>) -> Option<Arc<Object>> {
        let index = self.chunk_of(&key);
        let chunks = Arc::make_mut(&mut self.chunks);
        if chunks.is_empty() {
            chunks.push(Arc::default());
        }
        let chunk = Arc::make_mut(&mut chunks[index]);
        match chunk.binary_search_by(|entry| entry.key.cmp(&key)) {
            Ok(at) => Some(std::mem::replace(&mut chunk[at].object, object)),
            Err(at) => {
                chunk.insert(at, Entry { key, object });
                if chunk.len() > MAX_CHUNK {
                    let tail = chunk.split_off(MAX_CHUNK / 2);
                    chunks.insert(index + 1, Arc::new(tail));
                }
                self.len += 1;
                None
            }
        }
    }

    /// Takes out the object of a key.
    pub fn remove(&mut self, key: &str) -> Option<Arc<Object>> {
        let index = self.chunk_of(key);
        let at = self
            .chunks
            .get(index)?
            .binary_search_by(|entry| (*entry.key).cmp(key))
            .ok()?;
        let chunks = Arc::make_mut(&mut self.chunks);
        let chunk = Arc::make_mut(&mut chunks[index]);
        let removed = chunk.remove(at).object;
        let left = chunk.len();
        self.len -= 1;
        if left == 0 {
            chunks.remove(index);
        } else if left < MIN_CHUNK {
            join(chunks, index);
        }
        Some(removed)
    }

    /// Walks the keys that start with `prefix`, beginning at the first that is not less than `start`.
    pub fn cursor(&self, prefix: &str, start: &str) -> Cursor {
        let (chunk, at) = self.position(if start > prefix { start } else { prefix });
        Cursor {
            chunks: Arc::clone(&self.chunks),
            prefix: prefix.to_owned(),
            chunk,
            at,
        }
    }

    /// The chunk where a key is or would be: the last that does not begin after it.
    fn chunk_of(&self, key: &str) -> usize {
        self.chunks
            .partition_point(|chunk| chunk.first().is_some_and(|entry| *entry.key <= *key))
            .saturating_sub(1)
    }

    /// Chunk and index of the first key that is not less than `key`.
    fn position(&self, key: &str) -> (usize, usize) {
        let chunk = self.chunk_of(key);
        let at = self.chunks.get(chunk).map_or(0, |entries| {
            entries.partition_point(|entry| *entry.key < *key)
        });
        (chunk, at)
    }
}

fn join(chunks: &mut Vec<Arc<Chunk>>, index: usize) {
    let left = if index + 1 < chunks.len() {
        index
    } else {
        index.saturating_sub(1)
    };
    let Some(right) = chunks.get(left + 1) else {
        return;
    };
    if chunks[left].len() + right.len() > MAX_CHUNK / 2 {
        return;
    }
    let right = chunks.remove(left + 1);
    Arc::make_mut(&mut chunks[left]).extend(right.iter().cloned());
}

/// A walk over a range of a snapshot. It holds the snapshot, not a lock.
#[derive(Debug, Clone)]
pub struct Cursor {
    chunks: Arc<Vec<Arc<Chunk>>>,
    prefix: String,
    chunk: usize,
    at: usize,
}

impl Cursor {
    /// How many objects are left.
    pub fn remaining(&self) -> usize {
        let mut left = 0;
        for (offset, chunk) in self.chunks.iter().skip(self.chunk).enumerate() {
            let from = if offset == 0 {
                self.at.min(chunk.len())
            } else {
                0
            };
            let inside = chunk[from..].partition_point(|entry| entry.key.starts_with(&self.prefix));
            left += inside;
            if from + inside < chunk.len() {
                break;
            }
        }
        left
    }
}

impl Iterator for Cursor {
    type Item = Arc<Object>;

    fn next(&mut self) -> Option<Arc<Object>> {
        loop {
            let chunk = self.chunks.get(self.chunk)?;
            if let Some(entry) = chunk.get(self.at) {
                if !entry.key.starts_with(&self.prefix) {
                    return None;
                }
                self.at += 1;
                return Some(Arc::clone(&entry.object));
            }
            self.chunk += 1;
            self.at = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn object(path: &str) -> Arc<Object> {
        let stored = br#"{"kind":"A","apiVersion":"v1","metadata":{"name":"x"}}"#;
        Arc::new(Object::from_stored(path, stored, 1, &[], None).unwrap())
    }

    fn paths(map: &Sorted, prefix: &str, start: &str) -> Vec<String> {
        map.cursor(prefix, start)
            .map(|object| object.path().to_owned())
            .collect()
    }

    proptest! {
        #[test]
        fn it_is_a_sorted_map(steps in prop::collection::vec((any::<bool>(), 0u16..600), 0..1500)) {
            let mut map = Sorted::default();
            let mut model = BTreeMap::new();
            let mut old = Vec::new();
            for (index, (insert, number)) in steps.into_iter().enumerate() {
                let key = format!("n{}/{}", number % 7, number);
                if insert {
                    let new = object(&key);
                    prop_assert_eq!(map.insert(key.as_str().into(), new).is_some(), model.insert(key.clone(), ()).is_some());
                } else {
                    prop_assert_eq!(map.remove(&key).is_some(), model.remove(&key).is_some());
                }
                if index % 300 == 0 {
                    old.push((map.clone(), model.clone()));
                }
            }
            old.push((map, model));
            for (map, model) in old {
                prop_assert_eq!(map.len(), model.len());
                for prefix in ["", "n3/", "n6/", "x"] {
                    let want: Vec<String> = model.keys().filter(|key| key.starts_with(prefix)).cloned().collect();
                    prop_assert_eq!(map.cursor(prefix, "").remaining(), want.len());
                    prop_assert_eq!(paths(&map, prefix, ""), want);
                }
                let want: Vec<String> = model.keys().filter(|key| key.starts_with("n3/") && key.as_str() >= "n3/2").cloned().collect();
                prop_assert_eq!(paths(&map, "n3/", "n3/2"), want);
            }
        }
    }
}
