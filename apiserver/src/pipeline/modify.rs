//! The loop under every change of an object that exists: read, change, admit, validate, write if nobody else did.
//!
//! The write names the revision that was read. When somebody was faster, the store gives back what is there now and the
//! change is made anew upon it; a change that named a revision itself then finds that it differs, and is a conflict.

use hydrofoil_api::apply::{self, Writer};
use hydrofoil_api::field::{Errors, FieldError, Path};
use hydrofoil_api::object;
use hydrofoil_api::status::ApiError;
use serde_json::Value;

use super::Call;
use crate::admission;
use crate::allocation::Reserved;
use crate::encoding::{Encoded, store_form};
use crate::registry::{Outcome, Stored, meta};
use crate::request::options::WriteOptions;

/// How often a change is made anew because somebody else was faster.
const ATTEMPTS: usize = 32;
/// Resources that must name the revision they replace (upstream's `AllowUnconditionalUpdate` is false).
const CONDITIONAL: &[(&str, &str)] = &[
    ("coordination.k8s.io", "leases"),
    ("apiregistration.k8s.io", "apiservices"),
];

/// Which part of an object a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The object; its status is left as it is when it has a subresource for it.
    Main,
    /// The `status` subresource.
    Status,
    /// Another subresource, whose handler has made sure that nothing else changes. Spec rules still hold.
    Other(&'static str),
    /// A namespace's `finalize`.
    Finalize,
}

impl Part {
    /// The subresource's name, empty for the object.
    pub fn subresource(self) -> &'static str {
        match self {
            Part::Main => "",
            Part::Status => "status",
            Part::Finalize => "finalize",
            Part::Other(name) => name,
        }
    }
}

/// What an object is to become.
pub struct Proposal {
    /// The object, in its served form, decoded and with defaults.
    pub object: Value,
    /// What to tell the client.
    pub warnings: Vec<String>,
    /// Whether `managedFields` is right already (an apply).
    pub managed: bool,
}

/// What became of it.
pub struct Modified {
    /// The object as it is now; the last state when it is gone.
    pub encoded: Encoded,
    /// What to tell the client.
    pub warnings: Vec<String>,
}

/// Changes the object that the call names. `make` gives what it is to become, and may be called again with a newer state.
/// `None` when there is no such object.
///
/// # Errors
/// What `make` says; 403, 409, 422 as upstream.
pub async fn modify(
    call: &Call,
    part: Part,
    options: &WriteOptions,
    make: impl Fn(&Value) -> Result<Proposal, ApiError>,
) -> Result<Option<Modified>, ApiError> {
    let key = call.key();
    let Some(mut stored) = call.core.registry.read(key.clone()).await? else {
        return Ok(None);
    };
    for _ in 0..ATTEMPTS {
        let old = served_form(call, &stored)?;
        let proposal = make(&old)?;
        let step = prepare(call, part, options, &old, proposal).await?;
        let outcome = match &step {
            Step::Unchanged { warnings } => return unchanged(&stored, warnings).map(Some),
            Step::Write { stored: bytes, .. } | Step::Remove { stored: bytes, .. }
                if options.dry_run =>
            {
                let encoded = splice(bytes, stored.revision)?;
                return Ok(Some(Modified {
                    encoded,
                    warnings: step.warnings(),
                }));
            }
            Step::Write { stored: bytes, .. } => {
                let registry = &call.core.registry;
                registry
                    .replace(key.clone(), bytes.clone(), stored.revision, call.ttl())
                    .await?
            }
            Step::Remove { .. } => {
                call.core
                    .registry
                    .remove(key.clone(), stored.revision)
                    .await?
            }
        };
        match outcome {
            Outcome::Done(revision) => return done(call, step, &old, revision).map(Some),
            Outcome::Changed(Some(newer)) => stored = newer,
            Outcome::Changed(None) => return Ok(None),
        }
    }
    Err(ApiError::modified(
        call.group_resource(),
        &call.request.name,
    ))
}

enum Step {
    Unchanged {
        warnings: Vec<String>,
    },
    Write {
        stored: bytes::Bytes,
        warnings: Vec<String>,
        reserved: Reserved,
    },
    /// The last finalizer of an object that is on its way out is gone.
    Remove {
        stored: bytes::Bytes,
        warnings: Vec<String>,
    },
}

impl Step {
    fn warnings(&self) -> Vec<String> {
        match self {
            Step::Unchanged { warnings }
            | Step::Write { warnings, .. }
            | Step::Remove { warnings, .. } => warnings.clone(),
        }
    }
}

/// The stored object in its served form, with its `resourceVersion`.
pub fn served_form(call: &Call, stored: &Stored) -> Result<Value, ApiError> {
    let mut value: Value = serde_json::from_slice(&stored.value).map_err(|error| {
        ApiError::internal(format!("the stored object cannot be read: {error}"))
    })?;
    object::set_metadata(
        &mut value,
        "resourceVersion",
        crate::revision::format(stored.revision),
    );
    if let Some(conversion) = &call.served.kind.storage.conversion {
        (conversion.from_stored)(&mut value);
    }
    Ok(value)
}

fn splice(stored: &[u8], revision: i64) -> Result<Encoded, ApiError> {
    Encoded::splice(stored, revision, b"", b"")
        .ok_or_else(|| ApiError::internal("the object cannot be encoded"))
}

fn unchanged(stored: &Stored, warnings: &[String]) -> Result<Modified, ApiError> {
    let encoded = splice(&stored.value, stored.revision)?;
    Ok(Modified {
        encoded,
        warnings: warnings.to_vec(),
    })
}

