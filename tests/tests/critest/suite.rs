//! A run of the suite, and what became of each of its specs.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use hydrofoil_tests::tools;
use serde::Deserialize;

use crate::process::last_lines;

/// How long a run may take. It takes a minute and a half when the machine does nothing else.
const LIMIT: &str = "15m";

/// What became of a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It failed, and what it said.
    Failed(String),
    /// It was not run, and why.
    Skipped(String),
}

/// A run of the suite.
pub struct Run {
    /// By the spec's full name.
    pub specs: BTreeMap<String, Outcome>,
    /// How long it took.
    pub took: Duration,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |of: fn(&Outcome) -> bool| self.specs.values().filter(|o| of(o)).count();
        let passed = count(|o| matches!(o, Outcome::Passed));
        let failed = count(|o| matches!(o, Outcome::Failed(_)));
        let skipped = count(|o| matches!(o, Outcome::Skipped(_)));
        let seconds = self.took.as_secs();
        write!(
            f,
            "{passed} passed, {failed} failed, {skipped} skipped in {seconds} s"
        )
    }
}

/// Runs all of it against the runtime that listens at `socket`, whose pods have the handler `handler`. Its files are in `folder`.
pub fn run(socket: &Path, handler: &str, folder: &Path) -> anyhow::Result<Run> {
    std::fs::create_dir_all(folder)?;
    let report = folder.join("report.json");
    let log = folder.join("critest.log");
    let output = File::create(&log)?;
    let begun = Instant::now();
    let status = Command::new(tools::tool("critest")?)
        .current_dir(folder)
        .env("TMPDIR", folder)
        .args(["--config", "/dev/null", "--runtime-endpoint"])
        .arg(format!("unix://{}", socket.display()))
        .args(["--runtime-handler", handler])
        .args(["--ginkgo.no-color", "--ginkgo.timeout", LIMIT])
        .arg("--ginkgo.json-report")
        .arg(&report)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .status()
        .context("critest")?;
    let took = begun.elapsed();
    // Whether specs failed is what the report tells; that there is one shows that the suite was run.
    let text = std::fs::read(&report)
        .with_context(|| format!("critest: {status}\n{}", last_lines(&log, 60)))?;
    let specs = outcomes(&text)?;
    Ok(Run { specs, took })
}

/// As ginkgo writes it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Suite {
    spec_reports: Vec<Spec>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Spec {
    container_hierarchy_texts: Option<Vec<String>>,
    leaf_node_text: String,
    leaf_node_type: String,
    state: String,
    failure: Option<Failure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Failure {
    message: String,
}

fn outcomes(report: &[u8]) -> anyhow::Result<BTreeMap<String, Outcome>> {
    let suites: Vec<Suite> = serde_json::from_slice(report).context("ginkgo's report")?;
    let specs = suites.into_iter().flat_map(|suite| suite.spec_reports);
    let named = specs.filter_map(|spec| {
        let said = spec.failure.map(|failure| failure.message);
        let said = said.unwrap_or_default();
        let outcome = match &spec.state[..] {
            "passed" => Outcome::Passed,
            "skipped" | "pending" => Outcome::Skipped(said),
            _ => Outcome::Failed(said),
        };
        // What is done before and after all of the specs is of interest if it fails.
        if spec.leaf_node_type != "It" && outcome == Outcome::Passed {
            return None;
        }
        let mut name = spec.container_hierarchy_texts.unwrap_or_default();
        name.push(spec.leaf_node_text);
        Some((name.join(" ").trim().to_owned(), outcome))
    });
    Ok(named.collect())
}

#[test]
fn a_report_is_read() {
    let report = r#"[{"SpecReports": [
        {"ContainerHierarchyTexts": null, "LeafNodeType": "BeforeSuite", "LeafNodeText": "", "State": "passed"},
        {"ContainerHierarchyTexts": ["[k8s.io] A", "b"], "LeafNodeType": "It", "LeafNodeText": "c", "State": "passed"},
        {"ContainerHierarchyTexts": ["[k8s.io] A"], "LeafNodeType": "It", "LeafNodeText": "d", "State": "timedout",
         "Failure": {"Message": "too slow"}},
        {"ContainerHierarchyTexts": ["[k8s.io] A"], "LeafNodeType": "It", "LeafNodeText": "e", "State": "skipped",
         "Failure": {"Message": "no such thing"}}
    ]}]"#;
    let specs = outcomes(report.as_bytes()).unwrap();
    let expected = [
        ("[k8s.io] A b c", Outcome::Passed),
        ("[k8s.io] A d", Outcome::Failed("too slow".to_owned())),
        ("[k8s.io] A e", Outcome::Skipped("no such thing".to_owned())),
    ];
    assert_eq!(specs, expected.map(|(n, o)| (n.to_owned(), o)).into());
}
