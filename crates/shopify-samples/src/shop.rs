//! The shop: everything about it follows from its domain.

use crate::draw::{DAY, id_named};
use crate::money::{self, Currency};
use crate::{Samples, draw};
use jiff::tz::Offset;
use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub(crate) struct Shop {
    pub(crate) domain: String,
    pub(crate) id: u64,
    pub(crate) home: &'static Home,
}

/// A tax, in millionths of what it is levied on.
#[derive(Debug)]
pub(crate) struct Tax {
    pub(crate) title: &'static str,
    pub(crate) ppm: i64,
}

impl Tax {
    /// As Shopify sends it: a float.
    pub(crate) fn rate(&self) -> f64 {
        self.ppm as f64 / 1e6
    }
}

/// Where a shop stands, and what follows from that.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) address1: &'static str,
    pub(crate) city: &'static str,
    pub(crate) zip: &'static str,
    pub(crate) province: Option<&'static str>,
    pub(crate) province_code: Option<&'static str>,
    pub(crate) country: &'static str,
    pub(crate) country_code: &'static str,
    timezone: &'static str,
    iana_timezone: &'static str,
    hours_from_utc: i8,
    pub(crate) currency: &'static Currency,
    pub(crate) taxes: &'static [Tax],
    pub(crate) taxes_included: bool,
}

/// Places without daylight saving time, so that their offset from UTC needs no tables.
static HOMES: [Home; 4] = [
    Home {
        address1: "12 Cactus Wren Lane",
        city: "Phoenix",
        zip: "85004",
        province: Some("Arizona"),
        province_code: Some("AZ"),
        country: "United States",
        country_code: "US",
        timezone: "(GMT-07:00) Arizona",
        iana_timezone: "America/Phoenix",
        hours_from_utc: -7,
        currency: &money::USD,
        taxes: &[Tax { title: "Arizona State Tax", ppm: 56_000 }, Tax { title: "Phoenix City Tax", ppm: 28_000 }],
        taxes_included: false,
    },
    Home {
        address1: "408 Wheatfield Road",
        city: "Regina",
        zip: "S4P 0A1",
        province: Some("Saskatchewan"),
        province_code: Some("SK"),
        country: "Canada",
        country_code: "CA",
        timezone: "(GMT-06:00) Saskatchewan",
        iana_timezone: "America/Regina",
        hours_from_utc: -6,
        currency: &money::CAD,
        taxes: &[Tax { title: "GST", ppm: 50_000 }, Tax { title: "PST", ppm: 60_000 }],
        taxes_included: false,
    },
    Home {
        address1: "7 Jacaranda Parade",
        city: "Brisbane",
        zip: "4000",
        province: Some("Queensland"),
        province_code: Some("QLD"),
        country: "Australia",
        country_code: "AU",
        timezone: "(GMT+10:00) Brisbane",
        iana_timezone: "Australia/Brisbane",
        hours_from_utc: 10,
        currency: &money::AUD,
        taxes: &[Tax { title: "GST", ppm: 100_000 }],
        taxes_included: true,
    },
    Home {
        address1: "21 Orchid Walk",
        city: "Singapore",
        zip: "018989",
        province: None,
        province_code: None,
        country: "Singapore",
        country_code: "SG",
        timezone: "(GMT+08:00) Singapore",
        iana_timezone: "Asia/Singapore",
        hours_from_utc: 8,
        currency: &money::SGD,
        taxes: &[Tax { title: "GST", ppm: 90_000 }],
        taxes_included: true,
    },
];

impl Shop {
    pub(crate) fn of(domain: &str) -> Self {
        let id = id_named(domain);
        Self { domain: domain.to_owned(), id, home: &HOMES[(id % HOMES.len() as u64) as usize] }
    }

    pub(crate) fn offset(&self) -> Offset {
        jiff::tz::offset(self.home.hours_from_utc)
    }

    /// The id of something that this shop has for good, such as an article it sells.
    pub(crate) fn id_of(&self, kind: &str, name: &str) -> u64 {
        id_named(&format!("{}/{kind}/{name}", self.domain))
    }

    pub(crate) fn location_id(&self) -> u64 {
        self.id_of("Location", "main")
    }

    /// `tulip-lab.myshopify.com` is called “Tulip Lab”.
    fn name(&self) -> String {
        let handle = self.domain.split('.').next().unwrap_or(&self.domain);
        let words = handle.split('-').filter(|word| !word.is_empty()).map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default() + letters.as_str()
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

/// `shop/update` and `app/uninstalled`: the shop as it is.
pub(crate) fn body(samples: &mut Samples) -> Value {
    let phone = samples.phone();
    let (created, updated) = (samples.ago(900 * DAY), samples.ago(0));
    let Samples { shop, .. } = samples;
    let home = shop.home;
    let with_code = format!("${{{{amount}}}} {}", home.currency.code);
    draw::joined([
        json!({
            "id": shop.id,
            "name": shop.name(),
            "email": "owner@example.com",
            "customer_email": "service@example.com",
            "shop_owner": "Ottilie Ånäs",
            "phone": phone,
            "domain": shop.domain,
            "myshopify_domain": shop.domain,
            "address1": home.address1,
            "address2": null,
            "city": home.city,
            "zip": home.zip,
            "province": home.province,
            "province_code": home.province_code,
            "country": home.country_code,
            "country_code": home.country_code,
            "country_name": home.country,
            "latitude": null,
            "longitude": null,
            "source": null,
            "primary_locale": "en",
            "primary_location_id": shop.location_id(),
            "created_at": created,
            "updated_at": updated,
            "timezone": home.timezone,
            "iana_timezone": home.iana_timezone,
            "currency": home.currency.code,
            "enabled_presentment_currencies": [home.currency.code, "EUR", "JPY"],
        }),
        json!({
            "money_format": "${{amount}}",
            "money_with_currency_format": with_code,
            "money_in_emails_format": "${{amount}}",
            "money_with_currency_in_emails_format": with_code,
            "weight_unit": "kg",
            "taxes_included": home.taxes_included,
            "auto_configure_tax_inclusivity": null,
            "tax_shipping": home.taxes_included,
            "county_taxes": true,
            "plan_display_name": "Advanced",
            "plan_name": "unlimited",
            "has_discounts": true,
            "has_gift_cards": true,
            "google_apps_domain": null,
            "google_apps_login_enabled": null,
            "eligible_for_payments": true,
            "requires_extra_payments_agreement": false,
            "password_enabled": false,
            "has_storefront": true,
            "finances": true,
            "checkout_api_supported": true,
            "multi_location_enabled": true,
            "setup_required": false,
            "pre_launch_enabled": false,
            "marketing_sms_consent_enabled_at_checkout": false,
            "transactional_sms_disabled": false,
        }),
    ])
}
