//! `weir dlq`: dead-letter queues, looked into and moved back.
//!
//! ```text
//!  sweep ─ receive (hidden for 15 min) ─▶ filter ─▶ preview: count, give back
//!                                                └▶ replay:  send to the lane, then delete
//!                                                └▶ discard: note the names, then delete
//! ```

mod act;
mod discard;
mod filter;
mod find;
mod fix;
mod groups;
mod history;
mod letter;
mod list;
mod operation;
mod outside;
mod preview;
mod replay;
mod show;
mod stop;
mod sweep;
mod view;
mod who;

use super::ExitStatus;
use crate::{
    cli::{DlqArgs, DlqCommand},
    printer::Printer,
};

pub(super) async fn run(args: DlqArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match args.command {
        DlqCommand::List(args) => list::run(&args, printer).await,
        DlqCommand::Show(args) => show::run(&args, printer).await,
        DlqCommand::Replay(args) => act::run(&args, printer).await,
        DlqCommand::Drop(args) => discard::run(&args, printer).await,
        DlqCommand::History(args) => history::run(&args, printer).await,
    }
}
