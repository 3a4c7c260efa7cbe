//! `weir controls apply`: a whole document from a file.

use std::io::Read;

use weir_core::controls::Controls;
use weir_ops::controls::ControlsStore;

use super::{
    change,
    common::{explained, told},
};
use crate::cli::ControlsApplyArgs;
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::problem::{HintedError, Usage};
use crate::target;

pub(super) async fn run(args: &ControlsApplyArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let shown = args.file.display();
    let text = if args.file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(&args.file)
    };
    let text = text.map_err(|error| {
        HintedError::new(format!("could not read {shown}"), "give a file, or - for stdin").because(error)
    })?;
    // An empty file is more often an accident than the wish to switch everything on.
    if text.trim().is_empty() {
        return Err(Usage::new(format!("{shown} is empty"), "the document that sets nothing is {}").into());
    }
    let controls = Controls::parse(&text).map_err(|problems| {
        Usage::new(
            format!("{shown} is no valid document:\n{}", told(&problems)),
            "nothing was changed; `weir controls show --document` prints what stands there now",
        )
    })?;
    let stack = target::stack_of_file(&args.change.source).await?;
    let store = ControlsStore::of(&stack)?;
    let stored = store.read().await.map_err(|error| explained(error, &stack))?;
    change::finish(&args.change, printer, &stack, &store, &stored, &controls).await
}
