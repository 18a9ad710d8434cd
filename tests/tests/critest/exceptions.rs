//! The specs that need not pass, as `exceptions.txt` lists them, and the comparison of two runs.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};

use crate::suite::Outcome;

const LIST: &str = include_str!("exceptions.txt");

/// What is known of a spec that is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exception {
    /// It is skipped on our runtime.
    Skipped,
    /// It fails on our runtime, as it must on any in this place.
    Failed,
    /// It passes on our runtime, but containerd is known to fail it.
    FailedByContainerd,
}

type Specs<T> = BTreeMap<String, T>;

/// The checked-in list.
pub fn listed() -> anyhow::Result<Specs<Exception>> {
    parse(LIST)
}

/// A line that is not indented begins a group by its kind, a colon and the reason; the names of its specs follow, indented.
fn parse(list: &str) -> anyhow::Result<Specs<Exception>> {
    let mut kind = None;
    let mut specs = Specs::new();
    for line in list.lines() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if !line.starts_with(' ') {
            let (word, reason) = line.split_once(':').with_context(|| line.to_owned())?;
            ensure!(!reason.trim().is_empty(), "{line:?} gives no reason");
            kind = Some(match word {
                "skipped" => Exception::Skipped,
                "failed" => Exception::Failed,
                "failed by containerd" => Exception::FailedByContainerd,
                _ => bail!("{line:?}: no such kind"),
            });
            continue;
        }
        let kind = kind.with_context(|| format!("{line:?} is in no group"))?;
        let before = specs.insert(line.trim().to_owned(), kind);
        ensure!(before.is_none(), "{line:?} is listed twice");
    }
    Ok(specs)
}

/// What is not as it should be, one text for each.
pub fn complaints(
    containerd: &Specs<Outcome>,
    ours: &Specs<Outcome>,
    listed: &Specs<Exception>,
) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, outcome) in ours {
        let theirs = containerd.get(name);
        let exception = listed.get(name);
        if let Some(wrong) = ours_is_wrong(outcome, theirs, exception) {
            complaints.push(format!("{name}\n    {wrong}"));
        }
        let known = matches!(
            exception,
            Some(Exception::Failed | Exception::FailedByContainerd)
        );
        if let Some(Outcome::Failed(said)) = theirs.filter(|_| !known) {
            complaints.push(format!("{name}\n    failed on containerd itself: {said}"));
        }
    }
    let known = ours.keys().collect::<std::collections::BTreeSet<_>>();
    for name in containerd.keys().chain(listed.keys()) {
        if !known.contains(name) {
            complaints.push(format!("{name}\n    was not run on our runtime"));
        }
    }
    complaints
}

fn ours_is_wrong(
    outcome: &Outcome,
    theirs: Option<&Outcome>,
    exception: Option<&Exception>,
) -> Option<String> {
    let passes_there = theirs == Some(&Outcome::Passed);
    match (outcome, exception) {
        (Outcome::Passed, Some(Exception::Skipped | Exception::Failed)) => {
            Some("passed, but is listed as one that does not".to_owned())
        }
        (Outcome::Passed, _) => None,
        (Outcome::Skipped(said), Some(Exception::Skipped)) if passes_there => {
            Some(format!("passes on containerd, and was skipped: {said}"))
        }
        (Outcome::Failed(said), Some(Exception::Failed)) if passes_there => {
            Some(format!("passes on containerd, and failed: {said}"))
        }
        (Outcome::Skipped(_), Some(Exception::Skipped))
        | (Outcome::Failed(_), Some(Exception::Failed)) => None,
        (Outcome::Skipped(said), _) => Some(format!("was skipped: {said}")),
        (Outcome::Failed(said), _) => Some(format!("failed: {said}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specs<T: Clone>(outcomes: &[(&str, T)]) -> Specs<T> {
        let named = outcomes.iter().map(|(n, o)| ((*n).to_owned(), o.clone()));
        named.collect()
    }

    fn no() -> Outcome {
        Outcome::Failed("no".to_owned())
    }

    fn later() -> Outcome {
        Outcome::Skipped("later".to_owned())
    }

    #[test]
    fn the_list_is_groups_with_reasons() {
        let list = parse("# Text.\nskipped: a: b\n    one\n\nfailed: c\n    two two\n").unwrap();
        let expected = [("one", Exception::Skipped), ("two two", Exception::Failed)];
        assert_eq!(list, specs(&expected));
        for wrong in [
            "    one\n",
            "skipped:\n    one\n",
            "passed: c\n",
            "skipped: c\n    one\n    one\n",
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
        assert!(listed().is_ok());
    }

    #[test]
    fn runs_that_are_as_listed_are_no_cause_for_complaint() {
        let listed = specs(&[
            ("skips", Exception::Skipped),
            ("fails", Exception::Failed),
            ("idempotent", Exception::FailedByContainerd),
        ]);
        let theirs = specs(&[
            ("passes", Outcome::Passed),
            ("more", later()),
            ("skips", later()),
            ("fails", no()),
            ("idempotent", no()),
        ]);
        let ours = specs(&[
            ("passes", Outcome::Passed),
            ("more", Outcome::Passed),
            ("skips", later()),
            ("fails", no()),
            ("idempotent", Outcome::Passed),
        ]);
        assert_eq!(complaints(&theirs, &ours, &listed), [""; 0]);
    }

    #[test]
    fn what_is_not_as_listed_is_told() {
        let listed = specs(&[("listed", Exception::Skipped)]);
        let told = |theirs: Outcome, ours: Outcome, name| {
            let told = complaints(
                &specs(&[("listed", later()), (name, theirs)]),
                &specs(&[("listed", later()), (name, ours)]),
                &listed,
            );
            told.join("\n")
        };
        let passed = Outcome::Passed;
        assert_eq!(told(passed.clone(), no(), "a"), "a\n    failed: no");
        assert_eq!(
            told(passed.clone(), later(), "a"),
            "a\n    was skipped: later"
        );
        assert_eq!(
            told(no(), passed.clone(), "a"),
            "a\n    failed on containerd itself: no"
        );
        assert_eq!(
            told(later(), passed.clone(), "listed"),
            "listed\n    passed, but is listed as one that does not"
        );
        assert_eq!(
            told(passed.clone(), later(), "listed"),
            "listed\n    passes on containerd, and was skipped: later"
        );
        let lost = complaints(&specs(&[("a", passed)]), &specs::<Outcome>(&[]), &listed);
        assert_eq!(
            lost,
            ["a", "listed"].map(|name| format!("{name}\n    was not run on our runtime"))
        );
    }
}
