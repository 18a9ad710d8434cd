//! From selectors in text to a compiled filter and the smallest part of the cache that can hold what it selects.

use hydrofoil_api::selector::{FieldSelector, Selector};
use hydrofoil_api::status::ApiError;

use super::Call;
use crate::cache::{Cursor, FieldRef, FieldTerm, Filter, Interest, ResourceCache, Snapshot};
use crate::request::options::ListOptions;

/// Compiles what a list or a watch selects.
///
/// # Errors
/// 400 for selectors that cannot be read and fields that the kind does not offer.
pub fn filter(call: &Call, options: &ListOptions) -> Result<Filter, ApiError> {
    let mut filter = Filter::default();
    if call.served.resource.namespaced && !call.request.namespace.is_empty() {
        filter.namespace = Some(call.request.namespace.clone());
    }
    if !options.label_selector.is_empty() {
        let labels = Selector::parse(&options.label_selector).map_err(|error| {
            ApiError::bad_request(format!("unable to parse requirement: {error}"))
        })?;
        if !labels.is_everything() {
            filter.labels = Some(labels);
        }
    }
    let fields = FieldSelector::parse(&options.field_selector)
        .map_err(|error| ApiError::bad_request(error.to_string()))?;
    for requirement in fields.requirements() {
        let field = Filter::resolve(&requirement.field, call.served.kind.fields)
            .ok_or_else(|| unknown_field(call, &requirement.field))?;
        filter.fields.push(FieldTerm {
            field,
            value: requirement.value.clone(),
            negated: requirement.negated,
        });
    }
    Ok(filter)
}

fn unknown_field(call: &Call, field: &str) -> ApiError {
    if call.served.kind.fields.is_empty() {
        let message = format!(
            "{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        );
        return ApiError::bad_request(message);
    }
    ApiError::bad_request(format!("field label not supported: {field}"))
}

/// Walks the objects that may be selected, from the one at `start` on (a path, empty for the first).
pub fn cursor(cache: &ResourceCache, snapshot: &Snapshot, filter: &Filter, start: &str) -> Cursor {
    let namespace = filter
        .namespace
        .as_ref()
        .map_or(String::new(), |namespace| format!("{namespace}/"));
    if let Some(value) = indexed(cache, filter) {
        return snapshot
            .indexed
            .cursor(&format!("{value}/{namespace}"), &format!("{value}/{start}"));
    }
    if let Some(name) = filter.required(FieldRef::Name)
        && filter.namespace.is_some()
    {
        return snapshot
            .objects
            .cursor(&format!("{namespace}{name}"), start);
    }
    snapshot.objects.cursor(&namespace, start)
}

/// Which events a watch with this filter must be offered.
pub fn interest(cache: &ResourceCache, filter: &Filter, namespaced: bool) -> Interest {
    if let Some(value) = indexed(cache, filter) {
        return Interest::Indexed(value.to_owned());
    }
    match (&filter.namespace, filter.required(FieldRef::Name)) {
        (Some(namespace), Some(name)) => Interest::Object(format!("{namespace}/{name}")),
        (None, Some(name)) if !namespaced => Interest::Object(name.to_owned()),
        (Some(namespace), None) => Interest::Namespace(namespace.clone()),
        (None, _) => Interest::All,
    }
}

fn indexed<'a>(cache: &ResourceCache, filter: &'a Filter) -> Option<&'a str> {
    let index = cache.schema().index?;
    filter
        .required(FieldRef::Nth(index))
        .filter(|value| !value.is_empty())
}
