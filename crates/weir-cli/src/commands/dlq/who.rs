//! Who acts, for the record.

use crate::target::{self, Place};

/// The AWS identity; for a local stack, whose emulator knows none, the user and the machine.
pub(super) async fn acts(place: &Place) -> anyhow::Result<String> {
    if place.is_local {
        let user = target::env("USER").or_else(|| target::env("LOGNAME")).unwrap_or_else(|| "somebody".to_owned());
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host = if host.trim().is_empty() { "this machine" } else { host.trim() };
        return Ok(format!("{user}@{host}"));
    }
    let reply = aws_sdk_sts::Client::new(&place.config).get_caller_identity().send().await.map_err(|error| {
        anyhow::anyhow!(
            "could not tell who you are: {}\nhint: {}; nothing was changed",
            weir_aws::reason(&error),
            place.hint
        )
    })?;
    Ok(reply.arn().unwrap_or("an identity without a name").to_owned())
}
