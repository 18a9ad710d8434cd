//! Go type expressions, as far as API types use them.

use anyhow::{Result, bail};

/// A type expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GoType {
    /// A builtin or a type of the same package.
    Name(String),
    /// A type of another package: the import's name and the type's.
    Qualified(String, String),
    /// `*T`
    Pointer(Box<GoType>),
    /// `[]T`
    Slice(Box<GoType>),
    /// `map[K]V`; keys are always texts on the wire.
    Map(Box<GoType>, Box<GoType>),
}

impl GoType {
    /// Reads a type expression.
    pub fn parse(text: &str) -> Result<GoType> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix('*') {
            return Ok(GoType::Pointer(Box::new(GoType::parse(rest)?)));
        }
        if text == "interface{}" {
            return Ok(GoType::Name("any".to_owned()));
        }
        if let Some(rest) = text.strip_prefix("[]") {
            return Ok(GoType::Slice(Box::new(GoType::parse(rest)?)));
        }
        if let Some(rest) = text.strip_prefix("map[")
            && let Some((key, value)) = rest.split_once(']')
        {
            return Ok(GoType::Map(
                Box::new(GoType::parse(key)?),
                Box::new(GoType::parse(value)?),
            ));
        }
        let word = |t: &str| !t.is_empty() && t.chars().all(|c| c.is_alphanumeric() || c == '_');
        match text.split_once('.') {
            Some((package, name)) if word(package) && word(name) => {
                Ok(GoType::Qualified(package.into(), name.into()))
            }
            None if word(text) => Ok(GoType::Name(text.into())),
            _ => bail!("type {text:?} is not understood"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_nested_types() {
        assert_eq!(
            GoType::parse("map[string][]*v1.Pod").unwrap(),
            GoType::Map(
                Box::new(GoType::Name("string".into())),
                Box::new(GoType::Slice(Box::new(GoType::Pointer(Box::new(
                    GoType::Qualified("v1".into(), "Pod".into())
                )))))
            )
        );
        assert!(GoType::parse("func()").is_err());
    }
}
