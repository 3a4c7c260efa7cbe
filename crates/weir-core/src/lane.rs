//! The lanes, in one list. The build script, which reads `routes.toml`, has this file too.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

macro_rules! lanes {
    ($($(#[$about:meta])* $lane:ident = $name:literal, oldest event alarms after $minutes:literal minutes;)*) => {
        /// A lane is a priority: a queue with its DLQ and its worker.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum Lane {
            $($(#[$about])* $lane,)*
        }

        impl Lane {
            /// Every lane, the most urgent first.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$lane),*];

            /// The name in routes.toml, in the template's resources and in the ledger.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$lane => $name,)*
                }
            }

            /// How long its oldest event may wait before its alarm goes on: the row's `age` in `infra/template/lanes.yaml`.
            pub const fn max_age(self) -> Duration {
                Duration::from_secs(60 * match self {
                    $(Self::$lane => $minutes,)*
                })
            }
        }
    };
}

lanes! {
    /// Paid orders, uninstalls, the compliance topics.
    Urgent = "urgent", oldest event alarms after 5 minutes;
    /// Orders, refunds, fulfillments, inventory, and what is unknown.
    Standard = "standard", oldest event alarms after 10 minutes;
    /// Products, collections, customers, carts, checkouts.
    Bulk = "bulk", oldest event alarms after 12 minutes;
}

impl Lane {
    /// Their names, for an error: `urgent, standard, bulk`.
    pub fn names() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Lane {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|lane| lane.as_str() == text);
        found.ok_or_else(|| format!("no lane is named {text:?}: expected one of {}", Self::names()))
    }
}
