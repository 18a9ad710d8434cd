//! Label selectors, from their text (`a=b,c in (d,e),!f`) and from `metav1.LabelSelector` objects.
//!
//! Grammar, checks and sentences are those of `apimachinery/pkg/labels` and `metav1.LabelSelectorAsSelector`.

use super::ParseError;
use super::label_lexer::{Token, scan};
use crate::field::{self, FieldError, Path};
use crate::names;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

const BINARY_OPERATORS: &str = "in, notin, =, ==, !=, gt, lt";

/// Where a selector finds a label's value.
pub trait Lookup {
    /// The value of a label, if the object has it.
    fn label(&self, key: &str) -> Option<&str>;
}

impl Lookup for Map<String, Value> {
    fn label(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Value::as_str)
    }
}

impl Lookup for BTreeMap<String, String> {
    fn label(&self, key: &str) -> Option<&str> {
        self.get(key).map(String::as_str)
    }
}

impl Lookup for HashMap<String, String> {
    fn label(&self, key: &str) -> Option<&str> {
        self.get(key).map(String::as_str)
    }
}

impl<L: Lookup> Lookup for Option<L> {
    fn label(&self, key: &str) -> Option<&str> {
        self.as_ref().and_then(|l| l.label(key))
    }
}

impl<L: Lookup + ?Sized> Lookup for &L {
    fn label(&self, key: &str) -> Option<&str> {
        (**self).label(key)
    }
}

/// How a requirement compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `key in (a,b)`
    In,
    /// `key notin (a,b)`; objects without the key match.
    NotIn,
    /// `key=a`
    Equals,
    /// `key==a`
    DoubleEquals,
    /// `key!=a`; objects without the key match.
    NotEquals,
    /// `key`
    Exists,
    /// `!key`
    DoesNotExist,
    /// `key>1`; whole numbers.
    GreaterThan,
    /// `key<1`; whole numbers.
    LessThan,
}

/// One term of a label selector. Values are sorted and without repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

impl Requirement {
    /// Checks the key, the operator's number of values, and each value.
    pub fn new(
        key: &str,
        operator: Operator,
        values: Vec<String>,
    ) -> Result<Requirement, ParseError> {
        let mut errors = Vec::new();
        errors.extend(check_key(key, &Path::new("key")));
        let at = Path::new("values");
        let shown = || Value::from(values.clone());
        let wrong = match operator {
            Operator::In | Operator::NotIn if values.is_empty() => {
                Some("for 'in', 'notin' operators, values set can't be empty")
            }
            Operator::Equals | Operator::DoubleEquals | Operator::NotEquals
                if values.len() != 1 =>
            {
                Some("exact-match compatibility requires one single value")
            }
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                Some("values set must be empty for exists and does not exist")
            }
            Operator::GreaterThan | Operator::LessThan if values.len() != 1 => {
                Some("for 'Gt', 'Lt' operators, exactly one value is required")
            }
            _ => None,
        };
        errors.extend(wrong.map(|detail| FieldError::invalid(&at, shown(), detail)));
        for (i, value) in values.iter().enumerate() {
            let ordered = matches!(operator, Operator::GreaterThan | Operator::LessThan);
            if ordered && value.parse::<i64>().is_err() {
                let detail = "for 'Gt', 'Lt' operators, the value must be an integer";
                errors.push(FieldError::invalid(&at.index(i), value.as_str(), detail));
            }
        }
        for (i, value) in values.iter().enumerate() {
            let faults = names::is_label_value(value);
            if !faults.is_empty() {
                errors.push(FieldError::invalid(
                    &at.index(i).key(key),
                    value.as_str(),
                    faults.join("; "),
                ));
            }
        }
        if errors.is_empty() {
            Ok(Requirement {
                key: key.to_owned(),
                operator,
                values,
            })
        } else {
            Err(ParseError(field::aggregate(&errors)))
        }
    }

    /// The label's key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The comparison.
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// The values compared with.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// Whether labels satisfy this term.
    pub fn matches(&self, labels: &(impl Lookup + ?Sized)) -> bool {
        let found = labels.label(&self.key);
        let among = |value: &str| self.values.iter().any(|v| v == value);
        match self.operator {
            Operator::In | Operator::Equals | Operator::DoubleEquals => found.is_some_and(among),
            Operator::NotIn | Operator::NotEquals => !found.is_some_and(among),
            Operator::Exists => found.is_some(),
            Operator::DoesNotExist => found.is_none(),
            Operator::GreaterThan => self.ordered(found, |l, r| l > r),
            Operator::LessThan => self.ordered(found, |l, r| l < r),
        }
    }

    fn ordered(&self, found: Option<&str>, holds: fn(i64, i64) -> bool) -> bool {
        let left = found.and_then(|v| v.parse().ok());
        let right = self.values.first().and_then(|v| v.parse().ok());
        matches!((left, right), (Some(l), Some(r)) if holds(l, r))
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, values) = (&self.key, self.values.join(","));
        match self.operator {
            Operator::In => write!(f, "{key} in ({values})"),
            Operator::NotIn => write!(f, "{key} notin ({values})"),
            Operator::Equals => write!(f, "{key}={values}"),
            Operator::DoubleEquals => write!(f, "{key}=={values}"),
            Operator::NotEquals => write!(f, "{key}!={values}"),
            Operator::Exists => write!(f, "{key}"),
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::GreaterThan => write!(f, "{key}>{values}"),
            Operator::LessThan => write!(f, "{key}<{values}"),
        }
    }
}

