//! The values of dimensions that have values of their own.

/// A word an enum, and the list of them.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// As it stands in the dimension.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

words! {
    /// Why ingest refused a request.
    Rejection {
        /// No such path, or a method other than POST.
        NotAWebhook = "not_a_webhook",
        /// No such app.
        UnknownApp = "unknown_app",
        /// A body that is said to be base64 and is not.
        MalformedBody = "malformed_body",
        /// No signature, or a wrong one.
        BadSignature = "bad_signature",
        /// Over 6 MB.
        TooLarge = "too_large",
        /// Signed, but a header is missing or can't be read.
        BadHeader = "bad_header",
        /// No lane took it in time: 503.
        NotStored = "not_stored",
        /// The app's secret could not be read: 503.
        NoSecret = "no_secret",
    }
}

words! {
    /// What kind of error an attempt ended with.
    ErrorKind {
        /// Trying again may help.
        Transient = "transient",
        /// What it needs is not there: parked.
        Outage = "outage",
        /// AWS refuses calls because of permissions, names or shapes: parked.
        Misconfigured = "misconfigured",
        /// Trying again can't help.
        Permanent = "permanent",
        /// A handler panicked.
        Panic = "panic",
        /// The ledger could not be reached.
        Ledger = "ledger",
    }
}

words! {
    /// Which optional header of an accepted delivery was left out.
    DroppedHeader {
        /// `X-Shopify-Event-Id`
        EventId = "event_id",
        /// `X-Shopify-API-Version`
        ApiVersion = "api_version",
        /// `X-Shopify-Triggered-At`
        TriggeredAt = "triggered_at",
        /// `X-Shopify-Name`, `shopify-handle`
        Name = "name",
        /// `X-Shopify-Test`
        Test = "test",
    }
}
