//! The entries of `metadata.managedFields`: who owns what, through which operation.

use super::set::{Set, is_set, unite};
use serde_json::{Map, Value};

/// The most entries of updaters; older ones are put together (`DefaultMaxUpdateManagers`).
const MAX_UPDATERS: usize = 10;
/// Who is said to own what was put together.
const ANCIENT: &str = "ancient-changes";

/// `Apply` or `Update`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    Apply,
    Update,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Operation::Apply => "Apply",
            Operation::Update => "Update",
        }
    }
}

/// One entry. Manager, operation, subresource, and for updates the version, tell entries apart.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub manager: String,
    pub operation: Operation,
    pub api_version: String,
    pub subresource: String,
    /// RFC 3339 in UTC; empty when unknown.
    pub time: String,
    pub fields: Set,
}

impl Entry {
    pub(super) fn same_owner(&self, other: &Entry) -> bool {
        self.manager == other.manager
            && self.operation == other.operation
            && self.subresource == other.subresource
            && (self.operation == Operation::Apply || self.api_version == other.api_version)
    }

    /// As conflicts name it.
    pub(super) fn describe(&self) -> String {
        let mut out = crate::gotext::quote(&self.manager);
        if !self.subresource.is_empty() {
            out.push_str(&format!(
                " with subresource {}",
                crate::gotext::quote(&self.subresource)
            ));
        }
        if self.operation == Operation::Update {
            out.push_str(&format!(" using {}", self.api_version));
        }
        out
    }

    fn read(value: &Value, index: usize) -> Result<Entry, String> {
        let text = |name: &str| {
            value
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let operation = match text("operation").as_str() {
            "Apply" => Operation::Apply,
            "Update" => Operation::Update,
            _ => return Err("operation must be `Apply` or `Update`".to_owned()),
        };
        if text("apiVersion").is_empty() {
            return Err("apiVersion must not be empty".to_owned());
        }
        match text("fieldsType").as_str() {
            "FieldsV1" => {}
            "" => {
                return Err(format!(
                    "missing fieldsType in managed fields entry {index}"
                ));
            }
            other => {
                let quoted = crate::gotext::quote(other);
                return Err(format!(
                    "invalid fieldsType {quoted} in managed fields entry {index}"
                ));
            }
        }
        let fields = match value.get("fieldsV1") {
            None | Some(Value::Null) => Set::new(),
            Some(fields) if is_set(fields) => fields.as_object().cloned().unwrap_or_default(),
            Some(_) => {
                return Err(format!(
                    "error decoding set in managed fields entry {index}"
                ));
            }
        };
        Ok(Entry {
            manager: text("manager"),
            operation,
            api_version: text("apiVersion"),
            subresource: text("subresource"),
            time: text("time"),
            fields,
        })
    }

    fn write(self) -> Value {
        let mut out = Map::new();
        out.insert("apiVersion".to_owned(), self.api_version.into());
        out.insert("fieldsType".to_owned(), "FieldsV1".into());
        out.insert("fieldsV1".to_owned(), Value::Object(self.fields));
        if !self.manager.is_empty() {
            out.insert("manager".to_owned(), self.manager.into());
        }
        out.insert("operation".to_owned(), self.operation.name().into());
        if !self.subresource.is_empty() {
            out.insert("subresource".to_owned(), self.subresource.into());
        }
        if !self.time.is_empty() {
            out.insert("time".to_owned(), self.time.into());
        }
        Value::Object(out)
    }
}

/// Reads the entries. The error is upstream's sentence.
pub(super) fn read(entries: &[Value]) -> Result<Vec<Entry>, String> {
    entries
        .iter()
        .enumerate()
        .map(|(i, entry)| Entry::read(entry, i))
        .collect()
}

/// Writes the entries in upstream's order: applies first, then by time and name. Entries that own nothing are gone.
pub(super) fn write(mut entries: Vec<Entry>) -> Value {
    entries.retain(|e| !e.fields.is_empty());
    entries.sort_by(|a, b| {
        let key = |e: &'_ Entry| {
            (
                e.operation,
                e.time.clone(),
                e.manager.clone(),
                e.api_version.clone(),
                e.subresource.clone(),
            )
        };
        key(a).cmp(&key(b))
    });
    Value::Array(entries.into_iter().map(Entry::write).collect())
}

/// Puts the oldest updaters together when there are too many.
pub(super) fn cap(entries: &mut Vec<Entry>) {
    let updaters = |entries: &[Entry]| {
        entries
            .iter()
            .filter(|e| e.operation == Operation::Update)
            .count()
    };
    if updaters(entries) <= MAX_UPDATERS {
        return;
    }
    entries.sort_by(|a, b| {
        (&a.time, &a.manager, &a.subresource).cmp(&(&b.time, &b.manager, &b.subresource))
    });
    let mut first: Vec<(String, usize)> = Vec::new();
    let mut at = 0;
    while at < entries.len() && updaters(entries) > MAX_UPDATERS {
        if entries[at].operation != Operation::Update {
            at += 1;
            continue;
        }
        let version = entries[at].api_version.clone();
        match first.iter().find(|(v, _)| *v == version) {
            None => {
                first.push((version, at));
                at += 1;
            }
            Some(&(_, bucket)) => {
                let merged = entries.remove(at);
                let bucket = &mut entries[bucket];
                bucket.manager = ANCIENT.to_owned();
                bucket.subresource.clear();
                bucket.time = merged.time;
                unite(&mut bucket.fields, &merged.fields);
            }
        }
    }
}
