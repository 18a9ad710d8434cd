//! etcd's flags, `ETCD_…` variables and configuration file, by name and meaning; [`table`] says of each what it does here.
//!
//! What is given is read ([`command_line`], [`environment`], [`file`]) into [`values::Values`], and settings are made of those
//! ([`settings::Settings`]). Nothing here opens a file but the configuration file, and nothing here logs: what there is to say is
//! handed back as notes.

pub mod cluster;
pub mod command_line;
pub mod compaction;
pub mod environment;
pub mod file;
pub mod gates;
pub mod logs;
pub mod settings;
pub mod table;
#[cfg(test)]
mod tests;
pub mod tls;
pub mod url;
pub mod value;
pub mod values;

use std::fs;

pub use command_line::Asked;
pub use environment::Note;
pub use settings::Settings;
use values::Values;

/// What stands above the help, and after a mistake.
pub const USAGE: &str = "Usage:

  store [flags]
    Start a member of the store.

  store snapshot save|status|restore
    Work with snapshot files.

  store --version
    Show the version.

  store -h | --help
    Show the help.

  store --config-file
    Path to the configuration file. Flags and environment variables count for nothing beside it.
";

/// What was asked for.
#[derive(Debug)]
pub enum Parsed {
    /// To serve.
    Run {
        /// How.
        settings: Box<Settings>,
        /// What to log of how it was told.
        notes: Vec<Note>,
        /// The configuration file, if there was one.
        config_file: Option<String>,
    },
    /// The help.
    Help,
    /// The version.
    Version,
}

/// Why nothing is started.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong.
    pub words: String,
    /// Whether the usage stands after it, and the exit code is 2, as Go's `flag` has it; otherwise 1.
    pub usage: bool,
}

/// Reads a command line (without the program's name) and the environment.
///
/// # Errors
/// What is wrong, in etcd's words.
pub fn parse<'a>(
    args: &[String],
    environment: impl IntoIterator<Item = (&'a str, &'a str)> + Clone,
) -> Result<Parsed, Mistake> {
    let plain = |words| Mistake {
        words,
        usage: false,
    };
    let mut values = Values::default();
    let asked =
        command_line::read(args, &mut values).map_err(|(usage, words)| Mistake { words, usage })?;
    let config_file = match asked {
        Asked::Help => return Ok(Parsed::Help),
        Asked::Version => return Ok(Parsed::Version),
        Asked::Run(file) => file.or_else(|| {
            let mut variables = environment.clone().into_iter();
            let found = variables.find(|(name, _)| *name == "ETCD_CONFIG_FILE");
            found.map(|(_, path)| path.to_owned())
        }),
    };
    let config_file = config_file.filter(|path| !path.is_empty());
    let mut notes = Vec::new();
    match &config_file {
        Some(path) => {
            values = Values::default();
            let text =
                fs::read_to_string(path).map_err(|error| plain(format!("open {path}: {error}")))?;
            file::read(&text, &mut values).map_err(plain)?;
        }
        None => notes = environment::read(environment, &mut values).map_err(plain)?,
    }
    let without_effect = values.without_effect().into_iter();
    notes.extend(without_effect.map(|(flag, why)| Note::WithoutEffect { flag, why }));
    let settings = Settings::from_values(values, config_file.is_some()).map_err(plain)?;
    Ok(Parsed::Run {
        settings: Box::new(settings),
        notes,
        config_file,
    })
}
