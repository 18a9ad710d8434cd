//! What must hold of a history: revisions are contiguous across every watcher, no event is missed or doubled, no acknowledged
//! write is lost, and it is linearizable.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
    process::Command,
};

use anyhow::{Context as _, bail, ensure};

use super::history::{History, Operation, Seen};
use crate::tools::tool;

/// Whether every watcher saw every change once, in order.
///
/// # Errors
/// The first change that it did not.
pub fn watches(watched: &BTreeMap<String, Vec<Seen>>) -> anyhow::Result<()> {
    let mut all = watched.iter();
    let (one, first) = all.next().context("nobody watched")?;
    let (mut next, mut keys) = (2, BTreeSet::new());
    for seen in first {
        if seen.revision == next {
            keys.clear();
            next += 1;
        }
        ensure!(
            seen.revision == next - 1 && keys.insert(&seen.key),
            "{one} saw {seen:?} where revision {next} comes next"
        );
    }
    for (other, seen) in all {
        for (a, b) in first.iter().zip(seen) {
            ensure!(a == b, "{one} saw {a:?} where {other} saw {b:?}");
        }
        ensure!(
            first.len() == seen.len(),
            "{one} saw {} changes and {other} {}",
            first.len(),
            seen.len()
        );
    }
    Ok(())
}

/// Whether every write that was acknowledged was done at the revision that was said, and no write was done twice.
///
/// # Errors
/// The first that was not.
pub fn acknowledged(history: &History, all: &[Seen]) -> anyhow::Result<()> {
    let done: BTreeSet<(i64, &str, Option<&str>)> = all
        .iter()
        .map(|seen| (seen.revision, seen.key.as_str(), seen.value.as_deref()))
        .collect();
    for operation in history
        .operations
        .iter()
        .filter(|op| op.succeeded == Some(true))
    {
        for (key, value) in &operation.writes {
            ensure!(
                done.contains(&(operation.revision, key, value.as_deref())),
                "{key} = {value:?} was acknowledged at revision {} and is not there",
                operation.revision
            );
        }
    }
    let mut values = BTreeSet::new();
    for seen in all {
        ensure!(
            values.insert((&seen.key, &seen.value)),
            "{seen:?} was written twice"
        );
    }
    Ok(())
}

/// The operations whose outcome is known: those that were answered, and writes that watchers saw. A write that nobody saw was
/// never done, and a read without an answer says nothing.
pub fn settled(history: &History, all: &[(Seen, u64)]) -> Vec<Operation> {
    let seen_at: BTreeMap<(&str, Option<&str>), u64> = all
        .iter()
        .map(|(seen, at)| ((seen.key.as_str(), seen.value.as_deref()), *at))
        .collect();
    let settle = |operation: &Operation| {
        let mut operation = operation.clone();
        if operation.end.is_none() {
            let (key, value) = operation.writes.iter().next()?;
            // A watcher may see a write before, but not long before, its clock is read.
            let at = seen_at.get(&(key.as_str(), value.as_deref()))?;
            operation.end = Some((*at).max(operation.call));
            operation.succeeded = Some(true);
        }
        Some(operation)
    };
    history.operations.iter().filter_map(settle).collect()
}

/// Whether operations are linearizable, by porcupine. The history is left in `folder` if not.
///
/// # Errors
/// What it says, or that it cannot say.
pub fn linearizable(operations: &[Operation], folder: &Path, name: &str) -> anyhow::Result<String> {
    let path = folder.join(format!("{name}.jsonl"));
    let mut file = BufWriter::new(File::create(&path)?);
    for operation in operations {
        serde_json::to_writer(&mut file, operation)?;
        file.write_all(b"\n")?;
    }
    file.flush()?;
    drop(file);
    let view = folder.join(format!("{name}.html"));
    let output = Command::new(tool("porcupine")?)
        .arg("-view")
        .arg(&view)
        .arg(&path)
        .output()
        .context("running porcupine")?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        bail!("{said} {error}: {}, {}", path.display(), view.display());
    }
    std::fs::remove_file(&path)?;
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::robustness::history::Values;

    fn seen(revision: i64, key: &str, value: &str) -> Seen {
        Seen {
            revision,
            key: key.into(),
            value: Some(value.into()),
        }
    }

    fn by(name: &str, seen: &[Seen]) -> BTreeMap<String, Vec<Seen>> {
        BTreeMap::from([(name.to_owned(), seen.to_vec())])
    }

    #[test]
    fn a_missed_a_doubled_and_a_different_event_are_found() {
        let all = [seen(2, "a", "1"), seen(3, "a", "2"), seen(3, "b", "3")];
        watches(&by("m0", &all)).unwrap();
        assert!(watches(&by("m0", &all[1..])).is_err(), "the first");
        assert!(watches(&by("m0", &[seen(2, "a", "1"), seen(4, "a", "2")])).is_err());
        assert!(watches(&by("m0", &[all[0].clone(), all[0].clone()])).is_err());
        let mut two = by("m0", &all);
        two.extend(by("m1", &all[..2]));
        assert!(watches(&two).is_err(), "m1 has one less");
        two.extend(by(
            "m1",
            &[seen(2, "a", "1"), seen(3, "a", "2"), seen(3, "b", "4")],
        ));
        assert!(watches(&two).is_err(), "m1 has another one");
    }

    fn operation(call: u64, end: u64, writes: Values, found: Values) -> Operation {
        Operation {
            client: usize::try_from(call).unwrap(),
            group: "a".into(),
            call,
            end: Some(end),
            conditions: Values::new(),
            writes,
            succeeded: Some(true),
            found,
            revision: 2,
        }
    }

    fn one(value: &str) -> Values {
        Values::from([("a".to_owned(), Some(value.to_owned()))])
    }

    #[test]
    fn a_lost_write_and_one_done_twice_are_found() {
        let history = History {
            operations: vec![operation(1, 2, one("1"), Values::new())],
            ..Default::default()
        };
        acknowledged(&history, &[seen(2, "a", "1")]).unwrap();
        assert!(acknowledged(&history, &[seen(2, "a", "2")]).is_err());
        assert!(acknowledged(&history, &[seen(2, "a", "1"), seen(3, "a", "1")]).is_err());
    }

    #[test]
    fn a_stale_read_is_found_by_porcupine() {
        let folder = tempfile::tempdir().unwrap();
        let mut operations = vec![
            operation(1, 2, one("1"), Values::new()),
            operation(3, 6, one("2"), Values::new()),
            // While the second write is under way, either may be read.
            operation(4, 5, Values::new(), one("1")),
        ];
        linearizable(&operations, folder.path(), "right").unwrap();
        operations.push(operation(7, 8, Values::new(), one("1")));
        let error = linearizable(&operations, folder.path(), "stale").unwrap_err();
        assert!(error.to_string().contains("not linearizable"), "{error}");
    }
}