/// A label selector: all of its requirements must hold. Requirements are ordered by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    requirements: Vec<Requirement>,
    nothing: bool,
}

impl Selector {
    /// Matches every object.
    pub fn everything() -> Selector {
        Selector::default()
    }

    /// Matches no object: what an absent `LabelSelector` means.
    pub fn nothing() -> Selector {
        Selector {
            requirements: Vec::new(),
            nothing: true,
        }
    }

    /// Parses the text form, as in `?labelSelector=`.
    pub fn parse(text: &str) -> Result<Selector, ParseError> {
        Parser {
            tokens: scan(text),
            at: 0,
        }
        .selector()
    }

    /// Exactly these labels, unchecked: a Service's `spec.selector`. An empty or absent map matches everything here; callers
    /// for whom that means "none" say so themselves.
    pub fn from_map(labels: &Map<String, Value>) -> Selector {
        let pairs = labels.iter();
        Selector::from_pairs(pairs.map(|(key, value)| (key, value.as_str().unwrap_or_default())))
    }

    /// Exactly these labels, unchecked, as [`from_map`](Selector::from_map).
    pub fn from_pairs(
        pairs: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>,
    ) -> Selector {
        let requirements = pairs.into_iter().map(|(key, value)| Requirement {
            key: key.as_ref().to_owned(),
            operator: Operator::Equals,
            values: vec![value.as_ref().to_owned()],
        });
        Selector::from_requirements(requirements.collect())
    }

