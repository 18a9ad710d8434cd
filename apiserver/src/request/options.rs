//! Query options: ListOptions, Create-, Update-, Patch- and DeleteOptions, read as upstream reads them.
//!
//! Reading never fails on an unknown parameter; a parameter that is known and malformed is a 400, one that breaks a rule of
//! `meta/v1/validation` a 422. Durations are seconds.

use hydrofoil_api::decode::FieldValidation;
use hydrofoil_api::field::{Errors, FieldError, Path};
use hydrofoil_api::status::{ApiError, GroupKind};
use serde_json::Value;

/// The group of the option kinds, as errors name it.
const META: &str = "meta.k8s.io";
/// Longest field manager, bytes.
const MAX_MANAGER: usize = 128;
/// Most parameters that are read.
const MAX_PARAMETERS: usize = 256;

/// The decoded parameters of a query string.
#[derive(Debug, Clone, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads `a=b&c=d`.
    pub fn parse(query: Option<&str>) -> Query {
        let Some(query) = query.filter(|query| !query.is_empty()) else {
            return Query::default();
        };
        let decode = |text: &str| {
            let spaced = text.replace('+', " ");
            percent_encoding::percent_decode_str(&spaced)
                .decode_utf8_lossy()
                .into_owned()
        };
        Query(
            query
                .split('&')
                .filter(|pair| !pair.is_empty())
                .take(MAX_PARAMETERS)
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (decode(name), decode(value)))
                .collect(),
        )
    }

    /// The first value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The first value of a parameter, or an empty string.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// Every value of a parameter.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A flag: absent is `None`; present is true unless it says `false` or `0`.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.get(name)
            .map(|value| !matches!(value.to_ascii_lowercase().as_str(), "false" | "0"))
    }

    /// A number.
    ///
    /// # Errors
    /// 400 when it is not one.
    pub fn number(&self, name: &str) -> Result<Option<i64>, ApiError> {
        match self.get(name).filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| {
                ApiError::bad_request(format!(
                    "strconv.ParseInt: parsing {text:?}: invalid syntax"
                ))
            }),
        }
    }
}

/// How a list's `resourceVersion` is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Exactly that revision.
    Exact,
    /// That revision or a later one.
    NotOlderThan,
}

/// Options of list and watch.
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    /// Label selector, as text.
    pub label_selector: String,
    /// Field selector, as text.
    pub field_selector: String,
    /// `None` when unset.
    pub revision: Option<i64>,
    /// How the revision is meant, when it was said.
    pub revision_match: Option<Match>,
    /// Most objects in the answer; 0 is no limit.
    pub limit: usize,
    /// Continue token, empty at the start.
    pub continue_token: String,
    /// Watch: whether to send what is there first, and then a marked bookmark; `None` when it was not said.
    pub send_initial_events: Option<bool>,
    /// Watch: bookmarks are welcome.
    pub bookmarks: bool,
    /// Watch: end after this many seconds.
    pub timeout_seconds: Option<u64>,
}

impl ListOptions {
    /// Reads and checks the options of a list or a watch.
    ///
    /// # Errors
    /// 400 or 422 with upstream's text.
    pub fn parse(query: &Query, watch: bool) -> Result<ListOptions, ApiError> {
        let errors = if watch {
            watch_errors(query)
        } else {
            list_errors(query)
        };
        if !errors.is_empty() {
            return Err(ApiError::invalid(
                GroupKind::new(META, "ListOptions"),
                "",
                &errors,
            ));
        }
        let limit = query.number("limit")?.unwrap_or(0);
        Ok(ListOptions {
            label_selector: query.text("labelSelector").to_owned(),
            field_selector: query.text("fieldSelector").to_owned(),
            revision: crate::revision::parse(query.text("resourceVersion"))?,
            revision_match: match query.text("resourceVersionMatch") {
                "Exact" => Some(Match::Exact),
                "NotOlderThan" => Some(Match::NotOlderThan),
                _ => None,
            },
            limit: usize::try_from(limit).unwrap_or(0),
            continue_token: query.text("continue").to_owned(),
            send_initial_events: query.flag("sendInitialEvents"),
            bookmarks: query.flag("allowWatchBookmarks").unwrap_or(false),
            timeout_seconds: query
                .number("timeoutSeconds")?
                .and_then(|seconds| u64::try_from(seconds).ok())
                .filter(|seconds| *seconds > 0),
        })
    }
}

