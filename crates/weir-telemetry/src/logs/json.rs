//! Log lines as JSON, with the fields of the spans around an event at the top, beside its own: a message's shop, topic and
//! trace stand in every line that is written on its way, under the same names in every function.

use std::fmt;

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};
use weir_core::UnixMillis;

use crate::Output;

/// Writes each event as a line.
#[derive(Debug)]
pub(super) struct JsonLines(pub(super) Output);

/// Names and values as JSON, in order; a later value of a name takes the place of the earlier.
#[derive(Debug, Default, Clone)]
struct Fields(Vec<(&'static str, String)>);

impl Fields {
    fn set(&mut self, name: &'static str, json: String) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, value)) => *value = json,
            None => self.0.push((name, json)),
        }
    }

    fn text(&mut self, field: &Field, text: &str) {
        self.set(field.name(), serde_json::Value::from(text).to_string());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field.name(), value.to_string());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field.name(), value.to_string());
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.set(field.name(), value.to_string());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field.name(), value.to_string());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field.name(), serde_json::Value::from(value).to_string());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for JsonLines {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut own = Fields::default();
        event.record(&mut own);
        let mut fields = Fields::default();
        // The sentence first: it is what people read.
        if let Some(at) = own.0.iter().position(|(name, _)| *name == "message") {
            fields.0.push(own.0.remove(at));
        }
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(outer) = span.extensions().get::<Fields>() {
                outer.0.iter().for_each(|(name, json)| fields.set(name, json.clone()));
            }
        }
        own.0.into_iter().for_each(|(name, json)| fields.set(name, json));
        // Lambda's filter reads both: a line without either would count as INFO.
        let mut line = format!(r#"{{"timestamp":"{}","level":"{}""#, UnixMillis::now(), event.metadata().level());
        for (name, json) in fields.0 {
            line.push_str(&format!(r#","{name}":{json}"#));
        }
        line.push('}');
        self.0.line(line);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::Value;
    use tracing_subscriber::{filter::LevelFilter, layer::SubscriberExt};

    use super::*;

    fn logged(level: LevelFilter, log: impl FnOnce()) -> Vec<Value> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let subscriber = tracing_subscriber::registry().with(level).with(JsonLines(Output::Memory(lines.clone())));
        tracing::subscriber::with_default(subscriber, log);
        let lines = lines.lock().unwrap();
        lines.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
    }

    #[test]
    fn a_line_has_the_fields_around_it_and_its_own_at_the_top() {
        let lines = logged(LevelFilter::INFO, || {
            let outer =
                tracing::error_span!("event", shop = "north", topic = "orders/create", lane = tracing::field::Empty);
            let _outer = outer.enter();
            outer.record("lane", "urgent");
            let _inner = tracing::error_span!("attempt", attempt = 2).entered();
            tracing::info!(parks = 1, rest_ms = 7u128, late = true, topic = "orders/paid", "A \"quoted\"\nword");
        });
        let [line] = &lines[..] else { panic!("{lines:?}") };
        let text = |name: &str| line[name].as_str().unwrap_or_else(|| panic!("no {name}: {line}"));
        assert_eq!((text("message"), text("level")), ("A \"quoted\"\nword", "INFO"));
        assert_eq!((text("shop"), text("lane"), text("topic")), ("north", "urgent", "orders/paid"));
        assert_eq!((&line["attempt"], &line["parks"], &line["rest_ms"]), (&2.into(), &1.into(), &7.into()));
        assert_eq!(line["late"], true);
        assert!(text("timestamp").ends_with('Z') && text("timestamp").contains('T'), "{line}");
    }

    #[test]
    fn line_below_the_level_is_not_written() {
        let lines = logged(LevelFilter::ERROR, || {
            let _span = tracing::error_span!("event", shop = "north").entered();
            tracing::info!("no");
            tracing::error!("yes");
        });
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["shop"], "north", "the fields of a message stand in its errors at any level");
    }
}
