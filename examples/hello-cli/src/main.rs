//! A `wasi:cli/command` component: reads a ConfigMap from a volume and a Secret from its environment, and ends.

use std::process::ExitCode;

const MESSAGE: &str = "/etc/hello/message";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hello-cli: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let message = std::fs::read_to_string(MESSAGE)
        .map_err(|error| format!("cannot read {MESSAGE}: {error}"))?;
    let token = std::env::var("TOKEN").map_err(|error| format!("the variable TOKEN: {error}"))?;
    let names: Vec<String> = std::env::args().skip(1).collect();
    let name = if names.is_empty() {
        "world".to_owned()
    } else {
        names.join(" and ")
    };
    println!("{}, {name}!", message.trim_end());
    println!("the token has {} characters", token.chars().count());
    Ok(())
}
