//! What a filter means at the moment, and what to say where it means nothing.

use std::collections::BTreeSet;

use weir_ops::dead_letters::{DeadLetterEntry, Filter, Scanned, operation::Kind};

use super::view;
use crate::{printable::line, printer::Printer, problem::HintedError, progress::Progress};

/// Says how many were looked at, from time to time.
pub(crate) fn looked_at(count: usize, progress: &mut Progress<'_>, printer: &Printer) {
    if !printer.is_json() {
        progress.step(|| format!("{} looked at", view::messages(count as u64)));
    }
}

/// What else is to be known of a look.
pub(crate) fn remarks(scanned: &Scanned, printer: &Printer) {
    if scanned.elsewhere > 0 {
        printer.note(format!(
            "{} more somebody else reads at the moment, or one that was killed did: they are back within minutes",
            view::messages(scanned.elsewhere)
        ));
    }
    if scanned.is_cut {
        printer.note("a queue holds more than SQS lets one read at once: these are its first hundred thousand");
    }
    if scanned.late > 0 {
        printer.note(format!(
            "{} could not be given back: they are back within minutes",
            view::messages(scanned.late as u64)
        ));
    }
}

/// The error of a filter that takes nothing of what is there.
pub(crate) fn nothing(kind: Kind, filter: &Filter, found: &[DeadLetterEntry]) -> anyhow::Error {
    let near = |wanted: &Option<String>, there: BTreeSet<&str>| {
        let wanted = wanted.as_deref()?;
        if there.contains(wanted) {
            return None;
        }
        let nearest = there.into_iter().min_by_key(|it| strsim::damerau_levenshtein(wanted, it))?;
        (strsim::damerau_levenshtein(wanted, nearest) <= 3).then(|| format!("{} is there; ", line(nearest)))
    };
    let shop = near(&filter.shop, found.iter().filter_map(|found| found.letter.shop()).collect());
    let topic = near(&filter.topic, found.iter().filter_map(|found| found.letter.topic()).collect());
    let said = match &filter.event {
        Some(event) => format!("no message of {event} is dead-lettered, or it does not match the rest of the filter"),
        None => "nothing dead-lettered matches".to_owned(),
    };
    let nowhere = match &filter.event {
        Some(_) if kind == Kind::Drop => "`weir events show` tells what became of it; ",
        Some(_) => {
            "`weir events show` tells what became of it; to run an event whose message is gone, give its body with --file; "
        }
        None => "",
    };
    let hint = format!(
        "{}{}{nowhere}`weir dlq list` shows what is there",
        shop.unwrap_or_default(),
        topic.unwrap_or_default(),
    );
    let looked_at = view::messages(found.len() as u64);
    HintedError::new(format!("{said}: {looked_at} looked at, nothing was changed"), hint).into()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::found;
    use super::*;
    use crate::problem::Shown;

    #[test]
    fn a_name_that_is_nearly_right_is_told() {
        let wrong = Filter { topic: Some("order/create".into()), ..Filter::default() };
        let said = |wrong: &Filter| Shown::of(&nothing(Kind::Replay, wrong, &[found()])).lines().join("\n");
        let near = said(&wrong);
        assert!(near.contains("orders/create is there") && near.contains("nothing was changed"), "{near}");
        let wrong = Filter { topic: Some("carts/update".into()), ..Filter::default() };
        assert!(!said(&wrong).contains("is there; "));
    }
}
