//! An OpenAPI v2 document in the protobuf form of gnostic's `openapi.v2.Document`, from its JSON form.
//!
//! Only the messages and fields that our own documents use are written; field numbers are gnostic's (`OpenAPIv2.proto`).
//! Extensions travel as YAML text, for which their JSON serves.

use serde_json::Value;

/// A protobuf message under construction.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value as u8) | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.varint(u64::from(field) << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, field: u32, text: &str) {
        if !text.is_empty() {
            self.bytes(field, text.as_bytes());
        }
    }

    /// The text at `key` of an object, if there is one.
    fn text_of(&mut self, field: u32, object: &Value, key: &str) {
        self.text(field, object[key].as_str().unwrap_or_default());
    }

    fn flag_of(&mut self, field: u32, object: &Value, key: &str) {
        if object[key].as_bool() == Some(true) {
            self.varint(u64::from(field) << 3);
            self.varint(1);
        }
    }

    fn texts_of(&mut self, field: u32, object: &Value, key: &str) {
        for text in object[key]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            self.bytes(field, text.as_bytes());
        }
    }

    fn message(&mut self, field: u32, message: Message) {
        self.bytes(field, &message.0);
    }

    /// The `x-` members of an object as `NamedAny`s.
    fn extensions(&mut self, field: u32, object: &Value) {
        for (name, value) in object
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| name.starts_with("x-"))
        {
            let mut any = Message::default();
            any.text(2, &format!("{value}\n"));
            self.message(field, named(name, any));
        }
    }
}

/// The `Named…` messages: a name and a value.
fn named(name: &str, value: Message) -> Message {
    let mut out = Message::default();
    out.text(1, name);
    out.message(2, value);
    out
}

/// The whole document.
pub(super) fn document(value: &Value) -> Vec<u8> {
    let mut out = Message::default();
    out.text_of(1, value, "swagger");
    let mut info = Message::default();
    info.text_of(1, &value["info"], "title");
    info.text_of(2, &value["info"], "version");
    out.message(2, info);
    let mut paths = Message::default();
    for (name, item) in value["paths"].as_object().into_iter().flatten() {
        paths.message(2, named(name, path_item(item)));
    }
    out.message(8, paths);
    let mut definitions = Message::default();
    for (name, definition) in value["definitions"].as_object().into_iter().flatten() {
        definitions.message(1, named(name, schema(definition)));
    }
    out.message(9, definitions);
    for requirement in value["security"].as_array().into_iter().flatten() {
        let mut message = Message::default();
        for name in requirement
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
        {
            message.message(1, named(name, Message::default()));
        }
        out.message(12, message);
    }
    let mut security = Message::default();
    for (name, definition) in value["securityDefinitions"]
        .as_object()
        .into_iter()
        .flatten()
    {
        let mut key = Message::default();
        for (field, member) in [(1, "type"), (2, "name"), (3, "in"), (4, "description")] {
            key.text_of(field, definition, member);
        }
        let mut item = Message::default();
        item.message(2, key);
        security.message(1, named(name, item));
    }
    out.message(13, security);
    out.0
}

fn path_item(value: &Value) -> Message {
    let mut out = Message::default();
    let methods = [
        (2, "get"),
        (3, "put"),
        (4, "post"),
        (5, "delete"),
        (6, "options"),
        (7, "head"),
        (8, "patch"),
    ];
    for (field, method) in methods {
        if value[method].is_object() {
            out.message(field, operation(&value[method]));
        }
    }
    for parameter in value["parameters"].as_array().into_iter().flatten() {
        out.message(9, parameters_item(parameter));
    }
    out
}

fn operation(value: &Value) -> Message {
    let mut out = Message::default();
    out.texts_of(1, value, "tags");
    out.text_of(3, value, "description");
    out.text_of(5, value, "operationId");
    out.texts_of(6, value, "produces");
    out.texts_of(7, value, "consumes");
    for parameter in value["parameters"].as_array().into_iter().flatten() {
        out.message(8, parameters_item(parameter));
    }
    let mut responses = Message::default();
    for (code, response) in value["responses"].as_object().into_iter().flatten() {
        let mut answer = Message::default();
        answer.text_of(1, response, "description");
        if response["schema"].is_object() {
            let mut item = Message::default();
            item.message(1, schema(&response["schema"]));
            answer.message(2, item);
        }
        let mut either = Message::default();
        either.message(1, answer);
        responses.message(1, named(code, either));
    }
    out.message(9, responses);
    out.texts_of(10, value, "schemes");
    out.extensions(13, value);
    out
}

fn parameters_item(value: &Value) -> Message {
    let mut parameter = Message::default();
    match value["in"].as_str() {
        Some("body") => {
            let mut body = Message::default();
            body.text_of(1, value, "description");
            body.text_of(2, value, "name");
            body.text_of(3, value, "in");
            body.flag_of(4, value, "required");
            body.message(5, schema(&value["schema"]));
            parameter.message(1, body);
        }
        place => {
            let in_path = place == Some("path");
            let mut non_body = Message::default();
            non_body.message(
                if in_path { 4 } else { 3 },
                simple_parameter(value, in_path),
            );
            parameter.message(2, non_body);
        }
    }
    let mut out = Message::default();
    out.message(1, parameter);
    out
}

/// `PathParameterSubSchema` and `QueryParameterSubSchema`, which differ by one in their numbers from the fifth on.
fn simple_parameter(value: &Value, in_path: bool) -> Message {
    let more = if in_path { 0 } else { 1 };
    let mut out = Message::default();
    out.flag_of(1, value, "required");
    out.text_of(2, value, "in");
    out.text_of(3, value, "description");
    out.text_of(4, value, "name");
    out.text_of(5 + more, value, "type");
    out.flag_of(19 + more, value, "uniqueItems");
    out
}

fn schema(value: &Value) -> Message {
    let mut out = Message::default();
    out.text_of(1, value, "$ref");
    out.text_of(2, value, "format");
    out.text_of(4, value, "description");
    out.texts_of(19, value, "required");
    if value["additionalProperties"].is_object() {
        let mut item = Message::default();
        item.message(1, schema(&value["additionalProperties"]));
        out.message(21, item);
    }
    if value["type"].is_string() {
        let mut ty = Message::default();
        ty.text_of(1, value, "type");
        out.message(22, ty);
    }
    if value["items"].is_object() {
        let mut items = Message::default();
        items.message(1, schema(&value["items"]));
        out.message(23, items);
    }
    if let Some(members) = value["properties"].as_object() {
        let mut properties = Message::default();
        for (name, member) in members {
            properties.message(1, named(name, schema(member)));
        }
        out.message(25, properties);
    }
    out.extensions(31, value);
    out
}
