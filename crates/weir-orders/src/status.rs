//! Statuses: open enums that take in what Shopify adds, and show it as it came.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest text of an unknown status that is stored, in bytes.
const MAX_STATUS_LEN: usize = 64;

/// A status in the spelling of weir: REST writes `paid` where GraphQL writes `PAID`.
fn canonical(text: &str) -> String {
    let text = text.get(..text.floor_char_boundary(MAX_STATUS_LEN)).unwrap_or_default();
    text.trim().to_ascii_lowercase()
}

macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal $(| $alias:literal)*),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// A status that this version of weir does not know, in lower case.
            Other(String),
        }

        impl $name {
            /// The texts of those that this version of weir knows.
            pub const KNOWN: &'static [&'static str] = &[$($text),+];

            /// The status of this text, in whatever case it is written.
            pub fn of(text: &str) -> Self {
                match canonical(text).as_str() {
                    $($text $(| $alias)* => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }

            /// Its text, in lower case.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Self::of(&String::deserialize(deserializer)?))
            }
        }
    };
}

open_enum! {
    /// Where an order is in its life.
    Lifecycle {
        /// Placed, and work may be left to do.
        Open = "open",
        /// Archived by the merchant or by Shopify.
        Closed = "closed",
        /// Cancelled.
        Cancelled = "cancelled",
        /// Deleted: nothing of it is left at Shopify.
        Deleted = "deleted",
        /// No delivery said anything of it yet.
        Unknown = "unknown",
    }
}

open_enum! {
    /// Where an order's payment stands: Shopify's `financial_status`.
    PaymentStatus {
        /// Nothing is paid yet.
        Pending = "pending",
        /// The whole amount is authorized.
        Authorized = "authorized",
        /// A part is paid.
        PartiallyPaid = "partially_paid",
        /// All is paid.
        Paid = "paid",
        /// A part went back.
        PartiallyRefunded = "partially_refunded",
        /// All went back.
        Refunded = "refunded",
        /// The authorization was given up.
        Voided = "voided",
        /// The authorization ran out.
        Expired = "expired",
        /// No delivery said anything of it yet.
        Unknown = "unknown",
    }
}

open_enum! {
    /// How much of an order has been fulfilled: Shopify's `fulfillment_status`.
    FulfilmentStatus {
        /// Nothing.
        Unfulfilled = "unfulfilled",
        /// Some of it.
        PartiallyFulfilled = "partially_fulfilled" | "partial",
        /// All of it.
        Fulfilled = "fulfilled",
        /// All of it was put back into stock.
        Restocked = "restocked",
        /// Nothing of it needs fulfilment.
        NotRequired = "fulfillment_not_required",
        /// No delivery said anything of it yet.
        Unknown = "unknown",
    }
}

open_enum! {
    /// Where the returns of an order stand, taken together.
    ReturnsStatus {
        /// No return, or none that was accepted.
        None = "no_return",
        /// A customer asked for one.
        Requested = "return_requested",
        /// One is open.
        InProgress = "in_progress",
        /// Goods came back, and no return is open.
        Returned = "returned",
    }
}

open_enum! {
    /// The status of one return.
    ReturnStatus {
        /// Asked for by a customer.
        Requested = "requested",
        /// Approved, or made by the merchant.
        Open = "open",
        /// Done.
        Closed = "closed",
        /// Declined by the merchant.
        Declined = "declined",
        /// Cancelled.
        Cancelled = "canceled" | "cancelled",
    }
}

open_enum! {
    /// The status of one fulfillment.
    ShipmentStatus {
        /// Shopify asked a fulfillment service.
        Pending = "pending",
        /// The service took it.
        Open = "open",
        /// Done.
        Success = "success",
        /// Cancelled.
        Cancelled = "cancelled" | "canceled",
        /// The service failed.
        Error = "error",
        /// The request failed.
        Failure = "failure",
    }
}

open_enum! {
    /// The status of one fulfillment order.
    FulfillmentOrderStatus {
        /// Ready for fulfilment.
        Open = "open",
        /// Being fulfilled.
        InProgress = "in_progress",
        /// Held.
        OnHold = "on_hold",
        /// For a later day.
        Scheduled = "scheduled",
        /// Done, or replaced by others.
        Closed = "closed",
        /// Not done as it was asked for.
        Incomplete = "incomplete",
        /// Cancelled.
        Cancelled = "cancelled" | "canceled",
    }
}

open_enum! {
    /// What a refunded line does to the stock.
    RestockType {
        /// The items came back.
        Return = "return",
        /// The items were never sent.
        Cancel = "cancel",
        /// The items were put back into stock, as orders of long ago say it.
        LegacyRestock = "legacy_restock",
        /// The items stay where they are.
        NoRestock = "no_restock",
    }
}

open_enum! {
    /// What a transaction does.
    TransactionKind {
        /// Money is reserved.
        Authorization = "authorization",
        /// Reserved money is taken.
        Capture = "capture",
        /// Money is taken.
        Sale = "sale",
        /// Money goes back.
        Refund = "refund",
        /// A reservation is given up.
        Void = "void",
        /// Cash that was given back at the counter.
        Change = "change",
    }
}

open_enum! {
    /// What became of a transaction.
    TransactionStatus {
        /// Not known yet.
        Pending = "pending",
        /// It took place.
        Success = "success",
        /// It did not.
        Failure = "failure",
        /// It could not be tried.
        Error = "error",
    }
}

impl PaymentStatus {
    /// Whether the whole amount is authorized, or was.
    pub fn is_authorized(&self) -> bool {
        matches!(self, Self::Authorized) || self.is_paid()
    }

    /// Whether the whole amount was paid. `refunded` does not say so: what went back may have been a deposit.
    pub fn is_paid(&self) -> bool {
        matches!(self, Self::Paid | Self::PartiallyRefunded)
    }
}

impl RestockType {
    /// Whether the items are in stock again.
    pub fn is_restocked(&self) -> bool {
        matches!(self, Self::Return | Self::Cancel | Self::LegacyRestock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_status_is_stored_as_it_came_and_clipped() {
        assert_eq!(PaymentStatus::of("PARTIALLY_PAID"), PaymentStatus::PartiallyPaid);
        assert_eq!(FulfilmentStatus::of("partial"), FulfilmentStatus::PartiallyFulfilled);
        let unknown: PaymentStatus = serde_json::from_str("\"DUE_ON_MARS\"").unwrap();
        assert_eq!(unknown.as_str(), "due_on_mars");
        assert_eq!(serde_json::to_string(&unknown).unwrap(), "\"due_on_mars\"");
        assert_eq!(PaymentStatus::of(&"é".repeat(99)).as_str().len(), MAX_STATUS_LEN);
    }
}
