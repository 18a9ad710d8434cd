//! Server-side apply and `metadata.managedFields`: who owns which field.
//!
//! The semantics are those of `apimachinery/pkg/util/managedfields` over structured-merge-diff: list maps, sets and atomics by
//! the facts table, conflicts named by manager, fields removed when their last applier lets go, ordinary writes tracked as
//! updates. One thing is simpler: every manager's fields are taken to be of the version that is written.

mod compare;
mod managers;
mod merge;
mod set;
mod shape;
mod validate;

use crate::decode;
use crate::decode::time::format_seconds;
use crate::facts::{self, Type};
use crate::object;
use crate::status::{ApiError, Cause};
use compare::{compare, fields_of};
use jiff::Timestamp;
use managers::{Entry, Operation};
use serde_json::{Map, Value};
use set::Set;
use shape::Shape;
use std::collections::HashMap;
use std::sync::OnceLock;

/// Where kubectl's client-side apply keeps what it applied.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// kubectl's manager for server-side apply, for which client-side apply's ownership is taken over.
const KUBECTL: &str = "kubectl";
/// Who owns what was there before the first apply.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";
/// The most bytes of annotations (`TotalAnnotationSizeLimitB`).
const MAX_ANNOTATION_BYTES: usize = 256 * 1024;
/// Fields that nobody owns.
const NOBODYS: &[&str] = &[
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
];

/// Who writes, when, and through which subresource.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// The field manager.
    pub manager: &'a str,
    /// The subresource written through; empty for the object itself.
    pub subresource: &'a str,
    /// The time to note down; kept to whole seconds.
    pub now: Timestamp,
}

impl Writer<'_> {
    fn entry(&self, operation: Operation, ty: &Type) -> Entry {
        let (group, version, _) = ty.gvk.unwrap_or_default();
        Entry {
            manager: if self.manager.is_empty() {
                "unknown".to_owned()
            } else {
                self.manager.to_owned()
            },
            operation,
            api_version: object::join_group_version(group, version),
            subresource: self.subresource.to_owned(),
            time: format_seconds(self.now),
            fields: Set::new(),
        }
    }
}

fn managed_fields(value: &Value) -> Option<&Vec<Value>> {
    value.get("metadata")?.get("managedFields")?.as_array()
}

fn set_managed_fields(value: &mut Value, entries: Vec<Entry>) {
    let Some(metadata) = object::metadata_mut(value) else {
        return;
    };
    match managers::write(entries) {
        Value::Array(list) if list.is_empty() => {
            metadata.remove("managedFields");
        }
        list => {
            metadata.insert("managedFields".to_owned(), list);
        }
    }
}

/// Takes out what nobody owns.
fn strip(fields: &mut Set) {
    static GONE: OnceLock<Set> = OnceLock::new();
    let gone = GONE.get_or_init(|| {
        let nothing = || Value::Object(Map::new());
        let mut metadata: Set = NOBODYS
            .iter()
            .map(|name| (format!("f:{name}"), nothing()))
            .collect();
        metadata.insert(".".to_owned(), nothing());
        let mut gone = Set::new();
        gone.insert("f:apiVersion".to_owned(), nothing());
        gone.insert("f:kind".to_owned(), nothing());
        gone.insert("f:metadata".to_owned(), Value::Object(metadata));
        gone
    });
    set::subtract(fields, gone);
}

/// The fields that an endpoint does not write: status behind the object itself, spec behind its status.
fn reset(fields: &mut Set, writer: &Writer<'_>, ty: &Type) {
    let Some((group, version, kind)) = ty.gvk else {
        return;
    };
    let has_status =
        facts::kind(group, version, kind).is_some_and(|r| r.subresource("status").is_some());
    match writer.subresource {
        "" if has_status => {
            fields.remove("f:status");
        }
        "status" => {
            fields.remove("f:spec");
        }
        _ => {}
    }
}

