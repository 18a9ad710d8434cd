//! `ETCD_…` variables: the value of a flag that the command line does not give.
//!
//! The one confusing thing: a variable beside its own flag is an error, as in etcd since 3.4: one of the two was forgotten, and
//! nobody knows which. A variable that is empty counts as not given.

use super::{table, values::Values};

/// Start of the names.
const PREFIX: &str = "ETCD_";

/// The variable of a flag.
pub fn variable(flag: &str) -> String {
    format!("{PREFIX}{}", flag.to_ascii_uppercase().replace('-', "_"))
}

/// Something to log once logs are set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A variable was used.
    Used(String),
    /// A variable that etcd does not know.
    Unrecognized(String),
    /// A flag that was given and changes nothing.
    WithoutEffect {
        /// Its name without dashes.
        flag: &'static str,
        /// Why it changes nothing.
        why: &'static str,
    },
}

/// Reads variables into `values`, where the command line left room.
///
/// # Errors
/// A value of the wrong form, or a variable beside its flag, in etcd's words.
pub fn read<'a>(
    environment: impl IntoIterator<Item = (&'a str, &'a str)>,
    values: &mut Values,
) -> Result<Vec<Note>, String> {
    let mut notes = Vec::new();
    let on_command_line: Vec<&str> = values.names().collect();
    for (name, text) in environment {
        if !name.starts_with(PREFIX) || matches!(name, "ETCD_CONFIG_FILE") || text.is_empty() {
            continue;
        }
        let Some(flag) = table::FLAGS.iter().find(|flag| variable(flag.name) == name) else {
            notes.push(Note::Unrecognized(name.to_owned()));
            continue;
        };
        if on_command_line.contains(&flag.name) {
            return Err(format!(
                "conflicting environment variable is shadowed by corresponding command-line flag (either unset environment variable or disable flag)): {name}"
            ));
        }
        values
            .set(flag, text)
            .map_err(|error| format!("invalid value {text:?} for {name}: {error}"))?;
        notes.push(Note::Used(name.to_owned()));
    }
    Ok(notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_fill_what_flags_leave() {
        let mut values = Values::default();
        values.set(table::find("name").unwrap(), "flag").unwrap();
        let notes = read(
            [
                ("ETCD_DATA_DIR", "/d"),
                ("ETCD_WAL_DIR", ""),
                ("ETCD_NOPE", "1"),
                ("PATH", "/bin"),
            ],
            &mut values,
        );
        let expected = vec![
            Note::Used("ETCD_DATA_DIR".into()),
            Note::Unrecognized("ETCD_NOPE".into()),
        ];
        assert_eq!(notes, Ok(expected));
        assert_eq!(
            (values.text("data-dir"), values.is_set("wal-dir")),
            ("/d", false)
        );
        let error = read([("ETCD_NAME", "env")], &mut values).unwrap_err();
        assert!(
            error.starts_with("conflicting environment variable is shadowed"),
            "{error}"
        );
        let error = read([("ETCD_PRE_VOTE", "x")], &mut values).unwrap_err();
        assert_eq!(error, "invalid value \"x\" for ETCD_PRE_VOTE: parse error");
    }
}
