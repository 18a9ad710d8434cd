//! POST to a collection, and the creations that an apply or an update may become.

use std::time::Duration;

use http::StatusCode;
use hydrofoil_api::apply::{self, Writer};
use hydrofoil_api::object;
use hydrofoil_api::status::{ApiError, reason};
use serde_json::Value;

use super::{Call, write};
use crate::admission::{self, ACCOUNT_ATTEMPTS, awaits_account};
use crate::answer::Answer;
use crate::encoding::{Encoded, store_form};
use crate::registry::{Outcome, meta};
use crate::request::options::{Write, WriteOptions};

/// How often a name is made from `generateName`, as upstream's.
const NAME_ATTEMPTS: usize = 8;
/// Time between two looks for a new namespace's default account.
const ACCOUNT_WAIT: Duration = Duration::from_millis(250);

/// An object on its way to be created: decoded and with its managers, not yet named or admitted.
pub struct Draft {
    /// The object, in its served form.
    pub object: Value,
    /// What to tell the client.
    pub warnings: Vec<String>,
}

/// Answers a create.
///
/// # Errors
/// 400, 403, 409, 422 as upstream.
pub async fn create(call: &Call, body: &[u8]) -> Answer {
    let options = WriteOptions::parse(&call.query, Write::Create, call.agent())?;
    let decoded = write::decode(
        &call.served,
        body,
        call.body_encoding()?,
        options.validation,
    )?;
    let mut object = decoded.value;
    call.check_place(&mut object)?;
    if !object::resource_version(&object).is_empty() {
        let message = "resourceVersion should not be set on objects to be created";
        return Err(ApiError::new(500, "", message));
    }
    manage(call, &mut object, &options);
    let draft = Draft {
        object,
        warnings: decoded.warnings,
    };
    let (encoded, warnings) = insert(call, draft, &options).await?;
    call.object(StatusCode::CREATED, &encoded, &warnings)
}

/// Notes who set what. Status is not the client's to set when it is a subresource.
pub fn manage(call: &Call, object: &mut Value, options: &WriteOptions) {
    if call.served.kind.status.is_some()
        && let Some(fields) = object.as_object_mut()
    {
        fields.remove("status");
    }
    let writer = Writer {
        manager: &options.manager,
        subresource: "",
        now: call.now,
    };
    apply::update_managed(None, object, writer, call.served.resource.ty);
}

/// Creates the object: names it, admits it, validates it, stores it.
///
/// # Errors
/// As [`create`].
pub async fn insert(
    call: &Call,
    mut draft: Draft,
    options: &WriteOptions,
) -> Result<(Encoded, Vec<String>), ApiError> {
    let base = object::generate_name(&draft.object);
    let generated = object::name(&draft.object).is_empty() && !base.is_empty();
    if generated {
        let name = free_name(call, base);
        object::set_metadata(&mut draft.object, "name", name);
    }
    let name = generated.then(|| object::name(&draft.object).to_owned());
    let outcome = insert_named(call, draft, options).await;
    match (outcome, name) {
        // Somebody took the name in this moment; the client asks again.
        (Err(error), Some(name)) if error.reason() == reason::ALREADY_EXISTS => Err(
            ApiError::generate_name_conflict(call.group_resource(), &name, 1),
        ),
        (outcome, _) => outcome,
    }
}

/// A name made from `generateName` that nobody has, as far as the cache knows.
fn free_name(call: &Call, base: &str) -> String {
    let cache = call.core.caches().resource(call.served.kind.storage.prefix);
    let mut name = meta::generated_name(base, rand::random());
    for _ in 1..NAME_ATTEMPTS {
        let path = call.served.path(call.namespace(), &name);
        if cache.is_none_or(|cache| cache.get(&path).is_none()) {
            break;
        }
        name = meta::generated_name(base, rand::random());
    }
    name
}

async fn insert_named(
    call: &Call,
    draft: Draft,
    options: &WriteOptions,
) -> Result<(Encoded, Vec<String>), ApiError> {
    let Draft {
        mut object,
        mut warnings,
    } = draft;
    let uid = uuid::Uuid::new_v4().to_string();
    meta::for_create(&mut object, &call.served, call.namespace(), &uid, call.now);
    let name = object::name(&object).to_owned();
    admit(call, &name, &mut object, options.dry_run).await?;
    let reserved = call
        .core
        .allocation
        .reserve_create(&call.served, &mut object)?;
    (call.served.kind.create)(&mut object, &call.context(options.dry_run));
    call.validate(&object)?;
    warnings.extend((call.served.kind.warnings)(&object));
    let key = call.served.key(call.namespace(), &name);
    let stored = store_form(&call.to_stored(object));
    if options.dry_run {
        if call.core.registry.read(key).await?.is_some() {
            return Err(ApiError::already_exists(call.group_resource(), &name));
        }
        return Ok((Encoded::unversioned(stored), warnings));
    }
    let copy = bytes::Bytes::from(stored);
    match call
        .core
        .registry
        .create(key, copy.clone(), call.ttl())
        .await?
    {
        Outcome::Done(revision) => {
            reserved.keep();
            let encoded = Encoded::splice(&copy, revision, b"", b"").ok_or_else(unreadable)?;
            Ok((encoded, warnings))
        }
        Outcome::Changed(_) => Err(ApiError::already_exists(call.group_resource(), &name)),
    }
}

/// Admits a new object. What admission looks at may lag a moment behind: a refusal counts only when it does not.
async fn admit(call: &Call, name: &str, object: &mut Value, dry_run: bool) -> Result<(), ApiError> {
    await_account(call, name, object).await?;
    let fresh = call.core.registry.is_fresh();
    let verb = admission::Verb::Create;
    let outcome = call.admit(verb, "", name, Some(object), None, dry_run);
    if outcome.is_ok() || fresh {
        return outcome;
    }
    call.core.registry.fresh().await?;
    // Steps that passed have changed the object already; like upstream's, they can be run again on what they made.
    call.admit(verb, "", name, Some(object), None, dry_run)
}

/// A pod of a namespace so new that its default account is still to be made waits for it, as upstream does.
async fn await_account(call: &Call, name: &str, object: &mut Value) -> Result<(), ApiError> {
    for _ in 0..ACCOUNT_ATTEMPTS {
        let request = admission::Request {
            verb: admission::Verb::Create,
            group: call.served.resource.group,
            resource: call.served.resource.plural,
            subresource: "",
            namespace: call.namespace(),
            name,
            user: call.who.name(),
            object: Some(object),
            old: None,
            dry_run: false,
        };
        if !awaits_account(&request, &*call.core) {
            break;
        }
        if call.core.registry.is_fresh() {
            tokio::time::sleep(ACCOUNT_WAIT).await;
        }
        call.core.registry.fresh().await?;
    }
    Ok(())
}

fn unreadable() -> ApiError {
    ApiError::internal("the object cannot be encoded")
}
