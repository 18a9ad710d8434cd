//! DELETE of one object.

use http::StatusCode;
use hydrofoil_api::object;
use hydrofoil_api::status::{ApiError, Status};
use serde_json::Value;

use super::modify::served_form;
use super::{Call, write};
use crate::admission;
use crate::answer::{self, Answer};
use crate::encoding::{Encoded, store_form};
use crate::kinds::Dependents;
use crate::registry::Outcome;
use crate::registry::deletion::{Decision, decide};
use crate::request::options::DeleteOptions;

const OPTIONS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
/// How often a delete is tried anew because somebody else was faster.
const ATTEMPTS: usize = 32;
/// Resources whose delete answers with the object it removed (upstream's `ReturnDeletedObject`).
const RETURNED: &[(&str, &str)] = &[
    ("", "pods"),
    ("", "services"),
    ("", "serviceaccounts"),
    ("", "persistentvolumes"),
    ("", "persistentvolumeclaims"),
    ("", "podtemplates"),
    ("", "resourcequotas"),
];
/// What a client is told that deletes an object of a kind that leaves its dependents behind, and did not say that it wants so.
const ORPHANS: &str = "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning";

/// What became of an object.
pub enum Deleted {
    /// It is gone; this was its last state.
    Gone(Encoded),
    /// It is still there, in this state.
    Leaving(Encoded),
}

/// Answers a delete.
///
/// # Errors
/// 400, 403, 404, 409 as upstream.
pub async fn delete(call: &Call, body: &[u8]) -> Answer {
    let options = options(call, body)?;
    let name = call.request.name.clone();
    let mut answer = match remove(call, &name, &options).await? {
        Deleted::Gone(encoded) if returns_object(call) => {
            call.object(StatusCode::OK, &encoded, &[])?
        }
        Deleted::Gone(encoded) => {
            let value: Value = serde_json::from_slice(encoded.as_slice()).unwrap_or_default();
            let status = Status::success_of(call.group_resource(), &name, object::uid(&value));
            answer::status(&call.form, StatusCode::OK, &status)
        }
        Deleted::Leaving(encoded) => {
            let code = if options.orphan_dependents_false {
                StatusCode::ACCEPTED
            } else {
                StatusCode::OK
            };
            call.object(code, &encoded, &[])?
        }
    };
    answer::warn(&mut answer, &warnings(call, &options));
    Ok(answer)
}

/// What to tell a client whose delete does not do what most deletes do.
pub fn warnings(call: &Call, options: &DeleteOptions) -> Vec<String> {
    let silent =
        options.propagation.is_none() && call.served.kind.dependents == Dependents::Orphaned;
    silent.then(|| ORPHANS.to_owned()).into_iter().collect()
}

fn returns_object(call: &Call) -> bool {
    RETURNED.contains(&(call.served.resource.group, call.served.resource.plural))
}

/// The options, from the body or the query.
///
/// # Errors
/// 400, 415, 422.
pub fn options(call: &Call, body: &[u8]) -> Result<DeleteOptions, ApiError> {
    if body.is_empty() {
        return DeleteOptions::parse(&call.query, None);
    }
    let value = write::read_options(OPTIONS, "DeleteOptions", body, call.body_encoding()?)?;
    DeleteOptions::parse(&call.query, Some(&value))
}

/// Deletes the object of this name.
///
/// # Errors
/// 403, 404, 409 as upstream.
pub async fn remove(call: &Call, name: &str, options: &DeleteOptions) -> Result<Deleted, ApiError> {
    let key = call.served.key(call.namespace(), name);
    let not_found = || ApiError::not_found(call.group_resource(), name);
    let registry = &call.core.registry;
    let mut stored = registry.read(key.clone()).await?.ok_or_else(not_found)?;
    for _ in 0..ATTEMPTS {
        let old = served_form(call, &stored)?;
        check_preconditions(call, name, &old, options)?;
        call.admit(
            admission::Verb::Delete,
            "",
            name,
            None,
            Some(&old),
            options.dry_run,
        )?;
        let decision = decide(&old, call.served.kind, options, call.now);
        let outcome = match &decision {
            Decision::Pending => {
                return Ok(Deleted::Leaving(splice(&stored.value, stored.revision)?));
            }
            Decision::Remove if options.dry_run => {
                return Ok(Deleted::Gone(splice(&stored.value, stored.revision)?));
            }
            Decision::Remove => registry.remove(key.clone(), stored.revision).await?,
            Decision::Mark(new) => {
                let bytes = bytes::Bytes::from(store_form(&call.to_stored(Value::clone(new))));
                if options.dry_run {
                    return Ok(Deleted::Leaving(splice(&bytes, stored.revision)?));
                }
                match registry
                    .replace(key.clone(), bytes.clone(), stored.revision, call.ttl())
                    .await?
                {
                    Outcome::Done(revision) => {
                        return Ok(Deleted::Leaving(splice(&bytes, revision)?));
                    }
                    changed => changed,
                }
            }
        };
        match outcome {
            Outcome::Done(revision) => {
                call.core.allocation.release(&call.served, &old);
                return Ok(Deleted::Gone(splice(&stored.value, revision)?));
            }
            Outcome::Changed(newer) => stored = newer.ok_or_else(not_found)?,
        }
    }
    Err(ApiError::modified(call.group_resource(), name))
}

fn splice(stored: &[u8], revision: i64) -> Result<Encoded, ApiError> {
    Encoded::splice(stored, revision, b"", b"")
        .ok_or_else(|| ApiError::internal("the object cannot be encoded"))
}

fn check_preconditions(
    call: &Call,
    name: &str,
    old: &Value,
    options: &DeleteOptions,
) -> Result<(), ApiError> {
    let checks = [
        ("UID", options.uid.as_deref(), object::uid(old)),
        (
            "ResourceVersion",
            options.resource_version.as_deref(),
            object::resource_version(old),
        ),
    ];
    for (what, wanted, is) in checks {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != is) {
            let detail = format!(
                "Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {is}"
            );
            return Err(ApiError::conflict(call.group_resource(), name, detail));
        }
    }
    Ok(())
}
