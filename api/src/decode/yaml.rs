//! YAML to JSON values, with repeated keys told of in the words of Go's YAML.
//!
//! Only the first document is read, as upstream does. Bounds on nesting and on aliases are the parser's own (128 levels,
//! and a total of repetitions).

use serde::Deserialize;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// A document that was read.
pub struct Parsed {
    pub value: Value,
    /// `yaml: unmarshal errors:...`, at most one.
    pub duplicates: Vec<String>,
}

/// Reads a document. The error is Go's sentence, as near as the parser lets us come.
pub fn parse(bytes: &[u8]) -> Result<Parsed, String> {
    let mut duplicates = Vec::new();
    let Some(document) = serde_yaml::Deserializer::from_slice(bytes).next() else {
        return Ok(Parsed {
            value: Value::Null,
            duplicates,
        });
    };
    match Node(&mut duplicates).deserialize(document) {
        Ok(value) => {
            let told = tell(bytes, &duplicates);
            Ok(Parsed {
                value,
                duplicates: told.into_iter().collect(),
            })
        }
        Err(error) => Err(describe(&error)),
    }
}

fn describe(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    let problem = text.split(" at line ").next().unwrap_or(&text);
    match error.location() {
        Some(at) => format!("yaml: line {}: {problem}", at.line()),
        None => format!("yaml: {problem}"),
    }
}

/// One message that lists every repeated key with its line.
fn tell(bytes: &[u8], keys: &[String]) -> Option<String> {
    if keys.is_empty() {
        return None;
    }
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().collect();
    let mut message = "yaml: unmarshal errors:".to_owned();
    for key in keys {
        let line = repeated_line(&lines, key);
        message.push_str(&format!(
            "\n  line {line}: key {} already set in map",
            crate::gotext::quote(key)
        ));
    }
    Some(message)
}

/// The line where a block mapping says a key again; the first line for flow mappings, whose lines the parser does not tell.
fn repeated_line(lines: &[&str], key: &str) -> usize {
    let column = |line: &str| {
        let entry = line.trim_start_matches([' ', '-']);
        let named = entry
            .strip_prefix(key)
            .or_else(|| entry.strip_prefix(&format!("{key:?}")[..]));
        named
            .filter(|rest| rest.trim_start().starts_with(':'))
            .map(|_| line.len() - entry.len())
    };
    for (i, line) in lines.iter().enumerate() {
        let Some(at) = column(line) else { continue };
        let same_map =
            |l: &&str| l.trim().is_empty() || l.len() - l.trim_start_matches(' ').len() >= at;
        let rest = &lines[i + 1..];
        let inside = rest.iter().take_while(|l| same_map(l)).count();
        if let Some(found) = rest[..inside].iter().position(|l| column(l) == Some(at)) {
            return i + 1 + found + 1;
        }
    }
    1
}

struct Node<'a>(&'a mut Vec<String>);

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON can hold")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Value, E> {
        let number =
            Number::from_f64(number).ok_or_else(|| E::custom("json: unsupported value"))?;
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = access.next_element_seed(Node(self.0))? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(Key(key)) = access.next_key()? {
            let value = access.next_value_seed(Node(self.0))?;
            if map.contains_key(&key) && !self.0.contains(&key) {
                self.0.push(key.clone());
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }

    fn visit_enum<A: serde::de::EnumAccess<'de>>(self, _: A) -> Result<Value, A::Error> {
        Err(A::Error::custom("tagged values are not supported"))
    }
}

/// A key: texts as they are, numbers and truths by their text.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
        let mut none = Vec::new();
        match Node(&mut none).deserialize(deserializer)? {
            Value::String(text) => Ok(Key(text)),
            Value::Null => Ok(Key("null".to_owned())),
            other @ (Value::Bool(_) | Value::Number(_)) => Ok(Key(other.to_string())),
            _ => Err(D::Error::custom("unsupported map key")),
        }
    }
}