/// An object of this type as Go's zero value. Made once for each kind: every create is compared with it.
fn zero(ty: &'static Type) -> &'static Value {
    static ZEROS: OnceLock<HashMap<usize, Value>> = OnceLock::new();
    let address = |ty: &Type| std::ptr::from_ref(ty).addr();
    let zeros = ZEROS.get_or_init(|| {
        let kinds = facts::types().iter().filter(|t| t.gvk.is_some());
        kinds
            .map(|t| (address(t), decode::canonical(Value::Object(Map::new()), t)))
            .collect()
    });
    zeros.get(&address(ty)).unwrap_or(&Value::Null)
}

/// Brings `new`'s `managedFields` up to date after an ordinary write (create, update, patch). `old` is `None` for a create.
/// An object whose owners were never tracked stays untracked.
pub fn update_managed(old: Option<&Value>, new: &mut Value, writer: Writer<'_>, ty: &'static Type) {
    let mut entries = entries_of(old, new, &writer);
    object::set_metadata(new, "managedFields", Value::Null);
    if entries.is_empty() && old.is_some_and(|o| !object::uid(o).is_empty()) {
        return;
    }
    let old = old.unwrap_or_else(|| zero(ty));
    let own = writer.entry(Operation::Update, ty);
    track(&mut entries, old, new, own, &writer, ty);
    set_managed_fields(new, entries);
}

/// The entries to go on from: those that the writer sent, else those there were. An empty list sent resets them; entries that
/// cannot be read count as none.
fn entries_of(old: Option<&Value>, new: &Value, writer: &Writer<'_>) -> Vec<Entry> {
    let live = || {
        old.and_then(managed_fields)
            .map(|list| managers::read(list).unwrap_or_default())
            .unwrap_or_default()
    };
    if !writer.subresource.is_empty() {
        return live();
    }
    match managed_fields(new) {
        None => live(),
        Some(list) if list.is_empty() => Vec::new(),
        Some(list) if list.len() == 1 && list[0].as_object().is_some_and(Map::is_empty) => {
            Vec::new()
        }
        Some(list) => match managers::read(list) {
            Ok(entries) if !entries.is_empty() => entries,
            _ => live(),
        },
    }
}

/// Notes an update: what changed now belongs to `own`, and to nobody else.
fn track(
    entries: &mut Vec<Entry>,
    old: &Value,
    new: &Value,
    mut own: Entry,
    writer: &Writer<'_>,
    ty: &'static Type,
) {
    let mut difference = compare_without_entries(old, new, ty);
    reset(&mut difference.changed, writer, ty);
    reset(&mut difference.removed, writer, ty);
    for entry in entries.iter_mut() {
        set::subtract(&mut entry.fields, &difference.changed);
        set::subtract(&mut entry.fields, &difference.removed);
    }
    entries.retain(|e| !e.fields.is_empty());
    own.fields = difference.changed;
    strip(&mut own.fields);
    if !own.fields.is_empty() {
        match entries.iter_mut().find(|e| e.same_owner(&own)) {
            Some(entry) => {
                set::unite(&mut entry.fields, &own.fields);
                entry.time = own.time;
            }
            None => entries.push(own),
        }
    }
    managers::cap(entries);
}

/// Compares two states, of which the managers' entries are no part.
fn compare_without_entries(old: &Value, new: &Value, ty: &'static Type) -> compare::Difference {
    let mut difference = compare(old, new, Shape::root(ty));
    for fields in [&mut difference.changed, &mut difference.removed] {
        if let Some(Value::Object(metadata)) = fields.get_mut("f:metadata") {
            metadata.remove("f:managedFields");
            if metadata.is_empty() {
                fields.remove("f:metadata");
            }
        }
    }
    difference
}

/// Applies a configuration: `PATCH` with `application/apply-patch+yaml`. `live` is `None` when the object does not exist yet.
///
/// Answers with the merged object in canonical form, `managedFields` included and without defaults: those are the caller's
/// next step. Errors: 409 with a cause for each field that somebody else owns; 400 for a configuration of another kind or with
/// `managedFields`; a bare 500 for one that does not fit the type, as upstream has it.
pub fn apply(
    live: Option<&Value>,
    applied: &Value,
    writer: Writer<'_>,
    force: bool,
    ty: &'static Type,
) -> Result<Value, ApiError> {
    check_applied(applied, ty)?;
    let mut entries = match live.and_then(managed_fields) {
        None => Vec::new(),
        Some(list) => managers::read(list)
            .map_err(|e| ApiError::new(500, "", format!("failed to decode managed fields: {e}")))?,
    };
    let mut base = live.unwrap_or_else(|| zero(ty)).clone();
    object::set_metadata(&mut base, "managedFields", Value::Null);
    if entries.is_empty() && live.is_some() {
        let before = Writer {
            manager: BEFORE_FIRST_APPLY,
            ..writer
        };
        track(
            &mut entries,
            zero(ty),
            &base,
            before.entry(Operation::Update, ty),
            &before,
            ty,
        );
    }
    let run = Run {
        base: &base,
        applied,
        writer,
        ty,
    };
    let outcome = match run.attempt(entries.clone(), force) {
        Err(conflicts) if writer.manager == KUBECTL => run.take_over(entries, conflicts),
        outcome => outcome,
    };
    let (mut new, entries) = outcome.map_err(conflict_error)?;
    if writer.manager == KUBECTL {
        renew_last_applied(&mut new, applied);
    }
    set_managed_fields(&mut new, entries);
    Ok(new)
}

fn check_applied(applied: &Value, ty: &'static Type) -> Result<(), ApiError> {
    let (group, version, kind) = ty.gvk.unwrap_or_default();
    let found = (object::api_version(applied), object::kind(applied));
    if found != (object::join_group_version(group, version).as_str(), kind) {
        return Err(ApiError::bad_request(format!(
            "invalid object type: {}, Kind={}",
            found.0, found.1
        )));
    }
    if applied
        .get("metadata")
        .and_then(|m| m.get("managedFields"))
        .is_some_and(|m| !m.is_null())
    {
        return Err(ApiError::bad_request("metadata.managedFields must be nil"));
    }
    validate::check(applied, Shape::root(ty)).map_err(|errors| {
        let (namespace, name) = (object::namespace(applied), object::name(applied));
        let gvk = format!("{}, Kind={kind}", found.0);
        ApiError::new(
            500,
            "",
            format!("failed to create typed patch object ({namespace}/{name}; {gvk}): {errors}"),
        )
    })
}

/// Fields that others own and the configuration would change: (owner, their fields).
type Conflicts = Vec<(Entry, Set)>;

struct Run<'a> {
    base: &'a Value,
    applied: &'a Value,
    writer: Writer<'a>,
    ty: &'static Type,
}

