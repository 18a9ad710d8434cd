//! Paths as JSON, in both versions of OpenAPI.

use super::paths::{Content, Operation, Parameter, PathItem};
use super::schema::{Format, Schemas};
use serde_json::{Map, Value, json};

/// The `paths` of a document. Schemas that they refer to become part of it.
pub(super) fn paths(
    format: Format,
    items: Vec<PathItem>,
    schemas: &mut Schemas<'_>,
) -> Map<String, Value> {
    let mut out = Map::new();
    for item in items {
        let mut methods = Map::new();
        for operation in &item.operations {
            let value = match format {
                Format::V2 => v2(operation, &item.tag, schemas),
                Format::V3 => v3(operation, &item.tag, schemas),
            };
            methods.insert(operation.method.to_owned(), value);
        }
        if !item.parameters.is_empty() {
            let parameters: Vec<Value> = item
                .parameters
                .iter()
                .map(|p| parameter(format, p))
                .collect();
            methods.insert("parameters".to_owned(), parameters.into());
        }
        out.insert(item.path, Value::Object(methods));
    }
    out
}

fn parameter(format: Format, parameter: &Parameter) -> Value {
    let place = if parameter.of_path { "path" } else { "query" };
    let mut out =
        json!({"name": parameter.name, "in": place, "description": parameter.description});
    if parameter.of_path {
        out["required"] = true.into();
    }
    match format {
        Format::V2 => out["type"] = parameter.ty.into(),
        Format::V3 => out["schema"] = json!({"type": parameter.ty}),
    }
    // Upstream's generator puts it on every parameter.
    match format {
        Format::V2 => out["uniqueItems"] = true.into(),
        Format::V3 => out["schema"]["uniqueItems"] = true.into(),
    }
    out
}

fn common(operation: &Operation, tag: &str) -> Value {
    let mut out =
        json!({"operationId": operation.id, "description": operation.description, "tags": [tag]});
    if let Some(action) = operation.action {
        out["x-kubernetes-action"] = action.into();
    }
    if let Some((group, version, kind)) = operation.kind {
        out["x-kubernetes-group-version-kind"] =
            json!({"group": group, "version": version, "kind": kind});
    }
    out
}

fn v2(operation: &Operation, tag: &str, schemas: &mut Schemas<'_>) -> Value {
    let mut out = common(operation, tag);
    let mut parameters: Vec<Value> = operation
        .parameters
        .iter()
        .map(|p| parameter(Format::V2, p))
        .collect();
    let mut consumes: &[&str] = &["*/*"];
    if let Some(body) = &operation.body {
        let mut value = json!({"name": "body", "in": "body", "schema": schemas.refer(body.schema)});
        if body.required {
            value["required"] = true.into();
        }
        parameters.insert(0, value);
        consumes = body.media;
    }
    if !parameters.is_empty() {
        out["parameters"] = parameters.into();
    }
    out["consumes"] = consumes.into();
    out["produces"] = operation.produces.into();
    out["schemes"] = json!(["https"]);
    out["responses"] = operation
        .answers
        .iter()
        .map(|(code, description, content)| {
            let mut answer = json!({"description": description});
            match content {
                Content::Schema(name) => answer["schema"] = schemas.refer(name),
                Content::Text if *code == "200" => answer["schema"] = json!({"type": "string"}),
                Content::Text => {}
            }
            ((*code).to_owned(), answer)
        })
        .collect::<Map<String, Value>>()
        .into();
    out
}

fn v3(operation: &Operation, tag: &str, schemas: &mut Schemas<'_>) -> Value {
    let mut out = common(operation, tag);
    if !operation.parameters.is_empty() {
        out["parameters"] = operation
            .parameters
            .iter()
            .map(|p| parameter(Format::V3, p))
            .collect();
    }
    if let Some(body) = &operation.body {
        let content: Map<String, Value> = body
            .media
            .iter()
            .map(|m| {
                (
                    (*m).to_owned(),
                    json!({"schema": schemas.refer(body.schema)}),
                )
            })
            .collect();
        out["requestBody"] = json!({"content": content});
        if body.required {
            out["requestBody"]["required"] = true.into();
        }
    }
    let mut responses = Map::new();
    for (code, description, content) in &operation.answers {
        let mut answer = json!({"description": description});
        let schema = match content {
            Content::Schema(name) => Some(schemas.refer(name)),
            Content::Text if *code == "200" => Some(json!({"type": "string"})),
            Content::Text => None,
        };
        if let Some(schema) = schema {
            let each = operation
                .produces
                .iter()
                .map(|m| ((*m).to_owned(), json!({"schema": schema})));
            answer["content"] = each.collect::<Map<String, Value>>().into();
        }
        responses.insert((*code).to_owned(), answer);
    }
    out["responses"] = responses.into();
    out
}