fn list_errors(query: &Query) -> Errors {
    let mut errors = Errors::new();
    let at = Path::new("resourceVersionMatch");
    let wanted = query.text("resourceVersionMatch");
    let version = query.text("resourceVersion");
    if !wanted.is_empty() {
        if version.is_empty() {
            errors.push(FieldError::forbidden(
                &at,
                "resourceVersionMatch is forbidden unless resourceVersion is provided",
            ));
        }
        if !query.text("continue").is_empty() {
            errors.push(FieldError::forbidden(
                &at,
                "resourceVersionMatch is forbidden when continue is provided",
            ));
        }
        if !matches!(wanted, "Exact" | "NotOlderThan") {
            errors.push(FieldError::not_supported(
                &at,
                wanted,
                &["Exact", "NotOlderThan", ""],
            ));
        }
        if wanted == "Exact" && version == "0" {
            errors.push(FieldError::forbidden(
                &at,
                "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
            ));
        }
    }
    if query.get("sendInitialEvents").is_some() {
        let at = Path::new("sendInitialEvents");
        errors.push(FieldError::forbidden(
            &at,
            "sendInitialEvents is forbidden for list",
        ));
    }
    errors
}

fn watch_errors(query: &Query) -> Errors {
    let mut errors = Errors::new();
    let at = Path::new("resourceVersionMatch");
    let wanted = query.text("resourceVersionMatch");
    let initial = query.get("sendInitialEvents").is_some();
    if initial && wanted != "NotOlderThan" {
        errors.push(FieldError::forbidden(
            &at,
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ));
    }
    if !wanted.is_empty() {
        if !initial {
            errors.push(FieldError::forbidden(
                &at,
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            ));
        }
        if wanted != "NotOlderThan" {
            errors.push(FieldError::not_supported(&at, wanted, &["NotOlderThan"]));
        }
        if !query.text("continue").is_empty() {
            errors.push(FieldError::forbidden(
                &at,
                "resourceVersionMatch is forbidden when continue is provided",
            ));
        }
    }
    errors
}

/// Options of create, update and patch.
#[derive(Debug, Clone)]
pub struct WriteOptions {
    /// Do everything but store.
    pub dry_run: bool,
    /// Who owns what this request sets; never empty except for an apply that forgot to name itself, which is refused.
    pub manager: String,
    /// What to do about unknown and duplicate fields.
    pub validation: FieldValidation,
    /// Apply: take fields from other managers.
    pub force: bool,
}

/// The kinds of write that have options of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// POST.
    Create,
    /// PUT.
    Update,
    /// PATCH, but for apply.
    Patch,
    /// PATCH with an apply configuration.
    Apply,
}

impl WriteOptions {
    /// Reads and checks the options of a write. `agent` is the request's User-Agent, whose first word names the manager
    /// when nothing else does.
    ///
    /// # Errors
    /// 422 with upstream's text.
    pub fn parse(query: &Query, write: Write, agent: &str) -> Result<WriteOptions, ApiError> {
        let mut errors = Errors::new();
        let manager = query.text("fieldManager");
        if write == Write::Apply && manager.is_empty() {
            errors.push(FieldError::required(
                &Path::new("fieldManager"),
                "is required for apply patch",
            ));
        }
        if write == Write::Patch && query.get("force").is_some() {
            errors.push(FieldError::forbidden(
                &Path::new("force"),
                "may not be specified for non-apply patch",
            ));
        }
        manager_errors(manager, &mut errors);
        let dry_run: Vec<&str> = query
            .all("dryRun")
            .filter(|value| !value.is_empty())
            .collect();
        dry_run_errors(&dry_run, &mut errors);
        let validation = query.text("fieldValidation");
        if !matches!(validation, "" | "Ignore" | "Warn" | "Strict") {
            errors.push(FieldError::not_supported(
                &Path::new("fieldValidation"),
                validation,
                &["", "Ignore", "Strict", "Warn"],
            ));
        }
        if !errors.is_empty() {
            let kind = match write {
                Write::Create => "CreateOptions",
                Write::Update => "UpdateOptions",
                Write::Patch | Write::Apply => "PatchOptions",
            };
            return Err(ApiError::invalid(GroupKind::new(META, kind), "", &errors));
        }
        Ok(WriteOptions {
            dry_run: !dry_run.is_empty(),
            manager: if manager.is_empty() {
                manager_of(agent)
            } else {
                manager.to_owned()
            },
            validation: match validation {
                "Ignore" => FieldValidation::Ignore,
                "Strict" => FieldValidation::Strict,
                _ => FieldValidation::Warn,
            },
            force: query.flag("force").unwrap_or(false),
        })
    }
}

