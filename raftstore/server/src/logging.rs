//! Logs as zap writes them in etcd: one JSON object a line with `level`, `ts`, `caller`, `msg` and the fields of the event; or, for
//! people, the same in columns.
//!
//! No secret can get here by way of a type's `Debug`: those that hold one have none, or one that leaves it out.

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use parking_lot::Mutex;
use serde_json::{Map, Value};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    EnvFilter,
    fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter, format::Writer},
    registry::LookupSpan,
};

use crate::{
    clock,
    flags::logs::{LogSettings, Output},
};

/// Libraries that say much at the levels of our own.
const QUIETER: &str =
    "openraft=error,h2=info,hyper=info,hyper_util=info,rustls=info,tower=info,tonic=info";

/// Begins to log. A process that logs already keeps its way of doing so.
///
/// # Errors
/// A file that cannot be opened.
pub fn start(settings: &LogSettings) -> Result<(), String> {
    let sinks = settings
        .outputs
        .iter()
        .map(open)
        .collect::<Result<_, _>>()?;
    let filter = EnvFilter::new(format!("{},{QUIETER}", settings.level));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .event_format(Lines {
            json: settings.json,
        })
        .with_writer(Outputs(Arc::new(sinks)))
        .finish();
    // An error says that one is set already.
    drop(tracing::subscriber::set_global_default(subscriber));
    Ok(())
}

fn open(output: &Output) -> Result<Sink, String> {
    match output {
        Output::Stderr => Ok(Sink::Stderr),
        Output::Stdout => Ok(Sink::Stdout),
        Output::File(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            let failed = |error: io::Error| {
                format!("couldn't open sink {:?}: open {0}: {error}", show(path))
            };
            Ok(Sink::File(Mutex::new(file.map_err(failed)?)))
        }
    }
}

fn show(path: &Path) -> String {
    path.display().to_string()
}

enum Sink {
    Stderr,
    Stdout,
    File(Mutex<File>),
}

/// All that a line goes to.
#[derive(Clone)]
struct Outputs(Arc<Vec<Sink>>);

impl<'a> MakeWriter<'a> for Outputs {
    type Writer = Outputs;

    fn make_writer(&'a self) -> Outputs {
        self.clone()
    }
}

impl Write for Outputs {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        for sink in self.0.iter() {
            match sink {
                Sink::Stderr => io::stderr().lock().write_all(line)?,
                Sink::Stdout => io::stdout().lock().write_all(line)?,
                Sink::File(file) => file.lock().write_all(line)?,
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes events as lines.
struct Lines {
    json: bool,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let about = event.metadata();
        let level = match *about.level() {
            Level::ERROR => "error",
            Level::WARN => "warn",
            Level::INFO => "info",
            Level::DEBUG | Level::TRACE => "debug",
        };
        let ts = humantime::format_rfc3339_micros(clock::now()).to_string();
        let caller = format!(
            "{}:{}",
            short(about.file().unwrap_or_default()),
            about.line().unwrap_or_default()
        );
        if !self.json {
            write!(
                writer,
                "{ts}\t{}\t{caller}\t{}",
                level.to_uppercase(),
                fields.message
            )?;
            if !fields.rest.is_empty() {
                write!(writer, "\t{}", Value::Object(fields.rest))?;
            }
            return writeln!(writer);
        }
        let mut line = format!(
            "{{\"level\":{},\"ts\":{},\"caller\":{},\"msg\":{}",
            Value::from(level),
            Value::from(ts),
            Value::from(caller),
            Value::from(fields.message)
        );
        for (name, value) in fields.rest {
            line.push_str(&format!(",{}:{value}", Value::from(name)));
        }
        writeln!(writer, "{line}}}")
    }
}

/// Folder and file, as zap shortens them.
fn short(path: &str) -> &str {
    let mut slashes = path.rmatch_indices('/');
    match slashes.nth(1) {
        Some((at, _)) => &path[at + 1..],
        None => path,
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    rest: Map<String, Value>,
}

impl Fields {
    fn set(&mut self, field: &Field, value: Value) {
        // zap's names have dashes where Rust's have none.
        self.rest.insert(field.name().replace('_', "-"), value);
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" {
            self.message = text;
        } else {
            self.set(field, text.into());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_json_object_with_zaps_fields() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let sinks = vec![open(&Output::File(path.clone())).unwrap()];
        let subscriber = tracing_subscriber::fmt()
            .event_format(Lines { json: true })
            .with_writer(Outputs(Arc::new(sinks)))
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(data_dir = "a\"b", count = 3, "it \n happened");
        });
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches('\n').count(), 1);
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (&line["level"], &line["msg"]),
            (&"warn".into(), &"it \n happened".into())
        );
        assert_eq!(
            (&line["data-dir"], &line["count"]),
            (&"a\"b".into(), &3.into())
        );
        assert!(line["ts"].as_str().unwrap().ends_with('Z'));
        assert!(
            line["caller"]
                .as_str()
                .unwrap()
                .starts_with("src/logging.rs:")
        );
    }
}
