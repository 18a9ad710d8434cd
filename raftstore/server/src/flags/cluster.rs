//! `--initial-cluster`: which members a cluster begins with, or has when this one joins.
//!
//! Its form is checked here; whether it names this member, and with the URLs that this member advertises, is checked by the store,
//! since that matters only while its folder is empty.

use std::collections::BTreeMap;

use super::{table, url::Url, values::Values};

/// Peer URLs by the members' names; URLs sorted.
pub type InitialCluster = BTreeMap<String, Vec<Url>>;

/// The members. Without `--initial-cluster` it is this member alone, by its name and its advertised peer URLs if the name is
/// given, and etcd's default otherwise.
///
/// # Errors
/// etcd's words.
pub fn from_values(
    values: &Values,
    name: &str,
    advertise_peer: &[Url],
) -> Result<InitialCluster, String> {
    let default = table::find("initial-cluster").map_or("", |flag| flag.default);
    let text = values.text("initial-cluster");
    if text == default && name != "default" {
        return Ok(BTreeMap::from([(name.to_owned(), advertise_peer.to_vec())]));
    }
    parse(text).map_err(|error| format!("error setting up initial cluster: {error}"))
}

/// Reads `name=URL,name=URL`. A name may come several times, once for each of its URLs.
///
/// # Errors
/// etcd's words (`types.NewURLsMap`).
pub fn parse(text: &str) -> Result<InitialCluster, String> {
    let mut members = InitialCluster::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (name, url) = part.split_once('=').unwrap_or((part, ""));
        members
            .entry(name.to_owned())
            .or_default()
            .push(Url::parse(url)?);
    }
    for urls in members.values_mut() {
        urls.sort_by_key(Url::to_string);
    }
    Ok(members)
}

/// The members in `--initial-cluster`'s form, sorted.
pub fn show(members: &InitialCluster) -> String {
    let mut pairs: Vec<String> = members
        .iter()
        .flat_map(|(name, urls)| urls.iter().map(move |url| format!("{name}={url}")))
        .collect();
    pairs.sort();
    pairs.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_with_several_urls() {
        let members = parse("b=http://2:2,a=http://1:2,,a=http://1:1").unwrap();
        assert_eq!(show(&members), "a=http://1:1,a=http://1:2,b=http://2:2");
        assert_eq!(members["a"].len(), 2);
        assert_eq!(
            parse("a").unwrap_err(),
            "URL scheme must be http, https, unix, or unixs: "
        );
    }
}
