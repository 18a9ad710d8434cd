//! Plays a scenario on the real etcd and on the store under test, one after the other on the same addresses, and tells what differs.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::normal::Known;
use crate::script::{FORMATS, Script};
use crate::stage::{self, Addresses, Printed, Seat, Variant};
use crate::tools::Server;

/// Formats of the short run on the first cluster with the release under comparison: as people read it, as programs do, and every
/// field.
const FIRST_LOOK: [&str; 3] = ["simple", "json", "protobuf"];
/// And with the next release.
const SECOND_LOOK: [&str; 1] = ["json"];
/// On a further cluster, with either release: what is left, so that each format is played with each scenario.
const FURTHER_LOOKS: [[&str; 1]; 2] = [["fields"], ["table"]];
const ATTEMPTS: usize = 3;
/// Reports grow with each difference: more lines than this help nobody.
const LONGEST_DIFF: usize = 30;

/// Plays the scenario in a file on both and returns the report of what differs, empty when nothing does.
/// `STORE_LONG` in the environment plays every format with both releases of the tools.
pub fn file(path: &Path, real: &Server, ours: &Server) -> anyhow::Result<String> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let script = Script::parse(&text).with_context(|| path.display().to_string())?;
    script_on_both(&script, real, ours)
}

/// The same for a scenario at hand.
pub fn script_on_both(script: &Script, real: &Server, ours: &Server) -> anyhow::Result<String> {
    let mut whole = String::new();
    for (place, members) in script.members.iter().enumerate() {
        let variants = variants(script, place > 0);
        let seat = Seat {
            members: *members,
            // The first member leads.
            spoken_to: if place > 0 { members - 1 } else { 0 },
        };
        let found = on_one_cluster(script, real, ours, &variants, seat)
            .with_context(|| format!("with {members} members"))?;
        if !found.is_empty() {
            let _ = write!(whole, "with {members} members\n{found}");
        }
    }
    Ok(whole)
}

fn on_one_cluster(
    script: &Script,
    real: &Server,
    ours: &Server,
    variants: &[Variant],
    seat: Seat,
) -> anyhow::Result<String> {
    for attempt in 1.. {
        let addresses = Addresses::free(seat)?;
        let mut known = Known::default();
        let expected = match stage::play(real, script, variants, &addresses, &mut known) {
            // Somebody took a port between our look and their listening.
            Err(error)
                if attempt < ATTEMPTS
                    && format!("{error:#}").contains("address already in use") =>
            {
                continue;
            }
            played => played.context("on the real etcd")?,
        };
        let got = stage::play(ours, script, variants, &addresses, &mut known)
            .context("on the store under test")?;
        return report(&expected, &got);
    }
    bail!("no attempt was made")
}

/// What is played: with each release at least one format.
fn variants(script: &Script, further: bool) -> Vec<Variant> {
    let long = std::env::var_os("STORE_LONG").is_some();
    let looks: [&[&str]; 2] = if further {
        [&FURTHER_LOOKS[0], &FURTHER_LOOKS[1]]
    } else {
        [&FIRST_LOOK, &SECOND_LOOK]
    };
    let mut all = Vec::new();
    for (release, looks) in ["3.5", "3.6"].into_iter().zip(looks) {
        if !long && script.short.as_ref().is_some_and(|only| only != release) {
            continue;
        }
        let has = |format: &&str| script.formats.iter().any(|f| f == format);
        let mut formats: Vec<&str> = FORMATS.into_iter().filter(has).collect();
        if !long {
            let some = formats.iter().any(|format| looks.contains(format));
            let first = formats.first().copied();
            formats.retain(|format| looks.contains(format) || (!some && Some(*format) == first));
        }
        all.extend(formats.into_iter().map(|format| Variant {
            release,
            format: format.into(),
        }));
    }
    all
}

/// One entry for each line of the scenario: the variants in which it differs, and the first of them in full.
fn report(expected: &[Printed], got: &[Printed]) -> anyhow::Result<String> {
    if expected.len() != got.len() {
        bail!("{} commands against {}", expected.len(), got.len());
    }
    let mut lines: Vec<usize> = expected.iter().map(|printed| printed.line).collect();
    lines.sort_unstable();
    lines.dedup();
    let mut report = String::new();
    for line in lines {
        let differing: Vec<(&Printed, &Printed)> = expected
            .iter()
            .zip(got)
            .filter(|(expected, got)| expected.line == line && expected.output != got.output)
            .collect();
        let Some((first, other)) = differing.first() else {
            continue;
        };
        let variants: Vec<String> = differing
            .iter()
            .map(|(printed, _)| format!("{}/{}", printed.variant.release, printed.variant.format))
            .collect();
        writeln!(
            report,
            "line {line}: {} [{}]",
            first.text,
            variants.join(" ")
        )?;
        report.push_str(&difference(&first.output, &other.output));
    }
    Ok(report)
}

/// Lines that only the first has with `-`, only the second with `+`; equal beginnings and ends are left out.
fn difference(expected: &str, got: &str) -> String {
    let (expected, got): (Vec<&str>, Vec<&str>) =
        (expected.lines().collect(), got.lines().collect());
    let start = expected
        .iter()
        .zip(&got)
        .take_while(|(a, b)| a == b)
        .count();
    let end = expected[start..]
        .iter()
        .rev()
        .zip(got[start..].iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let mut shown = String::new();
    for (sign, lines) in [("etcd ", &expected), ("ours ", &got)] {
        for line in lines[start..lines.len() - end].iter().take(LONGEST_DIFF) {
            let _ = writeln!(shown, "    {sign} {line}");
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_shown() {
        let shown = difference("a\nb\nc", "a\nx\ny\nc");
        assert_eq!(shown, "    etcd  b\n    ours  x\n    ours  y\n");
    }
}
