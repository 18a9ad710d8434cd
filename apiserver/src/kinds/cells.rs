//! Cells of Table output: ages, counts and lists as `kubectl get` shows them.
//!
//! Source of the texts: upstream's `duration.HumanDuration` and `pkg/printers/internalversion`. Nothing here reads a clock:
//! the time of the request is passed in.

use jiff::Timestamp;
use serde_json::Value;

use super::Column;
use super::value::{at, entries, items, text, text_at};

/// Shown where a list or a name is not there.
pub(crate) const NONE: &str = "<none>";
/// Shown where the server cannot say.
pub(crate) const UNKNOWN: &str = "<unknown>";

/// The name column every kind but Event begins with.
pub(crate) const NAME: Column = Column {
    name: "Name",
    kind: "string",
    format: "name",
    description: "Unique within its namespace.",
    priority: 0,
};
/// The age column.
pub(crate) const AGE: Column = column("Age", "string", "Time since the object was created.");

/// A column that is always shown.
pub(crate) const fn column(
    name: &'static str,
    kind: &'static str,
    description: &'static str,
) -> Column {
    Column {
        name,
        kind,
        format: "",
        description,
        priority: 0,
    }
}

/// A column of `-o wide`.
pub(crate) const fn wide(
    name: &'static str,
    kind: &'static str,
    description: &'static str,
) -> Column {
    Column {
        name,
        kind,
        format: "",
        description,
        priority: 1,
    }
}

/// A length of time, short enough for a table: `5s`, `3m20s`, `2h`, `4d3h`, `3y40d`.
///
/// Up to two seconds in the future still count as now, because clocks differ; further ahead is `<invalid>`.
pub(crate) fn human_duration(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;
    let pair = |large: i64, large_unit: &str, small: i64, small_unit: &str| {
        if small == 0 {
            format!("{large}{large_unit}")
        } else {
            format!("{large}{large_unit}{small}{small_unit}")
        }
    };
    match seconds {
        s if s < -1 => "<invalid>".to_owned(),
        s if s < 0 => "0s".to_owned(),
        s if s < 2 * MINUTE => format!("{s}s"),
        s if s < 10 * MINUTE => pair(s / MINUTE, "m", s % MINUTE, "s"),
        s if s < 3 * HOUR => format!("{}m", s / MINUTE),
        s if s < 8 * HOUR => pair(s / HOUR, "h", s / MINUTE % 60, "m"),
        s if s < 2 * DAY => format!("{}h", s / HOUR),
        s if s < 8 * DAY => pair(s / DAY, "d", s / HOUR % 24, "h"),
        s if s < 2 * YEAR => format!("{}d", s / DAY),
        s if s < 8 * YEAR => pair(s / YEAR, "y", s / DAY % 365, "d"),
        s => format!("{}y", s / YEAR),
    }
}

/// The whole seconds from one time to another, cut towards zero.
pub(crate) fn seconds_between(from: Timestamp, to: Timestamp) -> i64 {
    let nanoseconds = to.as_nanosecond() - from.as_nanosecond();
    i64::try_from(nanoseconds / 1_000_000_000).unwrap_or(i64::MAX)
}

/// The time in a field, if it holds one.
pub(crate) fn time(value: &Value) -> Option<Timestamp> {
    value.as_str().and_then(|text| text.parse().ok())
}

/// How long ago the time in a field was; `<unknown>` when it holds none.
pub(crate) fn since(value: &Value, now: Timestamp) -> String {
    time(value).map_or_else(
        || UNKNOWN.to_owned(),
        |then| human_duration(seconds_between(then, now)),
    )
}

/// The age of an object.
pub(crate) fn age(object: &Value, now: Timestamp) -> Value {
    Value::String(since(at(object, &["metadata", "creationTimestamp"]), now))
}

/// The name of an object.
pub(crate) fn name(object: &Value) -> Value {
    Value::String(text_at(object, &["metadata", "name"]).to_owned())
}

/// A string, or `<none>` in its place.
pub(crate) fn or_none(text: &str) -> Value {
    Value::String(if text.is_empty() {
        NONE.to_owned()
    } else {
        text.to_owned()
    })
}

