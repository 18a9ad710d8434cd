//! Tables: what `kubectl get` prints (`meta.k8s.io` Table).
//!
//! The columns and cells are the kind's; this file only puts them together.

use hydrofoil_api::status::ApiError;
use serde_json::{Value, json};

use super::shape::{View, meta_version, partial};
use crate::request::options::Query;

/// What a row carries beside its cells (`includeObject`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Include {
    /// Nothing.
    None,
    /// The object's metadata.
    #[default]
    Metadata,
    /// The object.
    Object,
}

impl Include {
    /// Reads `includeObject`.
    ///
    /// # Errors
    /// 400 for a value that is none.
    pub fn parse(query: &Query) -> Result<Include, ApiError> {
        match query.text("includeObject") {
            "" | "Metadata" => Ok(Include::Metadata),
            "None" => Ok(Include::None),
            "Object" => Ok(Include::Object),
            other => Err(ApiError::bad_request(format!(
                "includeObject: Invalid value: {other:?}: must be 'Metadata', 'Object', 'None', or empty"
            ))),
        }
    }
}

/// The column definitions of a kind.
pub fn columns(view: &View) -> Value {
    view.served
        .kind
        .columns
        .iter()
        .map(|column| {
            json!({
                "name": column.name,
                "type": column.kind,
                "format": column.format,
                "description": column.description,
                "priority": column.priority,
            })
        })
        .collect()
}

/// The row of an object in its served form.
pub fn row(view: &View, version: &str, object: &Value) -> Value {
    let cells = (view.served.kind.row)(object, view.now);
    let carried = match view.include {
        Include::None => Value::Null,
        Include::Metadata => partial(object, version),
        Include::Object => object.clone(),
    };
    json!({ "cells": cells, "object": carried })
}

/// A Table of these rows. `metadata` is that of the list; without `columns` the client knows them already.
pub fn table(version: &str, metadata: Value, columns: Option<Value>, rows: Vec<Value>) -> Value {
    json!({
        "kind": "Table",
        "apiVersion": meta_version(version),
        "metadata": metadata,
        "columnDefinitions": columns.unwrap_or(Value::Null),
        "rows": rows,
    })
}

/// A Table of one object.
pub fn one(view: &View, version: &str, object: &Value) -> Value {
    let metadata = json!({ "resourceVersion": object["metadata"]["resourceVersion"] });
    table(
        version,
        metadata,
        Some(columns(view)),
        vec![row(view, version, object)],
    )
}