fn done(call: &Call, step: Step, old: &Value, revision: i64) -> Result<Modified, ApiError> {
    match step {
        Step::Write {
            stored,
            warnings,
            reserved,
        } => {
            reserved.keep();
            Ok(Modified {
                encoded: splice(&stored, revision)?,
                warnings,
            })
        }
        Step::Remove { stored, warnings } => {
            call.core.allocation.release(&call.served, old);
            Ok(Modified {
                encoded: splice(&stored, revision)?,
                warnings,
            })
        }
        Step::Unchanged { .. } => Err(ApiError::internal("nothing was written")),
    }
}

async fn prepare(
    call: &Call,
    part: Part,
    options: &WriteOptions,
    old: &Value,
    proposal: Proposal,
) -> Result<Step, ApiError> {
    let Proposal {
        object: mut new,
        mut warnings,
        managed,
    } = proposal;
    call.check_name(&mut new)?;
    call.check_place(&mut new)?;
    check_preconditions(call, &new, old)?;
    meta::for_update(&mut new, old);
    // First: the rules of the kind look at what was given.
    let reserved = match part {
        Part::Main => call
            .core
            .allocation
            .reserve_update(&call.served, &mut new, old)?,
        _ => Reserved::nothing(),
    };
    apply_strategy(call, part, options, &mut new, old);
    if !managed {
        let writer = Writer {
            manager: &options.manager,
            subresource: part.subresource(),
            now: call.now,
        };
        apply::update_managed(Some(old), &mut new, writer, call.served.resource.ty);
    }
    let name = &call.request.name;
    admit(call, part, name, &mut new, old, options.dry_run).await?;
    validate(call, part, &new, old)?;
    if matches!(part, Part::Main | Part::Other(_)) {
        warnings.extend((call.served.kind.warnings)(&new));
    }
    if is_finished(part, &new, old) {
        return Ok(Step::Remove {
            stored: encode(call, new),
            warnings,
        });
    }
    if new == *old {
        return Ok(Step::Unchanged { warnings });
    }
    Ok(Step::Write {
        stored: encode(call, new),
        warnings,
        reserved,
    })
}

fn encode(call: &Call, new: Value) -> bytes::Bytes {
    store_form(&call.to_stored(new)).into()
}

/// The revision and the UID that the client named must be those that are there.
fn check_preconditions(call: &Call, new: &Value, old: &Value) -> Result<(), ApiError> {
    let name = &call.request.name;
    let uid = object::uid(new);
    if !uid.is_empty() && uid != object::uid(old) {
        let detail = format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            object::uid(old)
        );
        return Err(ApiError::conflict(call.group_resource(), name, detail));
    }
    let named = object::resource_version(new);
    if named.is_empty() || named == "0" {
        let resource = (call.served.resource.group, call.served.resource.plural);
        if CONDITIONAL.contains(&resource) {
            let at = Path::new("metadata").child("resourceVersion");
            let error = FieldError::invalid(&at, named, "must be specified for an update");
            return call.refuse(name, &vec![error]);
        }
        return Ok(());
    }
    if named != object::resource_version(old) {
        crate::revision::parse(named)?;
        return Err(ApiError::modified(call.group_resource(), name));
    }
    Ok(())
}

fn apply_strategy(call: &Call, part: Part, options: &WriteOptions, new: &mut Value, old: &Value) {
    let kind = call.served.kind;
    match part {
        Part::Main | Part::Other(_) => {
            (kind.update)(new, old, &call.context(options.dry_run));
            let same = object::generation(new) == object::generation(old);
            if kind.generation && same && meta::spec_differs(new, old) {
                object::set_metadata(new, "generation", object::generation(old) + 1);
            }
        }
        Part::Status => {
            if let Some(rules) = &kind.status {
                (rules.prepare)(new, old);
            }
        }
        Part::Finalize => {}
    }
}

async fn admit(
    call: &Call,
    part: Part,
    name: &str,
    new: &mut Value,
    old: &Value,
    dry_run: bool,
) -> Result<(), ApiError> {
    let update = admission::Verb::Update;
    let fresh = call.core.registry.is_fresh();
    let subresource = part.subresource();
    let outcome = call.admit(update, subresource, name, Some(new), Some(old), dry_run);
    if outcome.is_ok() || fresh {
        return outcome;
    }
    call.core.registry.fresh().await?;
    // Steps that passed have changed the object already; like upstream's, they can be run again on what they made.
    call.admit(update, subresource, name, Some(new), Some(old), dry_run)
}

fn validate(call: &Call, part: Part, new: &Value, old: &Value) -> Result<(), ApiError> {
    let mut errors = Errors::new();
    meta::validate_update(new, old, &mut errors);
    match part {
        Part::Main | Part::Other(_) => {
            (call.served.kind.validate)(new, &mut errors);
            (call.served.kind.validate_update)(new, old, &mut errors);
        }
        Part::Status => {
            if let Some(rules) = &call.served.kind.status {
                (rules.validate)(new, old, &mut errors);
            }
        }
        Part::Finalize => {}
    }
    call.refuse(object::name(new), &errors)
}

/// Whether this change lets an object go that was only held by finalizers.
fn is_finished(part: Part, new: &Value, old: &Value) -> bool {
    let leaving = object::deletion_timestamp(old).is_some()
        && object::deletion_grace_period_seconds(old).unwrap_or(0) == 0;
    let held = object::finalizers(new).next().is_some();
    // A namespace is held by its spec as well.
    let kept =
        !object::list(new, &["spec", "finalizers"]).is_empty() && object::kind(new) == "Namespace";
    leaving && !held && !kept && part != Part::Status
}
