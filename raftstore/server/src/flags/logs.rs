//! `--logger`, `--log-level`, `--log-format`, `--log-outputs`.

use std::path::PathBuf;

use super::values::Values;

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Standard error.
    Stderr,
    /// Standard output.
    Stdout,
    /// The end of a file.
    File(PathBuf),
}

/// Logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// The least level that is written.
    pub level: tracing::Level,
    /// JSON, as zap writes it; otherwise lines for people.
    pub json: bool,
    /// Where to.
    pub outputs: Vec<Output>,
}

impl LogSettings {
    /// The settings, in etcd's words when they are wrong.
    ///
    /// # Errors
    /// A logger, level or output that is not there.
    pub fn from_values(values: &Values) -> Result<LogSettings, String> {
        match values.text("logger") {
            "zap" => {}
            "capnslog" => return Err("--logger=capnslog is removed in v3.5".into()),
            other => return Err(format!("unknown logger option {other:?}")),
        }
        let names = values.list("log-outputs");
        if names.len() > 1 && names.iter().any(|name| name == "default") {
            return Err("multi logoutput for \"default\" is not supported yet".into());
        }
        let mut outputs = Vec::new();
        for name in &names {
            let output = match name.as_str() {
                "default" | "stderr" => Output::Stderr,
                "stdout" => Output::Stdout,
                "systemd/journal" => {
                    return Err("--log-outputs=systemd/journal is not supported: standard error of a unit goes to the journal".into());
                }
                "" => return Err("--log-outputs has an empty name".into()),
                path => Output::File(path.into()),
            };
            if !outputs.contains(&output) {
                outputs.push(output);
            }
        }
        Ok(LogSettings {
            level: level(values.text("log-level"))?,
            json: values.text("log-format") == "json",
            outputs,
        })
    }
}

fn level(name: &str) -> Result<tracing::Level, String> {
    match name.to_ascii_lowercase().as_str() {
        "debug" => Ok(tracing::Level::DEBUG),
        "info" | "" => Ok(tracing::Level::INFO),
        "warn" => Ok(tracing::Level::WARN),
        // zap has levels above error; nothing here is logged above it.
        "error" | "dpanic" | "panic" | "fatal" => Ok(tracing::Level::ERROR),
        _ => Err(format!("unrecognized level: {name:?}")),
    }
}
