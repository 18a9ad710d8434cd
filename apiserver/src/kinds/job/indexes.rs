//! Lists of completion indexes as a Job's rules and status have them: `1,3-5,7`, in increasing order, all below the
//! completions. What is wrong with one is told in upstream's words; the controllers read the same form leniently.

use hydrofoil_api::gotext::quote;

/// An interval of indexes, both ends included.
type Interval = (i64, i64);

fn interval(text: &str, completions: i64) -> Result<Interval, String> {
    let mut parts = text.split('-');
    let (first, last) = (parts.next().unwrap_or_default(), parts.next());
    if parts.next().is_some() {
        return Err(format!(
            "the fragment {} violates the requirement that an index interval can have at most two parts separated by '-'",
            quote(text)
        ));
    }
    let index = |part: &str| match part.parse::<i64>() {
        Err(_) => Err(format!(
            "cannot convert string to integer for index: {}",
            quote(part)
        )),
        Ok(index) if index >= completions => Err(format!("too large index: {}", quote(part))),
        Ok(index) => Ok(index),
    };
    let first = index(first)?;
    let last = match last {
        Some(last) => index(last)?,
        None => return Ok((first, first)),
    };
    if first >= last {
        return Err(not_increasing(first, last));
    }
    Ok((first, last))
}

fn not_increasing(previous: i64, current: i64) -> String {
    format!("non-increasing order, previous: {previous}, current: {current}")
}

/// How many indexes a list names.
///
/// # Errors
/// What is wrong with the list.
pub(super) fn count(text: &str, completions: i64) -> Result<i64, String> {
    let (mut total, mut last) = (0, None);
    for part in text.split(',').filter(|_| !text.is_empty()) {
        let (first, end) = interval(part, completions)?;
        if let Some(last) = last.filter(|last| *last >= first) {
            return Err(not_increasing(last, first));
        }
        total += end - first + 1;
        last = Some(end);
    }
    Ok(total)
}

/// The first index that both lists name. Intervals that cannot be read are passed over: [`count`] tells of them.
pub(super) fn overlap(left: &str, right: &str, completions: i64) -> Option<i64> {
    let read = |text: &str| -> Vec<Interval> {
        text.split(',')
            .filter_map(|part| interval(part, completions).ok())
            .collect()
    };
    let (left, right) = (read(left), read(right));
    let (mut l, mut r) = (left.iter().peekable(), right.iter().peekable());
    while let (Some(a), Some(b)) = (l.peek(), r.peek()) {
        if a.0 <= b.1 && b.0 <= a.1 {
            return Some(a.0.max(b.0));
        }
        if a.0 <= b.0 {
            l.next();
        } else {
            r.next();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_counted_or_refused() {
        assert_eq!(count("", 5), Ok(0));
        assert_eq!(count("0,2-4", 5), Ok(4));
        for (text, wrong) in [
            ("5", "too large index: \"5\""),
            ("1-9", "too large index: \"9\""),
            ("x", "cannot convert string to integer for index: \"x\""),
            ("1,", "cannot convert string to integer for index: \"\""),
            (
                "1-2-3",
                "the fragment \"1-2-3\" violates the requirement that an index interval can have at most two parts separated by '-'",
            ),
            ("3-1", "non-increasing order, previous: 3, current: 1"),
            ("1,1", "non-increasing order, previous: 1, current: 1"),
        ] {
            assert_eq!(count(text, 5), Err(wrong.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_both_name_is_found() {
        assert_eq!(overlap("0-2,6", "3-5", 9), None);
        assert_eq!(overlap("0-2,6", "3-7", 9), Some(6));
        assert_eq!(overlap("x,4", "0,4", 9), Some(4));
        assert_eq!(overlap("", "4", 9), None);
    }
}
