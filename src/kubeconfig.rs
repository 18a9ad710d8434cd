//! `hydrofoil kubeconfig`: prints the cluster's kubeconfig, or merges it into the user's own as `kubectl config` would.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_yaml::{Mapping, Value};

use crate::paths::{self, DataDir};

/// The lists of named entries that make a kubeconfig.
const LISTS: [&str; 3] = ["clusters", "users", "contexts"];

/// Flags of `hydrofoil kubeconfig`.
#[derive(Args, Debug)]
pub struct KubeconfigArgs {
    /// The cluster's data dir [default: `hydrofoil` under the XDG data folder].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Merge into `$KUBECONFIG`'s first file, or `~/.kube/config`, and make the cluster its current context.
    #[arg(long)]
    merge: bool,
}

/// Runs the command.
pub fn run(args: &KubeconfigArgs) -> anyhow::Result<()> {
    let data = DataDir::resolve(args.data_dir.as_deref())?;
    let path = data.kubeconfig();
    let ours = std::fs::read_to_string(&path).with_context(|| {
        format!(
            "no kubeconfig at {}: has `hydrofoil up` run with this --data-dir?",
            path.display()
        )
    })?;
    if !args.merge {
        print!("{ours}");
        return Ok(());
    }
    let target = users_kubeconfig()?;
    let theirs = match std::fs::read_to_string(&target) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read {}", target.display()));
        }
    };
    let merged =
        merge(&theirs, &ours).with_context(|| format!("{} was left as it is", target.display()))?;
    if let Some(dir) = target.parent() {
        paths::make_private(dir)?;
    }
    // A kubeconfig is often a link into a dotfiles folder: the file it leads to is what changes.
    let target = std::fs::canonicalize(&target).unwrap_or(target);
    paths::write_private(&target, merged.as_bytes())?;
    println!("merged into {}", target.display());
    Ok(())
}

fn users_kubeconfig() -> anyhow::Result<PathBuf> {
    if let Some(list) = std::env::var_os("KUBECONFIG")
        && let Some(first) = std::env::split_paths(&list).find(|p| !p.as_os_str().is_empty())
    {
        return Ok(first);
    }
    let home =
        std::env::home_dir().context("there is no home folder; name a file in $KUBECONFIG")?;
    Ok(home.join(Path::new(".kube/config")))
}

/// Puts every named entry of `ours` into `theirs`, in place of one with the same name, and makes our context the current one.
fn merge(theirs: &str, ours: &str) -> anyhow::Result<String> {
    let mut merged = parse(theirs).context("your kubeconfig cannot be read")?;
    let ours = parse(ours).context("the cluster's kubeconfig cannot be read")?;
    for list in LISTS {
        let entries = match ours.get(list) {
            Some(Value::Sequence(entries)) => entries.clone(),
            _ => bail!("the cluster's kubeconfig has no {list}"),
        };
        let into = merged.entry(list.into()).or_insert(Value::Null);
        if into.is_null() {
            *into = Value::Sequence(Vec::new());
        }
        let Value::Sequence(into) = into else {
            bail!("{list} in your kubeconfig is no list")
        };
        for entry in entries {
            into.retain(|old| old.get("name") != entry.get("name"));
            into.push(entry);
        }
    }
    for (key, value) in &ours {
        if key.as_str() == Some("current-context") || !merged.contains_key(key) {
            merged.insert(key.clone(), value.clone());
        }
    }
    Ok(serde_yaml::to_string(&merged)?)
}

fn parse(text: &str) -> anyhow::Result<Mapping> {
    match serde_yaml::from_str(text)? {
        Value::Null => Ok(Mapping::new()),
        Value::Mapping(mapping) => Ok(mapping),
        _ => bail!("it is no mapping"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "apiVersion: v1\nkind: Config\ncurrent-context: hydrofoil\n\
        clusters:\n- name: hydrofoil\n  cluster: {server: 'https://127.0.0.1:6443'}\n\
        users:\n- name: hydrofoil-admin\n  user: {client-key-data: eA==}\n\
        contexts:\n- name: hydrofoil\n  context: {cluster: hydrofoil, user: hydrofoil-admin}\n";

    fn names(text: &str, list: &str) -> Vec<String> {
        let all = parse(text).expect("a mapping");
        let entries = all[list].as_sequence().expect("a list").clone();
        entries
            .iter()
            .map(|e| e["name"].as_str().expect("a name").to_owned())
            .collect()
    }

    #[test]
    fn an_absent_kubeconfig_becomes_ours() {
        let merged = merge("", OURS).expect("merged");
        assert_eq!(names(&merged, "clusters"), ["hydrofoil"]);
        assert_eq!(
            parse(&merged).expect("a mapping")["kind"],
            Value::from("Config")
        );
    }

    #[test]
    fn other_clusters_and_unknown_fields_stay() {
        let theirs = "apiVersion: v1\nkind: Config\ncurrent-context: work\npreferences: {colors: true}\nextensions: []\n\
            clusters:\n- name: work\n  cluster: {server: 'https://work'}\nusers: null\ncontexts:\n- name: work\n  context: {}\n";
        let merged = merge(theirs, OURS).expect("merged");
        assert_eq!(names(&merged, "clusters"), ["work", "hydrofoil"]);
        assert_eq!(names(&merged, "users"), ["hydrofoil-admin"]);
        let all = parse(&merged).expect("a mapping");
        assert_eq!(all["current-context"], Value::from("hydrofoil"));
        assert_eq!(all["preferences"]["colors"], Value::from(true));
    }

    #[test]
    fn merging_twice_replaces_rather_than_repeats() {
        let once = merge("", OURS).expect("merged");
        let twice = merge(&once, &OURS.replace("6443", "7443")).expect("merged");
        assert_eq!(names(&twice, "clusters"), ["hydrofoil"]);
        assert!(twice.contains("7443") && !twice.contains("6443"));
    }

    #[test]
    fn a_broken_kubeconfig_is_refused_and_not_overwritten() {
        assert!(merge("clusters: [", OURS).is_err());
        assert!(merge("clusters: text", OURS).is_err());
        assert!(merge("- a list", OURS).is_err());
    }
}
