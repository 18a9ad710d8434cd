//! `--feature-gates` of etcd 3.6, which are flags of 3.5 under other names.

use super::{
    table::{self, Effect},
    value,
    values::Values,
};

/// Gates and the flags that they are; a gate without a flag of 3.5 has its effect here.
const GATES: [(&str, Result<&str, Effect>); 8] = [
    (
        "InitialCorruptCheck",
        Ok("experimental-initial-corrupt-check"),
    ),
    (
        "CompactHashCheck",
        Ok("experimental-compact-hash-check-enabled"),
    ),
    (
        "TxnModeWriteWithSharedBuffer",
        Ok("experimental-txn-mode-write-with-shared-buffer"),
    ),
    (
        "StopGRPCServiceOnDefrag",
        Ok("experimental-stop-grpc-service-on-defrag"),
    ),
    (
        "LeaseCheckpoint",
        Ok("experimental-enable-lease-checkpoint"),
    ),
    (
        "LeaseCheckpointPersist",
        Ok("experimental-enable-lease-checkpoint-persist"),
    ),
    (
        "SetMemberLocalAddr",
        Err(Effect::Refused {
            accepted: &["false"],
            why: "connections to peers leave by the address that the system chooses",
        }),
    ),
    (
        "FastLeaseKeepAlive",
        Err(Effect::Nil(
            "a keep-alive that this member is asked for waits for nothing that it need not wait for",
        )),
    ),
];

/// Sets the flags that the gates are, and refuses what is not honoured.
///
/// # Errors
/// A gate that is not known, a value that is no boolean, a gate and its flag at once, or a value that is not honoured.
pub fn apply(values: &mut Values) -> Result<(), String> {
    let text = values.text("feature-gates").to_owned();
    for part in text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let Some((name, setting)) = part.split_once('=') else {
            return Err(format!("missing bool value for {part}"));
        };
        let (name, setting) = (name.trim(), setting.trim());
        let on = value::boolean(setting)
            .map_err(|_| format!("invalid value of {name}={setting}, err: strconv.ParseBool: parsing {setting:?}: invalid syntax"))?;
        if matches!(name, "AllAlpha" | "AllBeta") {
            return Err(format!(
                "--feature-gates={part} is not supported: name the gates one by one"
            ));
        }
        let Some((_, is)) = GATES.iter().find(|(gate, _)| *gate == name) else {
            return Err(format!("unrecognized feature gate: {name}"));
        };
        match is {
            Ok(flag) => set(values, name, flag, on)?,
            Err(Effect::Refused { accepted, why })
                if !accepted.contains(&on.to_string().as_str()) =>
            {
                return Err(format!("--feature-gates={part} is not supported: {why}"));
            }
            Err(_) => {}
        }
    }
    values.settle()
}

fn set(values: &mut Values, gate: &str, flag: &str, on: bool) -> Result<(), String> {
    if values.is_set(flag) {
        return Err(format!(
            "cannot specify both flags: --{flag}={} and --feature-gates={gate}={on} at the same time, please just use --feature-gates={gate}={on}",
            values.text(flag)
        ));
    }
    match table::find(flag) {
        Some(flag) => values.set(flag, &on.to_string()),
        None => Ok(()),
    }
}