/// The manager that a User-Agent names: what stands before the first slash, cut to the allowed length.
pub fn manager_of(agent: &str) -> String {
    let word = agent.split('/').next().unwrap_or_default();
    let printable = word.chars().filter(|c| !c.is_control());
    let mut manager = String::new();
    for c in printable {
        if manager.len() + c.len_utf8() > MAX_MANAGER {
            break;
        }
        manager.push(c);
    }
    if manager.is_empty() {
        "unknown".to_owned()
    } else {
        manager
    }
}

fn manager_errors(manager: &str, errors: &mut Errors) {
    let at = Path::new("fieldManager");
    if manager.len() > MAX_MANAGER {
        errors.push(FieldError::too_long(&at, MAX_MANAGER));
    }
    for (index, c) in manager.char_indices().filter(|(_, c)| c.is_control()) {
        let detail = format!(
            "invalid character U+{:04X} (at position {index})",
            u32::from(c)
        );
        errors.push(FieldError::invalid(&at, manager, detail));
    }
}

fn dry_run_errors(values: &[&str], errors: &mut Errors) {
    if values.iter().any(|value| *value != "All") {
        errors.push(FieldError::not_supported(
            &Path::new("dryRun"),
            values.to_vec(),
            &["All"],
        ));
    }
}

/// What becomes of the dependents of a deleted object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Propagation {
    /// Dependents first, then the object.
    Foreground,
    /// The object now, dependents after it.
    Background,
    /// Dependents stay.
    Orphan,
}

/// Options of delete and deletecollection, from the query and from a DeleteOptions body.
#[derive(Debug, Clone, Default)]
pub struct DeleteOptions {
    /// Do everything but store.
    pub dry_run: bool,
    /// Seconds an object is given to end; `None` leaves it to the kind.
    pub grace_period_seconds: Option<i64>,
    /// What becomes of dependents; `None` leaves it to the kind.
    pub propagation: Option<Propagation>,
    /// Whether the propagation came as `orphanDependents: false`, which changes the answer's code to 202.
    pub orphan_dependents_false: bool,
    /// Delete only an object with this UID.
    pub uid: Option<String>,
    /// Delete only an object of this `resourceVersion`.
    pub resource_version: Option<String>,
}

impl DeleteOptions {
    /// Reads the options from the body when there is one, otherwise from the query, as upstream does.
    ///
    /// # Errors
    /// 400 for what cannot be read, 422 for what breaks a rule.
    pub fn parse(query: &Query, body: Option<&Value>) -> Result<DeleteOptions, ApiError> {
        match body {
            Some(body) => from_body(body),
            None => from_query(query),
        }
    }
}

fn from_query(query: &Query) -> Result<DeleteOptions, ApiError> {
    let dry_run: Vec<&str> = query
        .all("dryRun")
        .filter(|value| !value.is_empty())
        .collect();
    build(
        &dry_run,
        query.number("gracePeriodSeconds")?,
        query
            .get("propagationPolicy")
            .filter(|text| !text.is_empty()),
        query.flag("orphanDependents"),
        DeleteOptions::default(),
    )
}

fn from_body(body: &Value) -> Result<DeleteOptions, ApiError> {
    let wrong =
        |field: &str| ApiError::bad_request(format!("DeleteOptions: {field} has the wrong type"));
    let text = |at: &Value, field: &str| match at {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(wrong(field)),
    };
    let dry_run: Vec<&str> = match &body["dryRun"] {
        Value::Null => Vec::new(),
        Value::Array(values) => values
            .iter()
            .map(|value| value.as_str().ok_or_else(|| wrong("dryRun")))
            .collect::<Result<_, _>>()?,
        _ => return Err(wrong("dryRun")),
    };
    let grace = match &body["gracePeriodSeconds"] {
        Value::Null => None,
        value => Some(value.as_i64().ok_or_else(|| wrong("gracePeriodSeconds"))?),
    };
    let orphan = match &body["orphanDependents"] {
        Value::Null => None,
        value => Some(value.as_bool().ok_or_else(|| wrong("orphanDependents"))?),
    };
    let policy = text(&body["propagationPolicy"], "propagationPolicy")?;
    let preconditions = DeleteOptions {
        uid: text(&body["preconditions"]["uid"], "preconditions.uid")?,
        resource_version: text(
            &body["preconditions"]["resourceVersion"],
            "preconditions.resourceVersion",
        )?,
        ..DeleteOptions::default()
    };
    build(&dry_run, grace, policy.as_deref(), orphan, preconditions)
}

