//! People and where they live.

use crate::Samples;
use crate::draw::{DAY, gid};
use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: u64,
    first_name: &'static str,
    last_name: &'static str,
    pub(crate) email: String,
    pub(crate) phone: Option<String>,
    pub(crate) locale: &'static str,
    pub(crate) home: Address,
    home_id: u64,
    note: Option<&'static str>,
    pub(crate) marketing: bool,
    /// How long ago, in seconds, the shop came to know this person.
    pub(crate) age: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Address {
    place: &'static Place,
    number: u32,
    address2: Option<&'static str>,
    company: Option<&'static str>,
    phone: String,
    located: bool,
}

#[derive(Debug)]
struct Place {
    street: &'static str,
    city: &'static str,
    zip: &'static str,
    province: Option<(&'static str, &'static str)>,
    country: (&'static str, &'static str),
    locale: &'static str,
    latitude: f64,
    longitude: f64,
}

static PLACES: [Place; 6] = [
    Place {
        street: "Larkspur Avenue",
        city: "Boise",
        zip: "83702",
        province: Some(("Idaho", "ID")),
        country: ("United States", "US"),
        locale: "en-US",
        latitude: 43.61871,
        longitude: -116.21462,
    },
    Place {
        street: "rue des Érables",
        city: "Québec",
        zip: "G1R 2J6",
        province: Some(("Quebec", "QC")),
        country: ("Canada", "CA"),
        locale: "fr-CA",
        latitude: 46.81228,
        longitude: -71.21454,
    },
    Place {
        street: "Große Bäckerstraße",
        city: "Köln",
        zip: "50667",
        province: None,
        country: ("Germany", "DE"),
        locale: "de-DE",
        latitude: 50.93631,
        longitude: 6.95284,
    },
    Place {
        street: "Wattle Tree Close",
        city: "Hobart",
        zip: "7000",
        province: Some(("Tasmania", "TAS")),
        country: ("Australia", "AU"),
        locale: "en-AU",
        latitude: -42.88214,
        longitude: 147.32719,
    },
    Place {
        street: "仲町通り",
        city: "松本市",
        zip: "390-0874",
        province: Some(("Nagano", "JP-20")),
        country: ("Japan", "JP"),
        locale: "ja-JP",
        latitude: 36.23413,
        longitude: 137.97061,
    },
    Place {
        street: "O'Dowd's Lane",
        city: "Galway",
        zip: "H91 AX01",
        province: Some(("Galway", "G")),
        country: ("Ireland", "IE"),
        locale: "en-IE",
        latitude: 53.27203,
        longitude: -9.05314,
    },
];

/// First name, last name, and how the two look in an e-mail address.
static NAMES: [(&str, &str, &str); 10] = [
    ("Marta", "Okafor", "marta.okafor"),
    ("Søren", "Ægidius", "soren.aegidius"),
    ("Zoë", "Nuñez-Brandt", "zoe.nunez"),
    ("Łucja", "Żak", "lucja.zak"),
    ("Aoife", "O'Shea", "aoife.oshea"),
    ("健", "小林", "ken.kobayashi"),
    ("Priya", "Raman", "priya.raman"),
    ("Tomás", "“Tomy” Ferreira", "tomas.ferreira"),
    ("ليلى", "حداد", "leila.haddad"),
    ("Dale", "Whitlock 🌻", "dale.whitlock"),
];

impl Samples {
    pub(crate) fn person(&mut self) -> Person {
        let (first_name, last_name, handle) = *self.pick(&NAMES);
        let home = self.address();
        Person {
            id: self.id(),
            first_name,
            last_name,
            email: format!("{handle}+{}@example.com", self.rng.u32(1..100_000)),
            phone: if self.one_in(2) { Some(self.phone()) } else { None },
            locale: home.place.locale,
            home,
            home_id: self.id(),
            note: if self.one_in(6) { self.note() } else { None },
            marketing: self.one_in(2),
            age: self.age(40 * DAY, 800 * DAY),
        }
    }

    pub(crate) fn address(&mut self) -> Address {
        Address {
            place: self.pick(&PLACES),
            number: self.rng.u32(1..300),
            address2: *self.pick(&[None, None, Some("Apt 4"), Some("2nd floor, left")]),
            company: *self.pick(&[None, None, None, Some("Pine & Sons \"Joinery\" Ltd")]),
            phone: self.phone(),
            located: self.one_in(2),
        }
    }
}

impl Person {
    fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// An address of an order: the person's name at this address.
    pub(crate) fn at(&self, address: &Address) -> Value {
        let place = address.place;
        json!({
            "first_name": self.first_name,
            "last_name": self.last_name,
            "name": self.name(),
            "company": address.company,
            "address1": address.line(),
            "address2": address.address2,
            "city": place.city,
            "zip": place.zip,
            "province": place.province.map(|(name, _)| name),
            "province_code": place.province.map(|(_, code)| code),
            "country": place.country.0,
            "country_code": place.country.1,
            "phone": address.phone,
            "latitude": address.located.then_some(place.latitude),
            "longitude": address.located.then_some(place.longitude),
        })
    }

    /// The `default_address` of a customer.
    pub(crate) fn default_address(&self) -> Value {
        let place = self.home.place;
        json!({
            "id": self.home_id,
            "customer_id": self.id,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "name": self.name(),
            "company": self.home.company,
            "address1": self.home.line(),
            "address2": self.home.address2,
            "city": place.city,
            "zip": place.zip,
            "province": place.province.map(|(name, _)| name),
            "province_code": place.province.map(|(_, code)| code),
            "country": place.country.0,
            "country_code": place.country.1,
            "country_name": place.country.0,
            "phone": self.home.phone,
            "default": true,
        })
    }

    /// The `customer` of an order.
    pub(crate) fn customer(&self, samples: &Samples) -> Value {
        json!({
            "id": self.id,
            "admin_graphql_api_id": gid("Customer", self.id),
            "created_at": samples.ago(self.age),
            "updated_at": samples.ago(0),
            "first_name": self.first_name,
            "last_name": self.last_name,
            "email": self.email,
            "phone": self.phone,
            "state": "disabled",
            "note": self.note,
            "verified_email": true,
            "multipass_identifier": null,
            "tax_exempt": false,
            "tax_exemptions": [],
            "currency": samples.shop.home.currency.code,
            "default_address": self.default_address(),
        })
    }
}

impl Address {
    fn line(&self) -> String {
        format!("{} {}", self.number, self.place.street)
    }
}