impl Run<'_> {
    /// Merges, prunes and settles who owns what.
    fn attempt(
        &self,
        mut entries: Vec<Entry>,
        force: bool,
    ) -> Result<(Value, Vec<Entry>), Conflicts> {
        let shape = Shape::root(self.ty);
        let mut own = self.writer.entry(Operation::Apply, self.ty);
        own.fields = fields_of(self.applied, shape);
        reset(&mut own.fields, &self.writer, self.ty);
        let position = entries.iter().position(|e| e.same_owner(&own));
        let last = position.map(|i| entries.remove(i));
        let merged = merge::merge(self.base, self.applied, shape);
        let new = match &last {
            Some(last) => self.prune(merged, &last.fields, &own.fields, &entries),
            None => merged,
        };
        let mut difference = compare_without_entries(self.base, &new, self.ty);
        reset(&mut difference.changed, &self.writer, self.ty);
        reset(&mut difference.removed, &self.writer, self.ty);
        let conflicts: Conflicts = entries
            .iter()
            .map(|e| (e.clone(), set::intersect(&e.fields, &difference.changed)))
            .filter(|(_, fields)| !fields.is_empty())
            .collect();
        if !force && !conflicts.is_empty() {
            return Err(conflicts);
        }
        for entry in &mut entries {
            set::subtract(&mut entry.fields, &difference.changed);
            set::subtract(&mut entry.fields, &difference.removed);
        }
        let new = decode::canonical(new, self.ty);
        strip(&mut own.fields);
        if new == *self.base {
            // Nothing changed: the entry keeps the time it had.
            own.time = last.map(|l| l.time).unwrap_or_default();
        }
        entries.push(own);
        Ok((new, entries))
    }

    /// Removes what the manager applied before and does not any more, and nobody else owns.
    fn prune(&self, merged: Value, last: &Set, own: &Set, others: &[Entry]) -> Value {
        let shape = Shape::root(self.ty);
        if set::difference(last, own).is_empty() {
            return merged;
        }
        let named = |fields: &Set| set::with_named_fields(fields, shape);
        let last = named(last);
        let had = named(&fields_of(&merged, shape));
        let mut managed = own.clone();
        for entry in others {
            set::unite(&mut managed, &entry.fields);
        }
        let pruned = merge::remove(&merged, &last, shape);
        let mut kept = named(&fields_of(&pruned, shape));
        set::unite(&mut kept, &named(&managed));
        let pruned = merge::remove(&merged, &set::difference(&had, &kept), shape);
        let left = named(&fields_of(&pruned, shape));
        let gone = set::intersect(&set::difference(&had, &left), &last);
        merge::remove(&merged, &gone, shape)
    }

    /// kubectl's upgrade from client-side apply: what the last-applied annotation accounts for may be taken over.
    fn take_over(
        &self,
        entries: Vec<Entry>,
        conflicts: Conflicts,
    ) -> Result<(Value, Vec<Entry>), Conflicts> {
        let Some(allowed) = self.last_applied_fields() else {
            return Err(conflicts);
        };
        let rest: Conflicts = conflicts
            .into_iter()
            .map(|(entry, fields)| (entry, set::difference(&fields, &allowed)))
            .filter(|(_, fields)| !fields.is_empty())
            .collect();
        if rest.is_empty() {
            self.attempt(entries, true)
        } else {
            Err(rest)
        }
    }

    /// The fields of the last-applied annotation that still are as it says.
    fn last_applied_fields(&self) -> Option<Set> {
        let text = object::annotation(self.base, LAST_APPLIED)?;
        let last: Value = serde_json::from_str(text).ok()?;
        let shape = Shape::root(self.ty);
        if object::api_version(&last) != object::api_version(self.applied)
            || validate::check(&last, shape).is_err()
        {
            return None;
        }
        let mut fields = fields_of(&last, shape);
        let difference = compare_without_entries(&last, self.base, self.ty);
        set::subtract(&mut fields, &difference.changed);
        set::subtract(&mut fields, &difference.removed);
        Some(fields)
    }
}

