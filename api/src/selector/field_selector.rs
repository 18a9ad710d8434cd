//! Field selectors: `metadata.name=a,spec.nodeName!=b`. Which fields a kind can be selected by is the kind's business.
//!
//! Grammar, escapes and sentences are those of `apimachinery/pkg/fields`.

use super::ParseError;
use std::fmt;

/// One term: a field that must, or must not, have a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRequirement {
    /// The field's path, for example `spec.nodeName`.
    pub field: String,
    /// The value, unescaped.
    pub value: String,
    /// Whether the field must differ from the value.
    pub negated: bool,
}

/// All of its terms must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector {
    requirements: Vec<FieldRequirement>,
}

impl FieldSelector {
    /// Matches every object.
    pub fn everything() -> FieldSelector {
        FieldSelector::default()
    }

    /// Parses the text form, as in `?fieldSelector=`.
    pub fn parse(text: &str) -> Result<FieldSelector, ParseError> {
        let mut terms = split_terms(text);
        terms.sort_unstable();
        let mut requirements = Vec::new();
        for term in terms.into_iter().filter(|t| !t.is_empty()) {
            let (field, operator, value) = split_term(term).ok_or_else(|| {
                ParseError(format!(
                    "invalid selector: '{text}'; can't understand '{term}'"
                ))
            })?;
            requirements.push(FieldRequirement {
                field: field.to_owned(),
                value: unescape(value)?,
                negated: operator == "!=",
            });
        }
        Ok(FieldSelector { requirements })
    }

    /// Whether the fields, as `field` gives them, satisfy every term. A field that is not there is the empty text.
    pub fn matches<'a>(&self, field: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.requirements
            .iter()
            .all(|r| (field(&r.field).unwrap_or_default() == r.value) != r.negated)
    }

    /// The terms.
    pub fn requirements(&self) -> &[FieldRequirement] {
        &self.requirements
    }

    /// Whether every object matches.
    pub fn is_everything(&self) -> bool {
        self.requirements.is_empty()
    }

    /// The value `field` must have, if the selector names one: lets an index answer.
    pub fn exact_value(&self, field: &str) -> Option<&str> {
        self.requirements
            .iter()
            .find(|r| !r.negated && r.field == field)
            .map(|r| r.value.as_str())
    }
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, r) in self.requirements.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            let operator = if r.negated { "!=" } else { "=" };
            write!(f, "{comma}{}{operator}{}", r.field, escape(&r.value))?;
        }
        Ok(())
    }
}

/// A value written so that its commas, equals signs and backslashes are data.
fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, '\\' | ',' | '=') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn unescape(value: &str) -> Result<String, ParseError> {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | ',' | '=')) => out.push(c),
                other => {
                    let rest = other.map(String::from).unwrap_or_default();
                    return Err(ParseError(format!(
                        "invalid field selector: invalid escape sequence: \\{rest}"
                    )));
                }
            },
            // Upstream prints the rune's number.
            ',' | '=' => {
                let number = c as u32;
                return Err(ParseError(format!(
                    "invalid field selector: unescaped character in value: {number}"
                )));
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

fn split_terms(text: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                terms.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms
}

fn split_term(term: &str) -> Option<(&str, &str, &str)> {
    for (i, _) in term.char_indices() {
        for operator in ["!=", "==", "="] {
            if let Some(value) = term[i..].strip_prefix(operator) {
                return Some((&term[..i], operator, value));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parses_and_matches() {
        let selector = FieldSelector::parse("spec.nodeName=n1,status.phase!=Failed,").unwrap();
        let field = |name: &str| match name {
            "spec.nodeName" => Some("n1"),
            "status.phase" => Some("Running"),
            _ => None,
        };
        assert!(selector.matches(field));
        assert_eq!(selector.exact_value("spec.nodeName"), Some("n1"));
        assert_eq!(selector.exact_value("status.phase"), None);
        assert!(!FieldSelector::parse("a=b").unwrap().matches(field));
        assert!(FieldSelector::parse("a=").unwrap().matches(field));
    }

    #[test]
    fn refuses_in_upstreams_words() {
        for (text, message) in [
            ("abc", "invalid selector: 'abc'; can't understand 'abc'"),
            (
                "a=b\\c",
                "invalid field selector: invalid escape sequence: \\c",
            ),
            (
                "a=b=c",
                "invalid field selector: unescaped character in value: 61",
            ),
            (
                "a=b\\",
                "invalid field selector: invalid escape sequence: \\",
            ),
        ] {
            assert_eq!(FieldSelector::parse(text).unwrap_err().0, message);
        }
    }

    proptest! {
        #[test]
        fn any_value_survives(value in ".{0,20}") {
            let text = format!("a={}", escape(&value));
            let selector = FieldSelector::parse(&text).unwrap();
            prop_assert_eq!(selector.exact_value("a"), Some(value.as_str()));
            prop_assert_eq!(FieldSelector::parse(&selector.to_string()).unwrap(), selector);
        }
    }
}