/// A string, or `<unknown>` in its place.
pub(crate) fn or_unknown(text: &str) -> Value {
    Value::String(if text.is_empty() {
        UNKNOWN.to_owned()
    } else {
        text.to_owned()
    })
}

/// Names joined by commas, of one string field of the elements of a list.
pub(crate) fn joined(list: &[Value], field: &str) -> String {
    let mut joined = String::new();
    for (index, item) in list.iter().enumerate() {
        if index > 0 {
            joined.push(',');
        }
        joined.push_str(text(item, field));
    }
    joined
}

/// The `Containers` and `Images` cells of a pod template's owner.
pub(crate) fn containers_and_images(pod_spec: &Value) -> [Value; 2] {
    let containers = items(pod_spec, "containers");
    [
        Value::String(joined(containers, "name")),
        Value::String(joined(containers, "image")),
    ]
}

/// A plain selector map as `k=v,k2=v2`; `<none>` when empty.
pub(crate) fn label_map(object: &Value, key: &str) -> Value {
    let pairs: Vec<String> = entries(object, key)
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or("")))
        .collect();
    or_none(&pairs.join(","))
}

/// A LabelSelector in its string form, requirements sorted by key as upstream sorts them.
pub(crate) fn label_selector(selector: &Value) -> String {
    let mut parts: Vec<(String, String)> = entries(selector, "matchLabels")
        .map(|(name, value)| {
            (
                name.to_owned(),
                format!("{name}={}", value.as_str().unwrap_or("")),
            )
        })
        .collect();
    for requirement in items(selector, "matchExpressions") {
        let key = text(requirement, "key");
        let mut values: Vec<&str> = items(requirement, "values")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        values.sort_unstable();
        let values = values.join(",");
        let form = match text(requirement, "operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        };
        parts.push((key.to_owned(), form));
    }
    parts.sort_by(|a, b| a.0.cmp(&b.0));
    parts
        .into_iter()
        .map(|(_, form)| form)
        .collect::<Vec<_>>()
        .join(",")
}

/// The first few of a list, with `+ N more...` when there are others, as Endpoints are shown.
pub(crate) fn first_of(list: &[String], total: usize, shown: usize) -> String {
    let text = list.join(",");
    if total > shown {
        format!("{text} + {} more...", total - shown)
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn durations_have_upstreams_steps() {
        let cases = [
            (-5, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (599, "9m59s"),
            (600, "10m"),
            (3 * 3600 - 1, "179m"),
            (3 * 3600, "3h"),
            (3 * 3600 + 60, "3h1m"),
            (8 * 3600, "8h"),
            (48 * 3600 - 1, "47h"),
            (48 * 3600, "2d"),
            (49 * 3600, "2d1h"),
            (8 * 86400, "8d"),
            (365 * 86400 * 2 - 1, "729d"),
            (365 * 86400 * 2, "2y"),
            (365 * 86400 * 3 + 86400, "3y1d"),
            (365 * 86400 * 9, "9y"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(human_duration(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn unset_times_are_unknown() {
        let now: Timestamp = "2026-01-01T00:00:10Z".parse().unwrap();
        assert_eq!(since(&Value::Null, now), "<unknown>");
        assert_eq!(since(&json!("2026-01-01T00:00:05Z"), now), "5s");
        assert_eq!(since(&json!("2026-01-01T00:00:05.500000Z"), now), "4s");
    }

    #[test]
    fn selectors_sort_by_key() {
        let selector = json!({
            "matchLabels": {"tier": "web"},
            "matchExpressions": [
                {"key": "app", "operator": "In", "values": ["b", "a"]},
                {"key": "zone", "operator": "DoesNotExist"},
            ],
        });
        assert_eq!(label_selector(&selector), "app in (a,b),tier=web,!zone");
        assert_eq!(
            label_map(&json!({"s": {"a": "1", "b": "2"}}), "s"),
            json!("a=1,b=2")
        );
        assert_eq!(label_map(&json!({}), "s"), json!("<none>"));
    }
}
