//! Label selectors: what parses, what matches, what is said of the rest.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

#[test]
fn parses_and_prints() {
    for (text, printed) in [
        ("", ""),
        ("a=b", "a=b"),
        ("a==b,c!=d", "a==b,c!=d"),
        ("z,!a", "!a,z"),
        (
            "x in (foo,,baz),y,z notin ()",
            "x in (,baz,foo),y,z notin ()",
        ),
        ("in in (in,notin)", "in in (in,notin)"),
        (" a = b , c ", "a=b,c"),
        ("a=", "a="),
        ("a>1,b<2", "a>1,b<2"),
        ("x in (,)", "x in ()"),
        ("example.com/a notin (b, c)", "example.com/a notin (b,c)"),
    ] {
        assert_eq!(
            Selector::parse(text).map(|s| s.to_string()).as_deref(),
            Ok(printed),
            "{text}"
        );
    }
}

#[test]
fn refuses_in_upstreams_words() {
    for (text, message) in [
        (
            "a in b",
            "unable to parse requirement: found 'b' expected: '('",
        ),
        ("a,,b", "found ',', expected: identifier after ','"),
        (
            "=a",
            "found '=', expected: !, identifier, or 'end of string'",
        ),
        (
            "a b",
            "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
        ),
        (
            "a in (b",
            "unable to parse requirement: found '', expected: ',' or ')'",
        ),
        (
            "!",
            "unable to parse requirement: found '', expected: identifier",
        ),
        (
            "a>x",
            "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
        ),
    ] {
        assert_eq!(Selector::parse(text).unwrap_err().0, message, "{text}");
    }
    let bad_key = Selector::parse("-a=b").unwrap_err().0;
    assert!(
        bad_key.starts_with(
            "unable to parse requirement: <nil>: Invalid value: \"-a\": name part must consist of"
        ),
        "{bad_key}"
    );
    let bad_value = Selector::parse("a=b_").unwrap_err().0;
    assert!(
        bad_value.starts_with("unable to parse requirement: values[0][a]: Invalid value: \"b_\": a valid label must be"),
        "{bad_value}"
    );
}

#[test]
fn matches() {
    let web = labels(&[("app", "web"), ("n", "3")]);
    for (text, expected) in [
        ("", true),
        ("app=web", true),
        ("app=db", false),
        ("app!=db", true),
        ("gone!=db", true),
        ("app in (web,db)", true),
        ("gone notin (x)", true),
        ("app", true),
        ("!app", false),
        ("!gone", true),
        ("n>2,n<4", true),
        ("n>3", false),
        ("app>1", false),
    ] {
        assert_eq!(
            Selector::parse(text).unwrap().matches(&web),
            expected,
            "{text}"
        );
    }
    assert!(!Selector::nothing().matches(&web));
}

#[test]
fn from_objects() {
    let selector = Selector::from_label_selector(&json!({
        "matchLabels": {"app": "web"},
        "matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["db"]}, {"key": "x", "operator": "Exists"}]
    }))
    .unwrap();
    assert_eq!(selector.to_string(), "app=web,tier notin (db),x");
    assert!(
        Selector::from_label_selector(&json!({}))
            .unwrap()
            .is_everything()
    );
    assert_eq!(
        Selector::from_label_selector(&Value::Null).unwrap(),
        Selector::nothing()
    );
    let error = Selector::from_label_selector(
        &json!({"matchExpressions": [{"key": "a", "operator": "Is"}]}),
    );
    assert_eq!(
        error.unwrap_err().0,
        "\"Is\" is not a valid label selector operator"
    );
}

#[test]
fn exact_values_feed_indexes() {
    assert_eq!(
        Selector::parse("a=1,b").unwrap().exact_value("a"),
        Some("1")
    );
    assert_eq!(
        Selector::parse("a in (1,2)").unwrap().exact_value("a"),
        None
    );
}

proptest! {
    #[test]
    fn never_panics(text in ".{0,40}") {
        let _ = Selector::parse(&text);
    }

    #[test]
    fn printing_is_parsing_backwards(text in "(a|b/c|!d|x in \\(y,z\\)|w!=v|k=)(,(e=f|g notin \\(h\\)|i>5)){0,3}") {
        if let Ok(selector) = Selector::parse(&text) {
            let again = Selector::parse(&selector.to_string()).unwrap();
            prop_assert_eq!(again, selector);
        }
    }
}
