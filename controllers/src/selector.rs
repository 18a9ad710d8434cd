//! Label selectors made ready for matching many objects, and for finding them through an index.

use std::collections::{BTreeMap, HashMap};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use crate::error::Error;
use crate::objects::Key;

/// A selector over labels. The empty one matches everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector {
    requirements: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq)]
struct Requirement {
    key: String,
    rule: Rule,
}

#[derive(Clone, Debug, PartialEq)]
enum Rule {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
}

impl Selector {
    /// All of these labels with these values.
    pub fn equality(labels: &BTreeMap<String, String>) -> Self {
        let requirements = labels
            .iter()
            .map(|(key, value)| Requirement {
                key: key.clone(),
                rule: Rule::In(vec![value.clone()]),
            })
            .collect();
        Self { requirements }
    }

    /// A `LabelSelector` as objects carry it.
    pub fn compile(selector: &LabelSelector) -> Result<Self, Error> {
        let mut compiled = match &selector.match_labels {
            Some(labels) => Self::equality(labels),
            None => Self::default(),
        };
        for expression in selector.match_expressions.iter().flatten() {
            let values = expression.values.clone().unwrap_or_default();
            let rule = match expression.operator.as_str() {
                "In" => Rule::In(values),
                "NotIn" => Rule::NotIn(values),
                "Exists" => Rule::Exists,
                "DoesNotExist" => Rule::Absent,
                other => {
                    return Err(Error::Object(format!(
                        "\"{other}\" is not a valid label selector operator"
                    )));
                }
            };
            compiled.requirements.push(Requirement {
                key: expression.key.clone(),
                rule,
            });
        }
        Ok(compiled)
    }

    /// Whether it matches everything.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether these labels satisfy every requirement.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.requirements.iter().all(|requirement| {
            let value = labels.get(&requirement.key);
            match &requirement.rule {
                Rule::In(values) => value.is_some_and(|v| values.contains(v)),
                Rule::NotIn(values) => value.is_none_or(|v| !values.contains(v)),
                Rule::Exists => value.is_some(),
                Rule::Absent => value.is_none(),
            }
        })
    }

    /// Label pairs that every match has, through which an index finds candidates.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.requirements.iter().filter_map(|r| match &r.rule {
            Rule::In(values) => match values.as_slice() {
                [value] => Some((r.key.as_str(), value.as_str())),
                _ => None,
            },
            _ => None,
        })
    }
}

/// Finds the selectors that match an object, the other way round: which Services select this pod?
///
/// Each selector hangs on one label pair that all its matches must have, so that only those selectors are tried which hang
/// on one of the object's own labels.
#[derive(Debug, Default)]
pub struct SelectorIndex {
    hooks: HashMap<Hook, HashMap<Key, Selector>>,
    placed: HashMap<Key, Hook>,
}

/// A namespace and a label pair, or no pair for selectors that name none.
type Hook = (String, Option<(String, String)>);

impl SelectorIndex {
    /// Sets the selector of the object at `key`. An empty one matches nothing here, as a Service's does.
    pub fn set(&mut self, key: Key, selector: Selector) {
        self.remove(&key);
        if selector.is_empty() {
            return;
        }
        let pair = selector
            .pairs()
            .next()
            .map(|(k, v)| (k.to_owned(), v.to_owned()));
        let hook = (key.namespace.clone(), pair);
        self.placed.insert(key.clone(), hook.clone());
        self.hooks.entry(hook).or_default().insert(key, selector);
    }

    /// Forgets the object at `key`.
    pub fn remove(&mut self, key: &Key) {
        if let Some(hook) = self.placed.remove(key)
            && let Some(members) = self.hooks.get_mut(&hook)
        {
            members.remove(key);
            if members.is_empty() {
                self.hooks.remove(&hook);
            }
        }
    }

    /// Calls `each` with the key of every selector in `namespace` that matches `labels`.
    pub fn matching(
        &self,
        namespace: &str,
        labels: &BTreeMap<String, String>,
        mut each: impl FnMut(&Key),
    ) {
        let pairs = labels.iter().map(|(k, v)| Some((k.clone(), v.clone())));
        for pair in pairs.chain([None]) {
            let hook = (namespace.to_owned(), pair);
            for (key, selector) in self.hooks.get(&hook).into_iter().flatten() {
                if selector.matches(labels) {
                    each(key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(yaml: &str) -> Result<Selector, Error> {
        Selector::compile(&serde_yaml::from_str(yaml).unwrap())
    }

    fn labels(yaml: &str) -> BTreeMap<String, String> {
        serde_yaml::from_str(yaml).unwrap()
    }

    #[test]
    fn the_index_finds_exactly_the_selectors_that_match() {
        let mut index = SelectorIndex::default();
        index.set(
            Key::new("n", "one"),
            selector("{matchLabels: {app: x}}").unwrap(),
        );
        index.set(
            Key::new("n", "two"),
            selector("{matchLabels: {app: x, tier: web}}").unwrap(),
        );
        index.set(
            Key::new("n", "three"),
            selector("{matchExpressions: [{key: app, operator: Exists}]}").unwrap(),
        );
        index.set(
            Key::new("m", "far"),
            selector("{matchLabels: {app: x}}").unwrap(),
        );
        index.set(Key::new("n", "none"), Selector::default());
        let find = |index: &SelectorIndex, yaml: &str| {
            let mut found = Vec::new();
            index.matching("n", &labels(yaml), |key| found.push(key.name.clone()));
            found.sort();
            found
        };
        assert_eq!(find(&index, "{app: x}"), ["one", "three"]);
        assert_eq!(find(&index, "{app: x, tier: web}"), ["one", "three", "two"]);
        index.set(
            Key::new("n", "one"),
            selector("{matchLabels: {app: y}}").unwrap(),
        );
        assert_eq!(find(&index, "{app: x}"), ["three"]);
        index.remove(&Key::new("n", "three"));
        assert_eq!(find(&index, "{app: y}"), ["one"]);
    }

    #[test]
    fn every_operator_matches_as_documented() {
        let s = selector(
            "{matchLabels: {a: x}, matchExpressions: [{key: b, operator: In, values: [p, q]}, \
             {key: c, operator: NotIn, values: [z]}, {key: d, operator: Exists}, {key: e, operator: DoesNotExist}]}",
        )
        .unwrap();
        assert!(s.matches(&labels("{a: x, b: q, d: anything}")));
        assert!(!s.matches(&labels("{a: x, b: q, c: z, d: anything}")));
        assert!(!s.matches(&labels("{a: x, b: q, d: anything, e: there}")));
        assert!(!s.matches(&labels("{a: y, b: q, d: anything}")));
        assert_eq!(s.pairs().collect::<Vec<_>>(), [("a", "x")]);
        assert!(selector("{matchExpressions: [{key: b, operator: Like}]}").is_err());
    }
}
