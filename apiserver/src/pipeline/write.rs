//! What all writes share: decoding, defaults, admission, validation, the time to live.

use hydrofoil_api::decode::{self, Decoded, FieldValidation};
use hydrofoil_api::facts::{self, Type};
use hydrofoil_api::field::Errors;
use hydrofoil_api::status::ApiError;
use hydrofoil_api::{defaults, object};
use serde_json::Value;

use super::Call;
use crate::admission;
use crate::kinds::Context;
use crate::registry::meta;
use crate::request::media::Encoding;
use crate::request::protobuf;
use crate::resources::Served;

/// The stored kind whose objects disappear by themselves.
const EVENTS: &str = "events";

/// Reads a body as a value of a type.
///
/// # Errors
/// 400 with upstream's text for what cannot be read.
pub fn read(
    ty: &'static Type,
    body: &[u8],
    encoding: Encoding,
    mode: FieldValidation,
) -> Result<Decoded, ApiError> {
    match encoding {
        Encoding::Json => decode::json(body, ty, mode),
        Encoding::Yaml => decode::yaml(body, ty, mode),
        Encoding::Protobuf => {
            let value = protobuf::decode(body, ty)?;
            // Through JSON, so that one decoder decides what an object is.
            let text = serde_json::to_vec(&value).unwrap_or_default();
            decode::json(&text, ty, mode)
        }
    }
}

/// Reads a body of options, whose group and version do not matter.
///
/// # Errors
/// 400 for what cannot be read or is of another kind.
pub fn read_options(
    name: &str,
    kind: &str,
    body: &[u8],
    encoding: Encoding,
) -> Result<Value, ApiError> {
    let refuse = |error: String| {
        ApiError::bad_request(format!("couldn't decode the body as {kind}: {error}"))
    };
    let value: Value = match encoding {
        Encoding::Json => {
            serde_json::from_slice(body).map_err(|error| refuse(error.to_string()))?
        }
        Encoding::Yaml => {
            serde_yaml::from_slice(body).map_err(|error| refuse(error.to_string()))?
        }
        Encoding::Protobuf => {
            let ty = facts::type_named(name).ok_or_else(|| ApiError::internal("no such type"))?;
            protobuf::decode(body, ty)?
        }
    };
    if !value.is_object() || ![kind, ""].contains(&object::kind(&value)) {
        return Err(refuse(format!(
            "unexpected kind {:?}",
            object::kind(&value)
        )));
    }
    Ok(value)
}

/// Reads a body as an object of a resource: decoded, pruned, with all defaults.
///
/// # Errors
/// 400 with upstream's text for what cannot be read.
pub fn decode(
    served: &Served,
    body: &[u8],
    encoding: Encoding,
    mode: FieldValidation,
) -> Result<Decoded, ApiError> {
    let mut decoded = read(served.resource.ty, body, encoding, mode)?;
    fill(served, &mut decoded.value);
    Ok(decoded)
}

/// Reads what a patch made, of `old` if there was one, as an object of a resource; `again` makes it once more, for an error's text.
/// `duplicates` are fields that the patch named twice.
///
/// # Errors
/// 400 with upstream's text for what cannot be read.
pub fn decode_value(
    served: &Served,
    value: Value,
    old: Option<&Value>,
    again: impl FnOnce() -> Value,
    duplicates: Vec<String>,
    mode: FieldValidation,
) -> Result<Decoded, ApiError> {
    let mut decoded = decode::patched(value, old, again, duplicates, served.resource.ty, mode)?;
    fill(served, &mut decoded.value);
    Ok(decoded)
}

fn fill(served: &Served, value: &mut Value) {
    defaults::apply(value, served.resource.ty);
    (served.kind.default)(value);
}

impl Call {
    /// What strategies may know.
    pub fn context(&self, dry_run: bool) -> Context<'_> {
        Context {
            now: self.now,
            user: self.who.name(),
            dry_run,
        }
    }

    /// Checks that the object is where the request says.
    ///
    /// # Errors
    /// 400 with upstream's text.
    pub fn check_place(&self, new: &mut Value) -> Result<(), ApiError> {
        if !self.served.resource.namespaced {
            return Ok(());
        }
        let namespace = object::namespace(new);
        if namespace.is_empty() {
            object::set_metadata(new, "namespace", self.namespace());
        } else if namespace != self.namespace() {
            return Err(ApiError::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        Ok(())
    }

    /// Checks that the object has the name that the request says.
    ///
    /// # Errors
    /// 400 with upstream's text.
    pub fn check_name(&self, new: &mut Value) -> Result<(), ApiError> {
        let name = object::name(new);
        if name.is_empty() {
            object::set_metadata(new, "name", self.request.name.as_str());
        } else if name != self.request.name {
            return Err(ApiError::bad_request(format!(
                "the name of the object ({name}) does not match the name on the URL ({})",
                self.request.name
            )));
        }
        Ok(())
    }

    /// Runs admission.
    ///
    /// # Errors
    /// What a step says.
    pub fn admit(
        &self,
        verb: admission::Verb,
        subresource: &str,
        name: &str,
        new: Option<&mut Value>,
        old: Option<&Value>,
        dry_run: bool,
    ) -> Result<(), ApiError> {
        let mut request = admission::Request {
            verb,
            group: self.served.resource.group,
            resource: self.served.resource.plural,
            subresource,
            namespace: if self.request.resource == "namespaces" {
                name
            } else {
                self.namespace()
            },
            name,
            user: self.who.name(),
            object: new,
            old,
            dry_run,
        };
        admission::admit(&mut request, &*self.core)
    }

    /// 422 when there are errors.
    ///
    /// # Errors
    /// 422.
    pub fn refuse(&self, name: &str, errors: &Errors) -> Result<(), ApiError> {
        if errors.is_empty() {
            return Ok(());
        }
        Err(ApiError::invalid(
            self.served.resource.group_kind(),
            name,
            errors,
        ))
    }

    /// Validates a new object.
    ///
    /// # Errors
    /// 422.
    pub fn validate(&self, new: &Value) -> Result<(), ApiError> {
        let mut errors = Errors::new();
        meta::validate(new, &self.served, &mut errors);
        (self.served.kind.validate)(new, &mut errors);
        self.refuse(object::name(new), &errors)
    }

    /// Seconds after which objects of this resource disappear by themselves.
    pub fn ttl(&self) -> Option<i64> {
        (self.served.kind.storage.prefix == EVENTS)
            .then(|| i64::try_from(self.core.config.event_ttl.as_secs()).unwrap_or(i64::MAX))
    }

    /// The object in the form that is stored.
    pub fn to_stored(&self, new: Value) -> Value {
        let mut new = new;
        if let Some(conversion) = &self.served.kind.storage.conversion {
            (conversion.to_stored)(&mut new);
        }
        new
    }
}