/// Keeps the annotation of client-side apply in step, where there is one, so that going back to it works.
fn renew_last_applied(new: &mut Value, applied: &Value) {
    if object::annotation(new, LAST_APPLIED).is_none_or(str::is_empty) {
        return;
    }
    let mut last = applied.clone();
    object::remove(&mut last, &["metadata", "annotations", LAST_APPLIED]);
    let text = format!("{last}\n");
    let others: usize = object::annotations(new)
        .into_iter()
        .flatten()
        .filter(|(key, _)| *key != LAST_APPLIED)
        .map(|(key, value)| key.len() + value.as_str().map_or(0, str::len))
        .sum();
    if others + LAST_APPLIED.len() + text.len() > MAX_ANNOTATION_BYTES {
        object::remove(new, &["metadata", "annotations", LAST_APPLIED]);
    } else {
        object::set(new, &["metadata", "annotations", LAST_APPLIED], text);
    }
}

fn conflict_error(mut conflicts: Conflicts) -> ApiError {
    conflicts.sort_by(|a, b| {
        let key = |e: &Entry| (e.manager.clone(), e.operation, e.subresource.clone());
        key(&a.0).cmp(&key(&b.0))
    });
    let named: Vec<(String, Vec<String>)> = conflicts
        .iter()
        .map(|(entry, fields)| (entry.describe(), set::paths(fields)))
        .collect();
    let causes: Vec<Cause> = named
        .iter()
        .flat_map(|(owner, paths)| paths.iter().map(move |path| (owner, path)))
        .map(|(owner, path)| Cause {
            reason: "FieldManagerConflict".to_owned(),
            message: format!("conflict with {owner}"),
            field: path.clone(),
        })
        .collect();
    let message = match named.as_slice() {
        [(owner, paths)] if paths.len() == 1 => {
            format!(
                "Apply failed with 1 conflict: conflict with {owner}: {}",
                paths[0]
            )
        }
        many => {
            let mut lines = Vec::new();
            for (owner, paths) in many {
                lines.push(format!("conflicts with {owner}:"));
                lines.extend(paths.iter().map(|path| format!("- {path}")));
            }
            format!(
                "Apply failed with {} conflicts: {}",
                causes.len(),
                lines.join("\n")
            )
        }
    };
    ApiError::apply_conflict(causes, message)
}

#[cfg(test)]
mod tests;