    /// From a `metav1.LabelSelector` held as JSON. Null matches nothing, an empty object everything.
    pub fn from_label_selector(selector: &Value) -> Result<Selector, ParseError> {
        let Some(object) = selector.as_object() else {
            return Ok(Selector::nothing());
        };
        let mut requirements = Vec::new();
        for (key, value) in object
            .get("matchLabels")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let value = value.as_str().unwrap_or_default().to_owned();
            requirements.push(Requirement::new(key, Operator::Equals, vec![value])?);
        }
        for expression in object
            .get("matchExpressions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            requirements.push(from_expression(expression)?);
        }
        Ok(Selector::from_requirements(requirements))
    }

    /// All of these must hold.
    pub fn from_requirements(mut requirements: Vec<Requirement>) -> Selector {
        requirements.sort_by(|a, b| a.key.cmp(&b.key));
        Selector {
            requirements,
            nothing: false,
        }
    }

    /// Whether labels satisfy every requirement.
    pub fn matches(&self, labels: &(impl Lookup + ?Sized)) -> bool {
        !self.nothing && self.requirements.iter().all(|r| r.matches(labels))
    }

    /// Whether an object, held as JSON, has labels that match.
    pub fn matches_object(&self, object: &Value) -> bool {
        self.matches(&crate::object::labels(object))
    }

    /// Whether every object matches.
    pub fn is_everything(&self) -> bool {
        !self.nothing && self.requirements.is_empty()
    }

    /// The terms.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// The single value that `key` must have, if the selector names one: lets an index answer.
    pub fn exact_value(&self, key: &str) -> Option<&str> {
        let mut pairs = self.exact_values();
        pairs
            .find(|(known, _)| *known == key)
            .map(|(_, value)| value)
    }

    /// Labels with the single value that each must have.
    pub fn exact_values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.requirements.iter().filter_map(|requirement| {
            match (requirement.operator, requirement.values.as_slice()) {
                (Operator::Equals | Operator::DoubleEquals | Operator::In, [value]) => {
                    Some((requirement.key.as_str(), value.as_str()))
                }
                _ => None,
            }
        })
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, requirement) in self.requirements.iter().enumerate() {
            write!(f, "{}{requirement}", if i > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

fn from_expression(expression: &Value) -> Result<Requirement, ParseError> {
    let text = |name: &str| {
        expression
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let operator = match text("operator") {
        "In" => Operator::In,
        "NotIn" => Operator::NotIn,
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::DoesNotExist,
        other => {
            let message = format!(
                "{} is not a valid label selector operator",
                crate::gotext::quote(other)
            );
            return Err(ParseError(message));
        }
    };
    let values = expression
        .get("values")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let values = values
        .iter()
        .map(|v| v.as_str().unwrap_or_default().to_owned())
        .collect();
    Requirement::new(text("key"), operator, values)
}

fn check_key(key: &str, at: &Path) -> Option<FieldError> {
    let faults = names::is_qualified_name(key);
    (!faults.is_empty()).then(|| FieldError::invalid(at, key, faults.join("; ")))
}

struct Parser {
    tokens: Vec<(Token, String)>,
    at: usize,
}

type Parsed<T> = Result<T, ParseError>;

fn wrong<T>(message: String) -> Parsed<T> {
    Err(ParseError(message))
}

impl Parser {
    /// The token at hand; past the end it stays [`Token::End`].
    fn peek(&self) -> (Token, Cow<'_, str>) {
        self.tokens
            .get(self.at)
            .map_or((Token::End, "".into()), |(t, l)| (*t, l.as_str().into()))
    }

    fn peek_value(&self) -> Token {
        self.peek().0.as_value()
    }

    fn take(&mut self) -> (Token, String) {
        let (token, literal) = self.peek();
        let taken = (token, literal.into_owned());
        self.at += 1;
        taken
    }

    fn take_value(&mut self) -> (Token, String) {
        let (token, literal) = self.take();
        (token.as_value(), literal)
    }

    fn selector(mut self) -> Parsed<Selector> {
        let mut requirements = Vec::new();
        loop {
            match self.peek_value() {
                Token::Identifier | Token::Not => {
                    let requirement = self
                        .requirement()
                        .map_err(|e| ParseError(format!("unable to parse requirement: {e}")))?;
                    requirements.push(requirement);
                    match self.take_value() {
                        (Token::End, _) => break,
                        (Token::Comma, _)
                            if matches!(self.peek_value(), Token::Identifier | Token::Not) => {}
                        (Token::Comma, _) => {
                            return wrong(format!(
                                "found '{}', expected: identifier after ','",
                                self.peek().1
                            ));
                        }
                        (_, literal) => {
                            return wrong(format!(
                                "found '{literal}', expected: ',' or 'end of string'"
                            ));
                        }
                    }
                }
                Token::End => break,
                _ => {
                    return wrong(format!(
                        "found '{}', expected: !, identifier, or 'end of string'",
                        self.peek().1
                    ));
                }
            }
        }
        Ok(Selector::from_requirements(requirements))
    }

    fn requirement(&mut self) -> Parsed<Requirement> {
        let (mut token, mut key) = self.take_value();
        let negated = token == Token::Not;
        if negated {
            (token, key) = self.take_value();
        }
        if token != Token::Identifier {
            return wrong(format!("found '{key}', expected: identifier"));
        }
        if let Some(error) = check_key(&key, &Path::root()) {
            return wrong(error.to_string());
        }
        if negated {
            return Requirement::new(&key, Operator::DoesNotExist, Vec::new());
        }
        if matches!(self.peek_value(), Token::End | Token::Comma) {
            return Requirement::new(&key, Operator::Exists, Vec::new());
        }
        let operator = self.operator()?;
        let mut values = match operator {
            Operator::In | Operator::NotIn => self.values()?,
            _ => vec![self.exact_value()?],
        };
        values.sort();
        values.dedup();
        Requirement::new(&key, operator, values)
    }

    fn operator(&mut self) -> Parsed<Operator> {
        Ok(match self.take() {
            (Token::In, _) => Operator::In,
            (Token::NotIn, _) => Operator::NotIn,
            (Token::Equals, _) => Operator::Equals,
            (Token::DoubleEquals, _) => Operator::DoubleEquals,
            (Token::NotEquals, _) => Operator::NotEquals,
            (Token::Greater, _) => Operator::GreaterThan,
            (Token::Less, _) => Operator::LessThan,
            (_, literal) => {
                return wrong(format!("found '{literal}', expected: {BINARY_OPERATORS}"));
            }
        })
    }

    fn values(&mut self) -> Parsed<Vec<String>> {
        let (token, literal) = self.take_value();
        if token != Token::Open {
            return wrong(format!("found '{literal}' expected: '('"));
        }
        match self.peek_value() {
            Token::Identifier | Token::Comma => {
                let values = self.identifiers()?;
                self.take_value();
                Ok(values)
            }
            Token::Close => {
                self.take_value();
                Ok(vec![String::new()])
            }
            _ => wrong(format!(
                "found '{}', expected: ',', ')' or identifier",
                self.peek().1
            )),
        }
    }

    /// The values up to the closing parenthesis, which is left. Nothing between commas is the empty value.
    fn identifiers(&mut self) -> Parsed<Vec<String>> {
        let mut values = Vec::new();
        loop {
            match self.take_value() {
                (Token::Identifier, literal) => {
                    values.push(literal);
                    match self.peek_value() {
                        Token::Comma => {}
                        Token::Close => return Ok(values),
                        _ => {
                            return wrong(format!(
                                "found '{}', expected: ',' or ')'",
                                self.peek().1
                            ));
                        }
                    }
                }
                (Token::Comma, _) => {
                    if values.is_empty() || self.peek_value() == Token::Comma {
                        values.push(String::new());
                    }
                    if self.peek_value() == Token::Close {
                        values.push(String::new());
                        return Ok(values);
                    }
                }
                (_, literal) => {
                    return wrong(format!("found '{literal}', expected: ',', or identifier"));
                }
            }
        }
    }

    fn exact_value(&mut self) -> Parsed<String> {
        if matches!(self.peek_value(), Token::End | Token::Comma) {
            return Ok(String::new());
        }
        match self.take_value() {
            (Token::Identifier, literal) => Ok(literal),
            (_, literal) => wrong(format!("found '{literal}', expected: identifier")),
        }
    }
}

#[cfg(test)]
mod tests;
