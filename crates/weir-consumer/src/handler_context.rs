//! What handlers are made of: settings by name, destinations, the clock and AWS.

use std::{
    fmt::Display,
    str::FromStr,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use reqwest::Client;
use resilience::{Breakers, Clock, SharedState, limit::Limiter};
use weir_aws::SdkConfig;
use weir_lambda::settings::{Reader, SettingsError};

use crate::destination::{Destination, HttpDestination, HttpUrl, http};

type Environment = Box<dyn Fn(&str) -> Option<String> + Send>;

/// What handlers are made of. It collects what is wrong with their settings, and [`finish`](Self::finish) reports it.
///
/// A handler that calls a service is a function of its own file, and a line in the router:
///
/// ```
/// use weir_consumer::{
///     HandlerContext,
///     router::{Event, Handler, Router},
/// };
///
/// /// Posts each paid order to the address in `WEIR_ERP_URL`.
/// pub fn send(context: &HandlerContext) -> impl Handler<(Event,)> + use<> {
///     let erp = context.http_destination("erp", "WEIR_ERP_URL");
///     move |event: Event| {
///         let erp = erp.clone();
///         async move {
///             let headers = [("content-type", "application/json"), ("webhook-id", event.meta().webhook_id.as_str())];
///             erp.post(&event, &headers, event.body().to_vec()).await?;
///             Ok(())
///         }
///     }
/// }
///
/// pub fn router(context: &HandlerContext, own: Router) -> Router {
///     own.on("orders/paid", send(context))
/// }
/// ```
pub struct HandlerContext {
    reader: Mutex<Reader<Environment>>,
    aws: SdkConfig,
    clock: Clock,
    breakers: Arc<Breakers>,
    limiter: Arc<Limiter>,
    /// Made when a handler needs it: it costs a cold start.
    client: OnceLock<Option<Client>>,
}

impl HandlerContext {
    /// Over an environment. `state` is what processes share of circuits and rates.
    pub fn new(
        environment: impl Fn(&str) -> Option<String> + Send + 'static,
        aws: SdkConfig,
        clock: Clock,
        state: Arc<dyn SharedState>,
    ) -> Self {
        let breakers = Breakers::new(resilience::breaker::Settings::default(), clock, state.clone());
        Self {
            reader: Mutex::new(Reader::new(Box::new(environment))),
            aws,
            clock,
            breakers: Arc::new(breakers),
            limiter: Arc::new(Limiter::new(clock, state)),
            client: OnceLock::new(),
        }
    }

    /// A setting that must be there. An empty string stands in for one that is not: [`finish`](Self::finish) then
    /// refuses.
    pub fn text(&self, name: &'static str) -> String {
        self.reader().text(name)
    }

    /// A setting that may be missing or empty.
    pub fn optional(&self, name: &'static str) -> Option<String> {
        self.reader().optional(name)
    }

    /// A setting that must be there and be read by its type; `stand_in` until [`finish`](Self::finish) refuses.
    pub fn parsed<T: FromStr<Err: Display>>(&self, name: &'static str, stand_in: T) -> T {
        self.reader().parsed(name, stand_in)
    }

    /// The destination of this name: calls pass its switch, its circuit and its rate limits.
    pub fn destination(&self, name: &str) -> Destination {
        Destination::new(name, self.breakers.clone(), self.limiter.clone())
    }

    /// The destination of this name, whose address is in the setting `variable`.
    pub fn http_destination(&self, name: &str, variable: &'static str) -> HttpDestination {
        let url: Option<HttpUrl> = self.reader().parsed_or_none(variable);
        let target = url.and_then(|url| Some((self.client(variable)?, url)));
        HttpDestination::new(self.destination(name), target)
    }

    /// The clock of the function.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// How to call AWS, within the function's role.
    pub fn aws(&self) -> &SdkConfig {
        &self.aws
    }

    /// Ends the making of handlers.
    ///
    /// # Errors
    /// Everything that is wrong with the settings that handlers asked for.
    pub fn finish(self) -> Result<(), SettingsError> {
        self.reader.into_inner().unwrap_or_else(PoisonError::into_inner).finish(())
    }

    fn client(&self, variable: &'static str) -> Option<Client> {
        let make = || http::client().map_err(|error| self.reader().refuse(variable, weir_aws::reason(&error))).ok();
        self.client.get_or_init(make).clone()
    }

    fn reader(&self) -> std::sync::MutexGuard<'_, Reader<Environment>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use resilience::MemoryState;

    use super::*;

    fn context(environment: &'static [(&'static str, &'static str)]) -> HandlerContext {
        let lookup = |name: &str| {
            let known = environment.iter().find(|(known, _)| *known == name);
            known.map(|(_, value)| (*value).to_owned())
        };
        let state = Arc::new(MemoryState::default());
        HandlerContext::new(lookup, SdkConfig::builder().build(), Clock::Wall, state)
    }

    #[test]
    fn settings_of_all_handlers_are_reported_at_once() {
        let context = context(&[("WEIR_ERP_URL", "erp.example.com"), ("WEIR_LIMIT", "many")]);
        context.http_destination("erp", "WEIR_ERP_URL");
        context.http_destination("mail", "WEIR_MAIL_URL");
        context.parsed("WEIR_LIMIT", 0_u32);
        assert_eq!(context.optional("WEIR_OPTIONAL"), None);
        let problems = context.finish().unwrap_err();
        assert_eq!(problems.0.len(), 3, "{problems}");
        assert!(
            problems.to_string().contains("WEIR_ERP_URL can't be read: expected an http or https URL"),
            "{problems}"
        );
    }

    #[test]
    fn settings_that_can_be_read_are_given_to_handlers() {
        let context = context(&[("WEIR_ERP_URL", "https://erp.example.com"), ("WEIR_LIMIT", "7")]);
        context.http_destination("erp", "WEIR_ERP_URL");
        assert_eq!(context.parsed("WEIR_LIMIT", 0_u32), 7);
        assert_eq!(context.destination("erp").name(), "erp");
        context.finish().unwrap();
    }
}
