//! ServiceAccounts: core/v1.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cells::{AGE, NAME, age, column, name};
use super::value::{items, set, text};
use super::{Column, Kind, PLAIN, Storage};

/// The descriptor of ServiceAccounts.
pub static SERVICE_ACCOUNT: Kind = Kind {
    plural: "serviceaccounts",
    storage: Storage {
        prefix: "serviceaccounts",
        conversion: None,
    },
    create: |account, _| secrets_by_name(account),
    update: |account, _, _| secrets_by_name(account),
    columns: COLUMNS,
    row,
    ..PLAIN
};

const COLUMNS: &[Column] = &[
    NAME,
    column("Secrets", "string", "How many secrets it refers to."),
    AGE,
];

/// Secrets are referred to by name alone.
fn secrets_by_name(account: &mut Value) {
    let secrets = items(account, "secrets");
    if secrets.is_empty() {
        return;
    }
    let named: Vec<Value> = secrets
        .iter()
        .map(|secret| json!({"name": text(secret, "name")}))
        .collect();
    set(account, "secrets", named);
}

fn row(account: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(account),
        items(account, "secrets").len().into(),
        age(account, now),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_keep_their_names_only() {
        let mut account = json!({"metadata": {"name": "a"}, "secrets": [{"name": "s", "kind": "Secret", "uid": "u"}]});
        secrets_by_name(&mut account);
        assert_eq!(account["secrets"], json!([{"name": "s"}]));
        assert_eq!(
            row(&account, Timestamp::UNIX_EPOCH),
            [json!("a"), json!(1), json!("<unknown>")]
        );
    }
}