fn build(
    dry_run: &[&str],
    grace: Option<i64>,
    policy: Option<&str>,
    orphan: Option<bool>,
    preconditions: DeleteOptions,
) -> Result<DeleteOptions, ApiError> {
    let mut errors = Errors::new();
    let at = Path::new("propagationPolicy");
    if let (Some(policy), Some(_)) = (policy, orphan) {
        errors.push(FieldError::invalid(
            &at,
            policy,
            "orphanDependents and deletionPropagation cannot be both set",
        ));
    }
    let propagation = match policy {
        None => orphan.map(|orphan| {
            if orphan {
                Propagation::Orphan
            } else {
                Propagation::Background
            }
        }),
        Some("Foreground") => Some(Propagation::Foreground),
        Some("Background") => Some(Propagation::Background),
        Some("Orphan") => Some(Propagation::Orphan),
        Some(other) => {
            errors.push(FieldError::not_supported(
                &at,
                other,
                &["Foreground", "Background", "Orphan", "nil"],
            ));
            None
        }
    };
    dry_run_errors(dry_run, &mut errors);
    if !errors.is_empty() {
        return Err(ApiError::invalid(
            GroupKind::new(META, "DeleteOptions"),
            "",
            &errors,
        ));
    }
    Ok(DeleteOptions {
        dry_run: !dry_run.is_empty(),
        // A negative grace period means the shortest one, not "now".
        grace_period_seconds: grace.map(|seconds| if seconds < 0 { 1 } else { seconds }),
        propagation,
        orphan_dependents_false: orphan == Some(false),
        ..preconditions
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn list(query: &str, watch: bool) -> Result<ListOptions, ApiError> {
        ListOptions::parse(&Query::parse(Some(query)), watch)
    }

    #[test]
    fn queries_decode() {
        let query = Query::parse(Some("labelSelector=a%3Db%2Cc&x=1&x=2&watch&y=a+b"));
        assert_eq!(query.text("labelSelector"), "a=b,c");
        assert_eq!(query.all("x").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(query.flag("watch"), Some(true));
        assert_eq!(query.flag("none"), None);
        assert_eq!(query.text("y"), "a b");
    }

    #[test]
    fn revision_matches_have_rules() {
        assert!(list("resourceVersion=5&resourceVersionMatch=Exact", false).is_ok());
        let error = list("resourceVersionMatch=Exact", false).unwrap_err();
        assert_eq!(
            error.message(),
            "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
        );
        assert!(list("resourceVersion=0&resourceVersionMatch=Exact", false).is_err());
        assert!(list("sendInitialEvents=true", false).is_err());
        assert!(list("sendInitialEvents=true", true).is_err());
        assert!(
            list(
                "sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
                true
            )
            .is_ok()
        );
        assert!(list("limit=x", false).is_err());
    }

    #[test]
    fn writes_name_their_manager() {
        let parse = |query: &str, write| {
            WriteOptions::parse(&Query::parse(Some(query)), write, "kubectl/v1.36.0 (linux)")
        };
        assert_eq!(parse("", Write::Create).unwrap().manager, "kubectl");
        assert_eq!(
            parse("fieldManager=me", Write::Patch).unwrap().manager,
            "me"
        );
        assert_eq!(
            parse("", Write::Apply).unwrap_err().message(),
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch"
        );
        assert!(parse("force=true", Write::Patch).is_err());
        assert!(parse("dryRun=Some", Write::Create).is_err());
        assert!(parse("dryRun=All", Write::Create).unwrap().dry_run);
        assert!(parse("fieldValidation=x", Write::Create).is_err());
    }

    #[test]
    fn delete_options_come_from_body_or_query() {
        let query = Query::parse(Some("gracePeriodSeconds=0&propagationPolicy=Orphan"));
        let options = DeleteOptions::parse(&query, None).unwrap();
        assert_eq!(options.grace_period_seconds, Some(0));
        assert_eq!(options.propagation, Some(Propagation::Orphan));
        let body = json!({"propagationPolicy": "Foreground", "preconditions": {"uid": "u"}, "gracePeriodSeconds": -5});
        let options = DeleteOptions::parse(&Query::default(), Some(&body)).unwrap();
        assert_eq!(options.propagation, Some(Propagation::Foreground));
        assert_eq!(options.uid.as_deref(), Some("u"));
        assert_eq!(options.grace_period_seconds, Some(1));
        let both = json!({"propagationPolicy": "Foreground", "orphanDependents": true});
        assert!(DeleteOptions::parse(&Query::default(), Some(&both)).is_err());
        assert!(
            DeleteOptions::parse(&Query::default(), Some(&json!({"gracePeriodSeconds": "x"})))
                .is_err()
        );
    }
}
