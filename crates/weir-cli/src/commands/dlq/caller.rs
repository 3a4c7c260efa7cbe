//! Who does it.

use weir_ops::{Stack, caller, dead_letters::Actor};

use crate::{
    hints::{self, hint_for},
    target::env,
};

/// The caller, as AWS knows it; of the local stack, whoever sits at this machine.
pub(crate) async fn name(stack: &Stack) -> anyhow::Result<String> {
    if stack.is_emulated {
        let user = env("USER").or_else(|| env("LOGNAME")).unwrap_or_else(|| "somebody".to_owned());
        let host = std::fs::read_to_string("/etc/hostname").map(|name| name.trim().to_owned());
        return Ok(format!("{user}@{}", host.ok().filter(|name| !name.is_empty()).as_deref().unwrap_or("localhost")));
    }
    caller::identity(stack).await.map_err(|error| {
        let hint = hint_for(&error.aws_reason(), hints::of(stack));
        hints::with(&hint, error)
    })
}

/// Who does it, and by which command.
pub(crate) async fn actor(stack: &Stack) -> anyhow::Result<Actor> {
    Ok(Actor { by: name(stack).await?, command: command_line() })
}

/// The command line, as it is written down.
pub(crate) fn command_line() -> String {
    let quoted = |argument: String| {
        let plain =
            !argument.is_empty() && argument.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./:=@".contains(&b));
        if plain { argument } else { format!("'{}'", argument.replace('\'', "'\\''")) }
    };
    let arguments = std::env::args_os().skip(1).map(|argument| quoted(argument.to_string_lossy().into_owned()));
    std::iter::once("weir".to_owned()).chain(arguments).collect::<Vec<_>>().join(" ")
}
