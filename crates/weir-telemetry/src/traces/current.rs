//! Which span the running task is in.

use std::borrow::Cow;

use weir_core::UnixMillis;

use crate::TraceContext;

use super::{Kind, Span, Traces};

tokio::task_local! {
    static CURRENT: (Traces, TraceContext);
}

/// Runs `work` in the span `place`: what it calls finds the place by [`current`].
///
/// No `async fn`: that would keep room for `work` twice, as its argument and where it runs.
pub fn scope<F: Future>(traces: Traces, place: TraceContext, work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope((traces, place), work)
}

/// The place of the span that the running task is in. What is spawned from it is in none.
pub fn current() -> Option<TraceContext> {
    CURRENT.try_with(|(_, place)| *place).ok()
}

/// A call that is under way within the current span.
pub struct Call(Option<Begun>);

struct Begun {
    traces: Traces,
    name: Cow<'static, str>,
    kind: Kind,
    parent: TraceContext,
    began: UnixMillis,
}

impl Call {
    /// Begins now. Outside of a span, or if spans are not exported, nothing is recorded.
    pub fn begin(kind: Kind, name: impl Into<Cow<'static, str>>) -> Self {
        let begun = CURRENT.try_with(|(traces, parent)| {
            traces.is_on().then(|| Begun {
                traces: traces.clone(),
                name: name.into(),
                kind,
                parent: *parent,
                began: UnixMillis::now(),
            })
        });
        Self(begun.ok().flatten())
    }

    /// The same, begun so many milliseconds ago.
    #[must_use]
    pub fn since(mut self, took: std::time::Duration) -> Self {
        if let Some(begun) = &mut self.0 {
            let took = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
            begun.began = UnixMillis(begun.began.0.saturating_sub(took));
        }
        self
    }

    /// Ends now.
    pub fn end(self, attributes: Vec<(&'static str, String)>, error: Option<String>) {
        let Some(Begun { traces, name, kind, parent, began }) = self.0 else { return };
        let context = traces.place(Some(parent));
        traces.record(Span {
            name,
            kind,
            context,
            parent: Some(parent),
            began,
            ended: UnixMillis::now(),
            attributes,
            error,
        });
    }
}
