//! Label selectors as typed objects carry them, and an index that finds the selectors that match an object.

use std::collections::{BTreeMap, HashMap};

use hydrofoil_api::selector::{Operator, Requirement};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

pub use hydrofoil_api::selector::Selector;

use crate::error::Error;
use crate::objects::Key;

/// A `LabelSelector` made ready for matching many objects. The empty one matches everything.
///
/// # Errors
/// When it is none, which the API server lets nobody store.
pub fn compile(selector: &LabelSelector) -> Result<Selector, Error> {
    let wrong = |error: hydrofoil_api::selector::ParseError| Error::Object(error.to_string());
    let mut requirements = Vec::new();
    for (key, value) in selector.match_labels.iter().flatten() {
        let equals = Requirement::new(key, Operator::Equals, vec![value.clone()]);
        requirements.push(equals.map_err(wrong)?);
    }
    for expression in selector.match_expressions.iter().flatten() {
        let operator = match expression.operator.as_str() {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            other => {
                return Err(Error::Object(format!(
                    "\"{other}\" is not a valid label selector operator"
                )));
            }
        };
        let values = expression.values.clone().unwrap_or_default();
        let requirement = Requirement::new(&expression.key, operator, values);
        requirements.push(requirement.map_err(wrong)?);
    }
    Ok(Selector::from_requirements(requirements))
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
        if selector.is_everything() {
            return;
        }
        let pair = selector
            .exact_values()
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
        compile(&serde_yaml::from_str(yaml).unwrap())
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
        assert_eq!(s.exact_values().collect::<Vec<_>>(), [("a", "x")]);
        assert!(selector("{matchExpressions: [{key: b, operator: Like}]}").is_err());
    }
}
